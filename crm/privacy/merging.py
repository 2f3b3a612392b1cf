"""Two records of one person become one."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import Column, Table, delete, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from crm import audit, consents, patients
from crm.audit import Act
from crm.kit.errors import DomainError, Invalid
from crm.kit.permissions import Actor, Scope
from crm.models import (
    AddressHolder,
    Consent,
    DataRequest,
    LoyaltyAccount,
    Patient,
    PatientStatus,
    Referral,
)
from crm.privacy import points
from crm.privacy.places import naming_columns
from crm.privacy.whole import refuse_if_held, require_all


class CannotMerge(DomainError):
    """Both records hold something of which there can be one; the message says what."""

    code = "cannot_merge"


_STAYS = {
    cast("Table", Consent.__table__): "only ever added to; the last words are said again",
    cast("Table", AddressHolder.__table__): "moved one by one, for both may hold a phone",
    cast("Table", LoyaltyAccount.__table__): "its points move, not its history",
    cast("Table", Referral.__table__): "who brought whom is history",
    cast("Table", DataRequest.__table__): "asked of that record",
}
_HOLDERS = text("""
    insert into address_holders (address_id, patient_id, role, since)
    select address_id, :kept, role, since from address_holders where patient_id = :gone
    on conflict do nothing
""")
# The last on each purpose at each address, unless the record that stays has said more since.
_WORDS = text("""
    select distinct on (c.address_id, c.purpose) c.id
    from consents c
    where c.patient_id = :gone and not exists (
        select from consents k
        where k.address_id = c.address_id and k.id > c.id and k.purpose in (c.purpose, 'all')
            and (k.patient_id = :kept or k.patient_id is null)
    )
    order by c.address_id, c.purpose, c.id desc
""")
_FILLED = (
    "home_hospital_id",
    "gender",
    "state",
    "blood_group",
    "genotype",
    "guardian_id",
    "preferred_channel",
)


def merge(
    session: Session,
    kept_id: UUID,
    gone_id: UUID,
    *,
    reason: str,
    scope: Scope,
    by: Actor,
    now: datetime,
) -> Patient:
    """Move all that the one record has to the other, and let the one point to it.

    What the kept record lacks it takes over; where both say something, it keeps its own. Raises
    NotFound, Gone, SeenElsewhere, LegalHold, CannotMerge.
    """
    if kept_id == gone_id:
        raise Invalid("duplicate_id", "A record cannot be merged into itself.")
    kept, gone = _both(session, kept_id, gone_id, scope=scope)
    require_all(session, [kept_id, gone_id], scope=scope)
    refuse_if_held(gone)
    _move_rows(session, kept_id, gone_id)
    _move_addresses(session, kept, gone, now=now)
    points.move(session, kept_id, gone_id, by=by, now=now)
    session.expire_all()  # rows that were loaded before say whose they are now
    _fill(session, kept, gone)
    _point(session, kept, gone, now=now)
    act = Act(
        actor=by,
        action="patients.merge",
        entity="patient",
        entity_id=gone_id,
        hospital_id=gone.home_hospital_id,
        purpose=reason,
    )
    audit.record(session, act, now=now)
    return kept


def _both(
    session: Session, kept_id: UUID, gone_id: UUID, *, scope: Scope
) -> tuple[Patient, Patient]:
    """Both rows, locked in one order so that two merges cannot wait for each other."""
    found = {
        id_: patients.get(session, id_, scope=scope, lock=True)
        for id_ in sorted((kept_id, gone_id))
    }
    return found[kept_id], found[gone_id]


def _move_rows(session: Session, kept_id: UUID, gone_id: UUID) -> None:
    for table, column in naming_columns():
        if table not in _STAYS:
            _move(session, table, column, kept_id, gone_id)
    for own in (Patient.guardian_id, Patient.merged_into):
        session.execute(
            update(Patient).where(own == gone_id, Patient.id != kept_id).values({own: kept_id})
        )


def _move(
    session: Session, table: Table, column: Column[UUID], kept_id: UUID, gone_id: UUID
) -> None:
    try:
        with session.begin_nested():
            session.execute(update(table).where(column == gone_id).values({column: kept_id}))
    except IntegrityError:
        what = table.name.replace("_", " ")
        raise CannotMerge(
            f"Both records have {what} that exclude each other. End one of them first.",
            table=table.name,
        ) from None


def _move_addresses(session: Session, kept: Patient, gone: Patient, *, now: datetime) -> None:
    """The phones, and what was last agreed to at each, said again in the kept record's name."""
    session.execute(_HOLDERS, {"kept": kept.id, "gone": gone.id})
    for consent in _last_words(session, kept.id, gone.id):
        consents.record(
            session,
            address_id=consent.address_id,
            patient_id=kept.id,
            purpose=consent.purpose,
            is_granted=consent.is_granted,
            wording=consent.wording,
            language=consent.language,
            source="merge",
            proof_message_id=consent.proof_message_id,
            now=now,
        )
    session.execute(delete(AddressHolder).where(AddressHolder.patient_id == gone.id))


def _last_words(session: Session, kept_id: UUID, gone_id: UUID) -> Sequence[Consent]:
    """What holds still of what was said for the record that goes, in the order it was said."""
    last = session.scalars(_WORDS, {"kept": kept_id, "gone": gone_id}).all()
    return session.scalars(select(Consent).where(Consent.id.in_(last)).order_by(Consent.id)).all()


def _fill(session: Session, kept: Patient, gone: Patient) -> None:
    for name in _FILLED:
        if getattr(kept, name) is None:
            setattr(kept, name, getattr(gone, name))
    if kept.guardian_id == kept.id:
        kept.guardian_id = None
    missing = [name for name in patients.SEALED if patients.read(session, kept, name) is None]
    values = {name: patients.read(session, gone, name) for name in missing}
    gone.nin_sealed = gone.nin_index = None
    session.flush()  # the NIN is free before the kept record takes it
    for name, value in values.items():
        patients.write(session, kept, name, value)


def _point(session: Session, kept: Patient, gone: Patient, *, now: datetime) -> None:
    gone.status, gone.merged_into = PatientStatus.MERGED, kept.id
    for patient in (kept, gone):
        patient.version += 1
        patient.updated_at = now
    session.flush()
