"""What people write in a walk: right answers, the words of every talk, and what nobody foresaw."""

import random
from collections.abc import Mapping, Sequence

from conversations.understand.words import meanings
from tests.conversations.estates import DIGITS
from tests.stack import BORN_ON

BIRTH_DATE = f"{BORN_ON:%d/%m/%Y}"

PROOFS: Mapping[str, str] = {
    "identity.ask_birth_date": BIRTH_DATE,
    "appointments.ask_birth_date": BIRTH_DATE,
    "owner.ask_digits": DIGITS,
}
"""Who asks for a proof before anything, and the one that holds."""

ANSWERS: Mapping[str, Sequence[str]] = {
    "ask_name": ("Ada Obi", "Chidi Eze", "my name is Bisi Ade", "Ngozi"),
    "ask_birth_date": (BIRTH_DATE, "3 May 1985", "12/12/2020", "31/02/1990", "1990"),
    "ask_guardian": ("Bisi Obi", "Musa Bello"),
    "ask_guardian_birth_date": ("25/11/1970", "1/1/2020"),
    "ask_state": ("Lagos", "fct", "rivers", "lag"),
    "ask_comment": ("All went well", "The nurse was rude to my mother", "no", "skip"),
    "ask_unnamed": ("They shouted at us", "skip"),
    "ask_topics": ("1 3", "waiting time and billing", "the doctor never looked at my face at all"),
    "ask_rating": ("4", "five", "2 because they kept us waiting", "very good", "e no good"),
    "ask_overall": ("4", "1", "very good", "e no good"),
    "ask_quiet": ("from 9pm to 7am", "not before 9", "at night", "no quiet hours"),
    "ask_day": ("tomorrow", "friday morning", "8/12", "any day next week after 4", "asap"),
    "ask_time": ("3pm", "the earliest", "by 2", "after 4", "tomorrow 10am", "9"),
    "check": ("yes", "oya", "3pm", "no"),
    "check_move": ("yes", "oya", "3pm", "no"),
    "no_times": ("9/12", "friday"),
    "ask_patient": ("someone else", "PatientA", "for my son tomorrow"),
    "ask_digits": (DIGITS, "1234", f"012345{DIGITS}", "four three two one"),
    "ask_wrong": ("one day is missing", "the money no complete", "4"),
    "page": ("statement", "payout sept", "next page"),
}
"""What fits a question besides what it offers, by the state's own name."""

BANTER = (
    """
hi|thank you|ok|no|yes|oya|1|2|3|4|5|9|99|0123|any doctor|another time|another day|tomorrow 3pm
today|next tomorrow by 2|12/12|ikeja|wuse|someone else|eye|dental|i no fit come|change am|confirm
directions|go on|start over|why|very good|tell me when free|history|how do i get points|older
send a new code|give it back|explain|whatsapp|sms|all off|no messages at night|take back
payout oct|statement october|dispute|the amount is wrong|zuma|whole amount|as owner|my visits
book eye 8/12|book eye tomorrow 3pm|I wan see doctor next tomorrow by 2 for Ikeja|antenatal pls
4 because the doctor was kind|1 3|NGN 5,000|5k|0|00|+2348031234567|next page|next|{name}|%s
""".replace("\n", "|")
    .strip("|")
    .split("|")
)
COMMANDS = sorted(meanings("commands"))
"""The words that open something or work everywhere, in all five languages."""
STANDING = ("STOP", "start", "stop am", "menu", "0", "back", "help", "HELP ME", "person", "cancel")
LANGUAGES = ("english", "pidgin", "hausa", "yoruba", "igbo", "2")
DISTRESS = (
    "chest pain",
    "she no fit breathe",
    "my baby is not breathing",
    "I am bleeding and I dey pregnant",
    "the nurse was rude to my mother and she is bleeding",
)
FOREIGN = (
    "v1|0|yes",
    "v1|1|nonsense",
    "v1|999999999|yes",
    "v1|99999999999|yes",
    "v1||",
    "v2|1|yes",
    "|||",
    "v1|reminder|zz|confirm",
    "v1|survey|00000000-0000-0000-0000-000000000000|1",
    "v1|feedback|00000000-0000-0000-0000-000000000000|5",
    "v1|waitlist|00000000-0000-0000-0000-000000000000|take_it",
    "v1|reminder|00000000-0000-0000-0000-000000000000|cancel",
    "v1|1|" + "x" * 300,
    "\x00\n",
)
"""Payloads that none of our buttons has."""
MEDIA = ("image/jpeg", "audio/ogg", "application/pdf", "location")
_BLOCKS = ((32, 126), (0xA0, 0x17F), (0x300, 0x36F), (0x600, 0x6FF), (0x1E00, 0x1EFF))
_BLOCKS += ((0x2000, 0x206F), (0x4E00, 0x4E40), (0x1F300, 0x1F64F), (1, 31))
_ODD = (
    "",
    " ",
    "\n\n",
    "…",
    "١٢",
    "²",
    "½",
    "1\u20e3",
    "Ⅳ",
    "\u202e3pm",
    "\ufeffyes",
    "👍🏾",
    "e\u0301" * 30,
    "{0}{state}",
    "'; drop table messages; --",
    "<b>yes</b>",
    "0" * 400,
    "31/12/9999",
    "29/02/2027",
    "00/00/0000",
    "1e400",
    "-1",
    "25:99",
    "99999999999999999999",
    "tomorrow " * 60,
)

WAYS: Mapping[str, Sequence[str]] = {
    "appointments": ("my appointments", "i wan change my appointment", "my next visit"),
    "booking": (
        "book",
        "book eye 8/12",
        "book eye tomorrow 3pm",
        "book dental friday",
        "i wan book",
    ),
    "codes": ("my codes",),
    "distress": DISTRESS,
    "feedback": ("feedback", "i want to complain"),
    "identity": ("points", "rewards", "my codes", "invite a friend", "preferences", "my data"),
    "invite": ("invite a friend", "refer"),
    "menu": ("menu",),
    "owner": ("bal", "payout", "payout oct", "statement", "contract", "dispute", "menu"),
    "person": ("person", "agent", "talk to a person"),
    "place": ("waiting list",),
    "points": ("points", "how many points do i have"),
    "preferences": ("preferences", "settings", "dont text me at night"),
    "privacy": ("my data", "erase me", "delete all my data"),
    "registration": ("hi", "book eye tomorrow", "hello o", "i want to see a doctor"),
    "rewards": ("rewards", "use my points"),
    "sides": ("menu",),
    "why": ("why", "why did i get this"),
}
"""Words that lead into each talk that words lead into."""


def unforeseen(chance: random.Random) -> str:
    """Characters of any script, something odd, or far too much."""
    kind = chance.random()
    if kind < 0.3:
        return chance.choice(_ODD)
    if kind < 0.4:
        return (chance.choice(BANTER) + " ") * chance.randint(50, 400)
    if kind < 0.6:
        return " ".join(chance.choice(BANTER) for _ in range(chance.randint(2, 12)))
    letters = (chr(chance.randint(*chance.choice(_BLOCKS))) for _ in range(chance.randint(1, 60)))
    return "".join(letters)


def misspelt(chance: random.Random, words: str) -> str:
    """The words with one slip."""
    if len(words) < 3:
        return words
    at = chance.randrange(len(words) - 1)
    return chance.choice((words[:at] + words[at + 1 :], words[:at] + words[at] + words[at:]))
