"""What the waiting list asks of the house."""

from contextlib import suppress
from datetime import date, time
from operator import ge, gt
from typing import Any
from uuid import UUID

from conversations.desk import Answers, Desk, Outcome
from crm import appointments, waitlist
from crm.appointments import SlotTaken
from crm.kit.clock import lagos_day
from crm.kit.errors import DomainError
from crm.kit.permissions import Actor, Kind, Role
from crm.models import (
    AppointmentStatus,
    DayPart,
    Hospital,
    OfferStatus,
    Patient,
    WaitlistEntry,
    WaitlistOffer,
    WaitStatus,
)
from crm.waitlist import AlreadyWaiting, OfferOver, Wish

_LIST = 5
_NOON, _FOUR = time(12), time(16)


def join(desk: Desk, answers: Answers) -> Outcome:
    """Keep what they asked for: the days, the hours, the practitioner."""
    meant = answers.pop("when", None) or {}
    patient = desk.session.get_one(Patient, UUID(answers["patient"]))
    wish = Wish(
        patient_id=patient.id,
        service_id=UUID(answers["service"]),
        practitioner_id=_id(answers.get("practitioner")),
        moving_id=_id(answers.get("moving")),
        parts=_parts(meant),
        earliest_on=_day(meant.get("first")),
        latest_on=_day(meant.get("last")),
        source=desk.channel.value,
    )
    try:
        with desk.session.begin_nested():
            entry = waitlist.join(desk.session, wish, by=_self(patient), now=desk.now)
    except AlreadyWaiting:
        found = waitlist.waiting(desk.session, [patient.id])
        return "waiting", _as_place(desk, next(e for e in found if e.service_id == wish.service_id))
    except DomainError:
        return "refused", None
    return "joined", _as_place(desk, entry)


def find_offer(desk: Desk, answers: Answers) -> Outcome:
    """The time that was offered, as it stands now."""
    offer = desk.session.get(WaitlistOffer, UUID(answers["about"]))
    if offer is None:
        return "not_waiting", None
    entry = desk.session.get_one(WaitlistEntry, offer.entry_id)
    if entry.patient_id not in _held(desk):
        return "not_waiting", None
    known = _as_offer(desk, offer, entry)
    if offer.status is OfferStatus.ACCEPTED and offer.appointment_id:
        visit = appointments.view(desk.session, offer.appointment_id)
        kept = {"reference": visit.reference, "number": visit.queue_number} if visit else {}
        return "accepted", known | kept
    if entry.status is not WaitStatus.WAITING:
        return "not_waiting", None
    if offer.status is OfferStatus.LOST:
        return "lost", known
    is_open = offer.status is OfferStatus.LIVE and offer.expires_at > desk.now
    return ("offered" if is_open else "over"), known


def accept(desk: Desk, answers: Answers) -> Outcome:
    """Book the time, or bring a later visit forward, unless somebody was quicker."""
    is_move = _has_a_visit_to_move(desk, answers)
    try:
        with desk.session.begin_nested():
            booked = waitlist.accept(
                desk.session,
                UUID(answers["about"]),
                source=desk.channel.value,
                now=desk.now,
            )
    except (SlotTaken, OfferOver):
        return "taken", None
    except DomainError:
        return "refused", None
    kept = {"reference": booked.reference, "number": booked.queue_number}
    return ("moved" if is_move else "booked"), kept


def pass_on(desk: Desk, answers: Answers) -> Outcome:
    """Leave the time to the next one in the line."""
    with suppress(OfferOver):
        waitlist.pass_on(desk.session, UUID(answers["about"]), now=desk.now)
    return "passed", None


def find_places(desk: Desk, answers: Answers) -> Outcome:
    """Where the patient stands in the line."""
    entries = waitlist.waiting(desk.session, [UUID(answers["patient"])])
    places = [_as_place(desk, entry) for entry in entries]
    if not places:
        return "none", None
    return ("one", places[0]) if len(places) == 1 else ("several", places[:_LIST])


def leave_list(desk: Desk, answers: Answers) -> Outcome:
    """Wait no longer."""
    entry = desk.session.get_one(WaitlistEntry, UUID(answers["in_line"]["id"]))
    patient = desk.session.get_one(Patient, entry.patient_id)
    try:
        waitlist.leave(desk.session, entry.id, by=_self(patient), now=desk.now)
    except DomainError:
        return "not_waiting", None
    return "left", None


def _has_a_visit_to_move(desk: Desk, answers: Answers) -> bool:
    offer = desk.session.get_one(WaitlistOffer, UUID(answers["about"]))
    entry = desk.session.get_one(WaitlistEntry, offer.entry_id)
    visit = entry.moving_id and appointments.view(desk.session, entry.moving_id)
    return bool(visit and visit.status is AppointmentStatus.BOOKED)


def _held(desk: Desk) -> set[UUID]:
    return {patient.id for patient, _ in desk.held()}


def _self(patient: Patient) -> Actor:
    return Actor(Kind.PATIENT, patient.id, patient.first_name, ((Role.PATIENT, None),))


def _as_offer(desk: Desk, offer: WaitlistOffer, entry: WaitlistEntry) -> dict[str, str]:
    return _names(desk, entry) | {"starts_at": offer.starts_at.isoformat()}


def _as_place(desk: Desk, entry: WaitlistEntry) -> dict[str, Any]:
    return _names(desk, entry) | {
        "id": str(entry.id),
        "rank": waitlist.rank(desk.session, entry),
        "since": lagos_day(entry.created_at).isoformat(),
        "wish": {
            "first": entry.earliest_on.isoformat(),
            "last": entry.latest_on.isoformat(),
        },
    }


def _names(desk: Desk, entry: WaitlistEntry) -> dict[str, str]:
    patient = desk.session.get_one(Patient, entry.patient_id)
    hospital = desk.session.get_one(Hospital, entry.hospital_id)
    return {"first_name": patient.first_name, "hospital": hospital.name}


def _parts(meant: dict[str, str | None]) -> list[DayPart]:
    """The parts of the day that hold the hours they named; none named is any."""
    at = meant.get("at")
    since, until = meant.get("earliest") or at, meant.get("latest") or at
    if not since and not until:
        return []
    first, last = time.fromisoformat(since or "00:00"), time.fromisoformat(until or "23:59")
    begins = {DayPart.MORNING: time(0), DayPart.AFTERNOON: _NOON, DayPart.EVENING: _FOUR}
    ends = {DayPart.MORNING: _NOON, DayPart.AFTERNOON: _FOUR, DayPart.EVENING: time.max}
    reaches = ge if at else gt  # "until 12" ends before noon, "at 12" is noon
    return [part for part in DayPart if first < ends[part] and reaches(last, begins[part])]


def _day(iso: str | None) -> date | None:
    return date.fromisoformat(iso) if iso else None


def _id(text: str | None) -> UUID | None:
    return UUID(text) if text else None
