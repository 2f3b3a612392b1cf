"""The longest words that a talk may have to say, and every talk saying them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from bot.channels.capabilities import numbered
from bot.channels.carrier import Channel, Option
from bot.texts import (
    NAMES,
    dates,
    keys,
    knows,
    say,
)
from conversations.dialogue import Dialogue
from conversations.dialogues import DIALOGUES
from crm.appointments import refusals
from crm.kit.errors import DomainError

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
