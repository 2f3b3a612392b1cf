"""Every talk has its words, in every language, and they fit the channels they travel on."""

import inspect
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot import texts
from bot.channels.capabilities import numbered
from bot.channels.carrier import Channel, Option
from bot.channels.content import LONGEST_BODY, LONGEST_BUTTON, LONGEST_ROW, MOST_BUTTONS
from bot.channels.segments import GSM, count, gsm
from bot.texts import (
    AWAIT_REVIEW,
    FIRST,
    NAMES,
    dates,
    keys,
    knows,
    placeholders,
    say,
    spoken,
    written,
)
from conversations.desk import booking as booking_desk
from conversations.dialogue import Dialogue
from conversations.dialogues import DIALOGUES
from conversations.routing import _INTERRUPTIONS
from crm.appointments import refusals
from crm.kit.errors import DomainError
from crm.models import Hospital, Practitioner, Service

MOST_SEGMENTS = 3
LONGER_SMS = {
    "appointments.ask_which": "nine visits of a family, each with its day, name and hospital",
}
"""What may take more parts, and why."""

NOW = datetime(2026, 9, 29, 9, 0, tzinfo=UTC)
VISIT = {
    "starts_at": (NOW + timedelta(days=1, minutes=45)).isoformat(),
    "hospital": "GrandPro Port Harcourt",
    "patient": "Oluwafunmilayo",
    "reference": "PHC-WXYZ9",
    "number": 112,
}
PAYOUT = {
    "period": "September 2026",
    "hospital": "GrandPro Port Harcourt",
    "net": "NGN 123,456,789.50",
    "reference": "PO2609-TDCNF5TK",
}
SLOT = [VISIT["starts_at"], VISIT["starts_at"], "Dr Oluwaseun Adebayo-Williams", "0"]
FACTS = {
    **{name: VISIT[name] for name in ("hospital", "patient", "reference")},
    "first_name": "Oluwafunmilayo",
    "service": "General consultation",
    "day": "tomorrow, Wed 30 Sep",
    "time": "12:45pm",
    "when": "Wed 30 Sep, 12:45pm (number 112 in the queue)",
    "place": "GrandPro Port Harcourt",
    "address": "Plot 1278B, Adeola Odeku Extension, Victoria Island, Lagos",
    "phone": "+234 914 000 0300",
    "map": "https://maps.app.goo.gl/x8YqC3b5kQ2hN7wZ9",
    "calendar": f"https://bot.grandpro.example/calendar/{'0' * 32}.{'x' * 43}.ics",
    "tries": 2,
    "opens": "08:00",
    "what": "looking at your visits",
    "channel": "WhatsApp",
    "last4": "0012",
    "code": "123456",
    "number": "112",
    "period": "September 2026",
    "net": "NGN 123,456,789.50",
    **dict.fromkeys(("sum", "paid", "fixed", "limit"), "NGN 123,456,789.50"),
    "status": "not taken by the bank, we try again",
    "rate": "12.5%",
    "basis": "received",
    "tiers": "10% up to NGN 5,000,000.00, 8% up to NGN 10,000,000.00, 5% above that",
    "share": "NGN 1,000,000.00 a month and 12.5% of the revenue received",
    "last": "30 Sep 2028",
    "link": f"https://bot.grandpro.example/statements/{'0' * 32}-6b07dfc4.{'x' * 43}.pdf",
    "page": "x" * 390,
    "points": "123,450",
    **dict.fromkeys(("cost", "left", "missing", "welcome"), "123,450"),
    **dict.fromkeys(("tier", "next_tier"), "Platinum"),
    "reward": "A free consultation",
    "voucher": "7K2PM-9QX4T-R",
    "about": "One visit to any doctor without paying at the desk. " * 3,
    "until": "31 Dec 2027",
    "state": "waits for approval, until 31 Dec 2027",
    "referral": "7K2PM9QX",
    **dict.fromkeys(("came", "rewarded"), 12),
    "lines": "\n".join(["30 Sep 2025: -123,450 reward given back"] * 6),
    "sums": "\n".join(["+123,450 reward given back: NGN 123,450"] * 6),
    "ends": "\n".join(["123,450: 31 Dec 2027"] * 3),
    "on": "Reminders, Feedback, News and offers, News of my points",
    "language": "English",
    "offered": "English, Pidgin, Hausa, Yorùbá",
    "quiet": "Quiet from 9:30pm to 7:30am",
    "kept": "visits 120, payments 120, feedback answers 12, movements of points 1,200, messages 99",
    "file": f"https://bot.grandpro.example/my-data/{'0' * 32}-{'0' * 32}-6b07dfc4.{'x' * 43}",
    "request": "for no more marketing",
    "score": 5,
    "rank": 12,
    "since": "Wed 30 Sep",
    "days": "Wed 30 Sep - Thu 29 Oct",
}
"""As long as they come in real life."""
ABOUT = ("about_visits", "about_feedback", "about_news", "about_points")
LINE = {
    "first_name": FACTS["first_name"],
    "hospital": FACTS["hospital"],
    "since": "2026-09-30",
    "rank": 12,
    "wish": {"first": "2026-09-30", "last": "2026-10-29"},
}
REWARD = {
    "id": "0",
    "name": "A free consultation",
    "cost": 123_450,
    "missing": 12_345,
    "tier": "",
    "description": FACTS["about"],
    "until": "2027-12-31",
    "place": FACTS["place"],
}
CODE = {
    "id": "0",
    "last4": "7K2P",
    "reward": "A free consultation",
    "points": 123_450,
    "status": "pending",
    "day": "2027-12-31",
}
REQUEST = {
    "kind": "erase",
    "status": "open",
    "asked_at": VISIT["starts_at"],
    "due_on": "2027-01-31",
}
ANSWERS = {
    **FACTS,
    "movements": [["2025-09-30", -123_450, "refund"]] * 6,
    "sources": {"points": 123_450, "sums": [["refund", 123_450]], "ends": [[1, "2027-12-31"]]},
    "rewards": [REWARD] * 12,
    "codes": [CODE] * 5,
    "chosen": REWARD | CODE,
    **dict.fromkeys(("points", "left", "mine", "theirs"), 123_450),
    "purposes": dict.fromkeys(("reminders", "feedback", "marketing", "loyalty"), True),
    "channels": ["whatsapp", "sms", "email"],
    "channel": "whatsapp",
    "quiet": ["21:30", "07:30"],
    "is_stopped": False,
    "kept": {"messages": 1_200},
    "requests": [REQUEST] * 5,
    "request": REQUEST,
    "until": VISIT["starts_at"],
    "languages": list(NAMES),
    "patients": [[str(n), FACTS["first_name"]] for n in range(5)],
    "hospitals": [[str(n), FACTS["hospital"], "27 Aminu Kano Crescent, Abuja"] for n in range(4)],
    "services": [[str(n), FACTS["service"]] for n in range(7)],
    "practitioners": [[str(n), "Dr Babatunde Adeyemi"] for n in range(12)],
    "free_days": [[f"2026-09-2{n}", 9] for n in range(1, 8)],
    "slots": [SLOT] * 8,
    "slot": SLOT,
    "visit": VISIT,
    "visits": [VISIT] * 9,
    "payout": PAYOUT,
    "payouts": [PAYOUT] * 6,
    "payout_lines": [["Repairs of the theatre roof", FACTS["net"]]] * 6,
    "pages": [FACTS["page"]] * 2,
    "at": 0,
    "owners": [["1", "Zuma Rock Holdings Ltd"]] * 3,
    "is_patient": True,
    "rating": 1,
    "is_full": True,
    "lines": [LINE] * 5,
    "in_line": LINE,
    "day": "2026-09-30",
    "hospital_name": FACTS["hospital"],
    "service_name": FACTS["service"],
    "patient_name": FACTS["patient"],
}

each_talk = pytest.mark.parametrize("talk", DIALOGUES.values(), ids=DIALOGUES)
each_language = pytest.mark.parametrize("language", sorted(written()))


@pytest.fixture(autouse=True)
def _every_language() -> Iterator[None]:
    """Every language there are texts in is spoken, also one that awaits its reviewer."""
    before = spoken()
    texts.offer(written())
    yield
    texts.offer(before)


# -- every key ------------------------------------------------------------------------------------


def test_every_language_says_the_same_things_with_the_same_facts():
    assert texts.faults() == []


@pytest.mark.parametrize("language", sorted(AWAIT_REVIEW & written()))
def test_what_awaits_a_reviewer_says_so(language):
    head = (Path(texts.__file__).parent / f"{language}.toml").read_text("utf-8").splitlines()[0]
    assert "Awaits a native reviewer" in head


def test_a_text_missing_in_a_language_that_awaits_review_is_said_in_english():
    first = {("menu", "ask"): {"text": "What?"}, ("menu", "again"): {"text": "{what} again"}}
    book = {("menu", "ask"): {"text": "Me?"}, ("menu", "again"): {"text": "{me} kuma"}}
    assert texts._completed({}, first) == first
    assert texts._completed(book, first) == first | {("menu", "ask"): {"text": "Me?"}}


def test_a_text_of_one_channel_wants_no_other_facts_than_the_text():
    strange = [
        f"{language} [{section}] {key} {channel}"
        for language, section, key, wording in keys()
        for channel, text in wording.items()
        if channel not in {"text", *Channel}
        or not placeholders(text) <= placeholders(wording["text"])
    ]
    assert not strange


@each_talk
def test_every_state_that_speaks_has_its_words(talk: type[Dialogue]):
    silent = [state for state in speaking(talk) if not knows(talk.name, state)]
    assert not silent


@each_talk
def test_every_question_can_be_put_in_other_words(talk: type[Dialogue]):
    asked_again = {at for at, hears, *_, then in talk.script if hears == "anything" and at == then}
    # With a person no question is asked: each word is noted.
    silent = [
        q for q in asked_again if talk.name != "person" and not knows(talk.name, f"{q}_again")
    ]
    assert not silent


@each_talk
def test_every_text_of_a_talk_gets_the_facts_it_wants(talk: type[Dialogue]):
    for state in speaking(talk):
        at = talk(state, dict(ANSWERS), NOW)
        for key in filter(lambda key: knows(talk.name, key), (state, f"{state}_again")):
            assert say(talk.name, key, FIRST, Channel.SMS, **at.facts())


@each_talk
def test_every_note_has_its_words(talk: type[Dialogue]):
    said = set(re.findall(r'self\.note\("(\w+)"', inspect.getsource(talk)))
    if talk.name == "booking":
        said |= set(re.findall(r'"?why"?[=:] ?"(\w+)"', inspect.getsource(booking_desk)))
        said |= {code for code in refusal_codes() if not code_is_answered(code)}
    assert not [key for key in said if not knows(talk.name, key)]


def test_every_talk_that_can_be_left_alone_has_a_name_to_come_back_to():
    short = {"menu", "language", "person", *_INTERRUPTIONS}
    assert not [name for name in DIALOGUES.keys() - short if not knows("resume", f"what_{name}")]


@each_talk
def test_every_option_has_a_label(talk: type[Dialogue]):
    for state in talk.offers:
        for option in offered(talk, state, FIRST):
            assert option.label, f"{talk.name}.{state}: {option.id}"


# -- they fit -------------------------------------------------------------------------------------


@each_language
@each_talk
def test_every_fixed_label_fits_its_button_or_row(talk: type[Dialogue], language):
    for state in talk.offers:
        shown = offered(talk, state, language)
        room = LONGEST_BUTTON if len(shown) <= MOST_BUTTONS else LONGEST_ROW
        assert not [o.label for o in shown if fixed(o, language) and len(o.label) > room], state


@each_language
def test_reminder_buttons_and_the_word_that_opens_a_list_fit_a_button(language):
    for key in ("confirm", "move", "cancel", "choose"):
        assert len(say("options", key, language, Channel.WHATSAPP)) <= LONGEST_BUTTON


@pytest.mark.parametrize("kind", [Hospital, Service, Practitioner])
def test_what_the_demo_calls_its_places_and_people_fits_a_row(session, kind):
    names = session.scalars(select(kind.name)).all()
    assert names
    assert not [name for name in names if len(name) > LONGEST_ROW]


@each_talk
def test_no_question_offers_more_than_one_digit_can_answer(talk: type[Dialogue]):
    for state in talk.offers:
        assert len(offered(talk, state, FIRST)) <= 9, state


def test_every_text_with_its_options_fits_a_whatsapp_message():
    long = [name for name, text in filled(Channel.WHATSAPP) if len(text) > LONGEST_BODY]
    assert not long


def test_every_text_with_its_options_fits_three_parts_of_a_text_message():
    parts = [(name, count(gsm(text)).segments) for name, text in filled(Channel.SMS)]
    assert {name for name, n in parts if n > MOST_SEGMENTS} == set(LONGER_SMS)


def test_every_text_message_can_be_written_in_the_letters_of_text_messages():
    for name, text in filled(Channel.SMS):
        plain = gsm(text)
        assert GSM.issuperset(plain), name
        assert plain.count("?") == text.count("?"), f"{name} has a letter that was lost"


def test_no_text_message_asks_for_a_word_that_the_carrier_takes_for_itself():
    """STOP and START are meant; the others would silence us, or be answered by the carrier."""
    asks = re.compile(
        r"\b(CANCEL|END|QUIT|YES|UNSUBSCRIBE)\b|(?i:\b(?:send|reply|type|text|answer)\W+(?:with\W+)?"
        r"(?:cancel|end|quit|yes)\b)"
    )
    assert not [name for name, text in filled(Channel.SMS) if asks.search(text)]


# -- helpers --------------------------------------------------------------------------------------


def speaking(talk: type[Dialogue]) -> list[str]:
    """The states whose text is sent: questions to the person and ends."""
    states = dict.fromkeys(state for at, *_, then in talk.script for state in (at, then))
    return [s for s in states if s not in {"start", *talk.house, *talk.leads_to}]


def offered(talk: type[Dialogue], state: str, language: str) -> list[Option]:
    """What is shown at a question, in a full house."""
    options = talk(state, dict(ANSWERS), NOW, language).options()
    return [o if o.label else Option(o.id, label(o.id, language), o.description) for o in options]


def label(id_: str, language: str) -> str:
    return say("options", id_, language, Channel.WHATSAPP) if knows("options", id_) else ""


def fixed(option: Option, language: str) -> bool:
    return option.label == label(option.id, language)


def filled(channel: Channel) -> Iterator[tuple[str, str]]:
    """Every text of every language as a person would read it."""
    for language, section, key, _ in keys():
        text = say(section, key, language, channel, **FACTS | facts_of(language))
        yield (
            f"{section}.{key.removesuffix('_again')}",
            numbered(text, shown_with(section, key, language)),
        )


def facts_of(language: str) -> dict[str, str]:
    """The facts that are words themselves, in this language."""
    slot = datetime.fromisoformat(VISIT["starts_at"])
    return {
        "day": dates.near_day(slot.date(), NOW, language),
        "when": dates.moment(slot, language),
        "days": f"{dates.day(slot.date(), language)} - {dates.day(slot.date(), language)}",
        "state": said("codes", "is_pending", language, day="31 Dec 2027"),
        "status": said("owner", "status_failed", language),
        "request": said("privacy", "to_object", language),
        "lines": "\n".join([f"30 Sep 2025: -123,450 {said('points', 'of_refund', language)}"] * 6),
        "sums": "\n".join([f"+123,450 {said('points', 'of_refund', language)}"] * 7),
        "what": said("resume", "what_feedback", language),
        "quiet": said("preferences", "is_quiet", language, since="9:30pm", until="7:30am"),
        "on": ", ".join(label(id_, language) for id_ in ABOUT),
    }


def said(section: str, key: str, language: str, **facts: str) -> str:
    return say(section, key, language, Channel.WHATSAPP, **facts)


def shown_with(section: str, key: str, language: str) -> list[Option]:
    if (section, key) in {("reminder", "day_before"), ("reminder", "same_day")}:
        return [Option(id_, label(id_, language)) for id_ in ("confirm", "move", "cancel")]
    talk, state = DIALOGUES.get(section), key.removesuffix("_again")
    return offered(talk, state, language) if talk and state in talk.offers else []


def refusal_codes() -> set[str]:
    kinds = vars(refusals).values()
    return {k.code for k in kinds if isinstance(k, type) and issubclass(k, DomainError)} - {
        "refused"
    }


def code_is_answered(code: str) -> bool:
    """These have answers of their own: other times, or another day."""
    return code in {"slot_taken", "not_bookable", "patient_busy"}
