"""Why a patient comes and what staff note for each other: sealed, opened for those who may read."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from crm.appointments import points
from crm.kit.crypto import Vault
from crm.models import Appointment

REASON, NOTES = "appointments.reason", "appointments.notes"


def keep(
    session: Session, visit: Appointment, *, reason: str | None = None, notes: str | None = None
) -> None:
    """Write down what was said; what is None stays, what is empty goes."""
    vault: Vault = session.info["vault"]
    if reason is not None:
        visit.reason_sealed = vault.seal(reason, where=REASON, row=visit.id) if reason else None
    if notes is not None:
        visit.notes_sealed = vault.seal(notes, where=NOTES, row=visit.id) if notes else None
    session.flush()


@dataclass(frozen=True, slots=True)
class Said:
    """What was said of a visit, opened, and the points its booking earned."""

    reason: str | None
    notes: str | None
    points: int


def said_of(session: Session, appointment_id: UUID) -> Said:
    """Why the patient comes, what staff noted, and the points; for whoever may read them."""
    visit = session.get_one(Appointment, appointment_id)
    return Said(reason(session, visit), notes(session, visit), points.earned(session, visit))


def note(
    session: Session,
    visit: Appointment,
    *,
    reason: str | None = None,
    notes: str | None = None,
    now: datetime,
) -> None:
    """Change what was said of a locked visit; what is None stays, what is empty goes."""
    keep(session, visit, reason=reason, notes=notes)
    visit.revision, visit.updated_at = visit.revision + 1, now
    session.flush()


def reason(session: Session, visit: Appointment) -> str | None:
    """Why the patient comes, opened."""
    return _open(session, visit, visit.reason_sealed, REASON)


def notes(session: Session, visit: Appointment) -> str | None:
    """What staff noted, opened."""
    return _open(session, visit, visit.notes_sealed, NOTES)


def hand_on(session: Session, old: Appointment, new_id: UUID) -> None:
    """A moved visit keeps what was said of it, sealed anew for its own row."""
    if old.reason_sealed is None and old.notes_sealed is None:
        return
    new = session.get_one(Appointment, new_id)
    keep(session, new, reason=reason(session, old), notes=notes(session, old))


def _open(session: Session, visit: Appointment, sealed: bytes | None, where: str) -> str | None:
    vault: Vault = session.info["vault"]
    return None if sealed is None else vault.open(sealed, where=where, row=visit.id)
