"""Telling patients what became of a visit when somebody else booked, moved or cancelled it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from bot.channels.carrier import Channel
from bot.texts import dates, say, spoken_to
from crm import outbox, patients
from crm.appointments.visits import Visit
from crm.models import Lane, Patient, Purpose
from crm.outbox import Template

_CHATTED = frozenset({Channel.WHATSAPP, Channel.SMS})
_ALWAYS = ("first_name", "when", "place", "phone")
SAID: dict[str, tuple[str, ...]] = {
    "booked": (*_ALWAYS, "reference", "calendar"),
    "booked_session": (*_ALWAYS, "number", "reference", "calendar"),
    "moved": (*_ALWAYS, "reference", "calendar"),
    "moved_session": (*_ALWAYS, "number", "reference", "calendar"),
    "cancelled": _ALWAYS,
}
"""What each text says, in the order of its template's variables."""


def template_name(key: str, language: str) -> str:
    """The name of the approved template with the words of this text."""
    return f"visit_{key}_{language}"


def tell_booked(session: Session, visit: Visit, *, calendar: str, now: datetime) -> UUID | None:
    """Confirm a booking or a move to the patient; None for one who cannot be reached.

    Names first name, place, day and time; never service, doctor or reason. `calendar` is the
    link to the visit's file. Returns the message's id.
    """
    key = "moved" if visit.moves else "booked"
    facts = {"reference": visit.reference, "calendar": calendar}
    if visit.queue_number is not None:
        key, facts = f"{key}_session", {"number": str(visit.queue_number)} | facts
    return _tell(session, visit, key, facts, now=now)


def tell_cancelled(session: Session, visit: Visit, *, now: datetime) -> UUID | None:
    """Tell the patient that the visit will not take place; None for one who cannot be reached."""
    return _tell(session, visit, "cancelled", {}, now=now)


def _tell(
    session: Session, visit: Visit, key: str, facts: dict[str, str], *, now: datetime
) -> UUID | None:
    address = patients.best_address(session, visit.patient_id)
    if address is None or address.channel not in _CHATTED or visit.starts_at <= now:
        return None
    language = spoken_to(session.get_one(Patient, visit.patient_id).language)
    said = {
        "first_name": visit.patient_first_name,
        "when": dates.moment(visit.starts_at, language),
        "place": visit.hospital,
        "phone": visit.hospital_phone,
    } | facts
    return outbox.post(
        session,
        address_id=address.id,
        channel=address.channel,
        text=say("visit", key, language, address.channel, **said),
        purpose=Purpose.NOTICE,
        lane=Lane.UTILITY,
        template=Template(template_name(key, language), tuple(said[fact] for fact in SAID[key])),
        patient_id=visit.patient_id,
        about_id=visit.id,
        expires_at=visit.starts_at,
        now=now,
    )
