"""Forgetting a person: what says who they are goes, what money and audit rest on stays.

Rows are kept and emptied, so that a visit that took place still counts and a payment still adds up.
Rows that are only ever added (consents, points, audit) hold no identity and are not touched.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, Table, delete, or_, select, text, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import UpdateBase

from crm import appointments, patients, sign_in
from crm.kit.permissions import Actor, Scope
from crm.models import (
    BLOCKING,
    Appointment,
    InsurancePolicy,
    LoyaltyAccount,
    LoyaltyStatus,
    Patient,
    PatientStatus,
    Redemption,
    RequestKind,
    WaitlistEntry,
    WaitStatus,
)
from crm.privacy import requests, traces
from crm.privacy.places import places
from crm.privacy.whole import all_of, refuse_if_held, require_all

NAME = "Erased"
"""What stands where the name stood."""

_PERSONAL: Mapping[Table, Sequence[str]] = {
    cast("Table", Appointment.__table__): ("cancel_reason", "override_reason"),
    cast("Table", Redemption.__table__): ("note",),
}
"""Words in the clear that people may have filled with a name."""

_WHO = (
    "mrn",
    "birth_year",
    "gender",
    "state",
    "blood_group",
    "genotype",
    "guardian_id",
    "preferred_channel",
    "quiet_start",
    "quiet_end",
)
_ANSWERS = text("delete from idempotency_keys where route like '%/' || :patient || '%'")


def erase(
    session: Session, patient_id: UUID, *, scope: Scope, by: Actor, now: datetime
) -> dict[str, int]:
    """Forget the person, and the records merged into this one; returns how many rows by table.

    Visits ahead are cancelled first. Raises NotFound, Gone, SeenElsewhere, LegalHold.
    """
    patient = patients.get(session, patient_id, scope=scope, lock=True)
    ids = all_of(session, patient)
    require_all(session, ids, scope=scope)
    refuse_if_held(patient)
    _end_what_runs(session, ids, now=now)
    counts = traces.of_talks(session, ids, _names(session, ids), now=now)
    counts |= _empty_sealed(session, ids)
    _empty_words(session, ids)
    counts["patient_profiles"] = _rename(session, ids, now=now)
    session.expire_all()
    outcome = "Erased: " + ", ".join(f"{n} {table}" for table, n in sorted(counts.items()))
    requests.fulfil(session, patient, RequestKind.ERASE, outcome, by=by, now=now)
    return counts


def _names(session: Session, ids: Sequence[UUID]) -> list[str]:
    return list(session.scalars(select(Patient.full_name).where(Patient.id.in_(ids))))


def _end_what_runs(session: Session, ids: Sequence[UUID], *, now: datetime) -> None:
    """Visits ahead, waits, points and sign-ins: nobody will come for them."""
    ahead = select(Appointment.id).where(
        Appointment.patient_id.in_(ids), Appointment.status.in_(BLOCKING)
    )
    for visit_id in session.scalars(ahead).all():
        appointments.cancel(session, visit_id, reason="erased", by_patient=False, now=now)
    session.execute(
        update(WaitlistEntry)
        .where(WaitlistEntry.patient_id.in_(ids), WaitlistEntry.status == WaitStatus.WAITING)
        .values(status=WaitStatus.LEFT, updated_at=now)
    )
    session.execute(
        update(LoyaltyAccount)
        .where(LoyaltyAccount.patient_id.in_(ids))
        .values(status=LoyaltyStatus.CLOSED, updated_at=now)
    )
    for id_ in ids:
        sign_in.end_all(session, id_, reason="erased", now=now)
        session.execute(_ANSWERS, {"patient": str(id_)})


def _empty_sealed(session: Session, ids: Sequence[UUID]) -> dict[str, int]:
    """Every sealed value of theirs, and the indexes that find it."""
    counts = {}
    for name, place in places().items():
        columns = [column for column in (*place.sealed, *place.indexes) if column.nullable]
        if columns:
            holds = or_(*(column.is_not(None) for column in columns))
            statement = (
                update(place.table).where(place.is_theirs, holds).values(dict.fromkeys(columns))
            )
            counts[name] = _run(session, statement, ids)
    return {name: count for name, count in counts.items() if count}


def _empty_words(session: Session, ids: Sequence[UUID]) -> None:
    for table, columns in _PERSONAL.items():
        statement = update(table).where(places()[table.name].is_theirs)
        _run(session, statement.values(dict.fromkeys(columns)), ids)
    session.execute(delete(InsurancePolicy).where(InsurancePolicy.patient_id.in_(ids)))


def _rename(session: Session, ids: Sequence[UUID], *, now: datetime) -> int:
    """The person's own row, and the children they spoke for."""
    wards = update(Patient).where(Patient.guardian_id.in_(ids))
    session.execute(wards.values(guardian_id=None, version=Patient.version + 1, updated_at=now))
    nobody: dict[str, Any] = dict.fromkeys(_WHO)
    erased = (
        update(Patient)
        .where(Patient.id.in_(ids))
        .values(
            full_name=NAME,
            status=PatientStatus.ERASED,
            merged_into=None,
            language="en",
            is_birth_estimated=False,
            version=Patient.version + 1,
            updated_at=now,
            **nobody,
        )
    )
    return cast("CursorResult[Any]", session.execute(erased)).rowcount


def _run(session: Session, statement: UpdateBase, ids: Sequence[UUID]) -> int:
    result = session.execute(statement, {"patient_ids": ids})
    return cast("CursorResult[Any]", result).rowcount
