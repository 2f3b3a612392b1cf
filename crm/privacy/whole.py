"""Who may act on a whole person: exporting, merging and erasing reach into every table."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.kit.errors import Denied, Locked
from crm.kit.permissions import Scope
from crm.models import Patient
from crm.privacy.places import places


class SeenElsewhere(Denied):
    """Another hospital holds records of this person, so the group's office has to do it."""

    code = "seen_elsewhere"


class LegalHold(Locked):
    """A court or an investigation needs the record as it is."""

    code = "legal_hold"


def all_of(session: Session, patient: Patient) -> list[UUID]:
    """The patient's id, and those of the records that were merged into this one."""
    found, new = [patient.id], [patient.id]
    while new:
        into = select(Patient.id).where(Patient.merged_into.in_(new))
        new = [id_ for id_ in session.scalars(into) if id_ not in found]
        found += new
    return found


def require_all(session: Session, ids: Sequence[UUID], *, scope: Scope) -> None:
    """Raise SeenElsewhere when something lies at a hospital outside the scope.

    A patient may ask for all of their own.
    """
    if scope.hospitals is None or not scope.is_staff:
        return
    for place in places().values():
        column = place.table.c.get("hospital_id", place.table.c.get("home_hospital_id"))
        if column is not None:
            elsewhere = select(column).where(place.is_theirs, column.not_in(scope.hospitals))
            if session.execute(elsewhere.limit(1), {"patient_ids": ids}).first():
                raise SeenElsewhere("Other hospitals know this person. Ask the group's office.")


def refuse_if_held(patient: Patient) -> None:
    """Raise LegalHold."""
    if patient.legal_hold:
        raise LegalHold("This record is under legal hold.")
