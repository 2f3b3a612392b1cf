"""The talk that every contact of a benchmark has: met, registered, booked, looked up, lost, found.

The words are those of the transcripts in the tests. Each contact is given a time of its own to
book, as its wish, so that ten thousand talks fill the calendars as they would in a year.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from crm import availability, hospitals
from crm.kit.clock import lagos, lagos_day
from crm.models import Hospital, Service
from crm.slots import DAY

Form = dict[str, str]
"""What the carrier posts."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A free time that one contact will book."""

    hospital: str
    service: str
    starts_at: datetime
    has_choice: bool
    """Several practitioners offer it, so the talk asks with whom."""

    @property
    def words(self) -> str:
        """The time as people write it."""
        return f"{lagos(self.starts_at):%d/%m/%Y %H:%M}"


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a contact: what kind of turn it is, and its form."""

    kind: str
    form: Form


def wishes(session: Session, *, now: datetime) -> list[Wish]:
    """Every time that can be booked from tomorrow on, the soonest of all clinics first."""
    found = []
    for hospital in hospitals.active(session):
        for service in hospitals.services(session, hospital.id):
            found += _of(session, hospital, service, now)
    return sorted(found, key=lambda wish: wish.starts_at)


def _of(session: Session, hospital: Hospital, service: Service, now: datetime) -> Iterator[Wish]:
    tomorrow = lagos_day(now) + DAY
    has_choice = len(hospitals.practitioners(session, service.id)) > 1
    last = tomorrow + service.horizon_days * DAY
    place = hospital.name.removeprefix("GrandPro ")
    for slot in availability.free_slots(session, service, first=tomorrow, last=last, now=now):
        yield Wish(place, service.name, slot.starts_at, has_choice)


def talk(number: str, wish: Wish, *, on_whatsapp: bool) -> list[Turn]:
    """One contact's messages in their order."""
    steps = [step for step in _steps(wish) if step[0] != "with whom" or wish.has_choice]
    return [
        Turn(kind, form(number, position, words, on_whatsapp=on_whatsapp))
        for position, (kind, words) in enumerate(steps)
    ]


def _steps(wish: Wish) -> list[tuple[str, str]]:
    return [
        ("first word", "hello"),
        ("language", "1"),
        ("consent", "yes"),
        ("name", "Ada Ngozi Obi"),
        ("birth date", "25/11/1990"),
        ("state", "Lagos"),
        ("hospital", wish.hospital),
        ("register", "no"),
        ("book", "I want to book a visit"),
        ("service", wish.service),
        ("with whom", "any doctor"),
        ("not understood", "hmm let me think about that one"),
        ("time, held", wish.words),
        ("booked", "yes"),
        ("appointments", "my appointments"),
        ("directions", "4"),
        ("menu", "menu"),
    ]


def form(number: str, position: int, words: str, *, on_whatsapp: bool = True) -> Form:
    """One message as the carrier posts it, with all that it says besides."""
    prefix = "whatsapp:" if on_whatsapp else ""
    sid = f"SM{UUID(int=int(number[1:]) * 1000 + position).hex}"
    said = {
        "MessageSid": sid,
        "SmsMessageSid": sid,
        "SmsSid": sid,
        "AccountSid": "AC" + "de" * 16,
        "MessagingServiceSid": "MG" + "de" * 16,
        "From": f"{prefix}{number}",
        "To": f"{prefix}+12025550102",
        "Body": words,
        "NumMedia": "0",
        "NumSegments": "1",
        "SmsStatus": "received",
        "ApiVersion": "2010-04-01",
    }
    return said | ({"ProfileName": "Ada", "WaId": number[1:]} if on_whatsapp else {})


def interleaved(talks: list[list[Turn]], at_once: int) -> list[Turn]:
    """All turns, as when `at_once` people talk at the same time: each waits for its answer."""
    groups = [talks[start : start + at_once] for start in range(0, len(talks), at_once)]
    return [turn for group in groups for turn in _by_position(group)]


def _by_position(group: list[list[Turn]]) -> Iterator[Turn]:
    for position in range(max(map(len, group))):
        yield from (turns[position] for turns in group if position < len(turns))
