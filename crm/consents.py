"""What people agreed to, and when they took it back. Rows are only ever added."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, or_, select, text
from sqlalchemy.orm import Session

from crm.kit.ids import uuid7
from crm.models import AddressHolder, Consent


def record(
    session: Session,
    *,
    address_id: UUID,
    purpose: str,
    is_granted: bool,
    wording: str,
    language: str,
    source: str,
    now: datetime,
    patient_id: UUID | None = None,
    proof_message_id: UUID | None = None,
) -> Consent:
    """Write down one act of agreeing or withdrawing, with the words shown and its proof."""
    consent = Consent(
        id=uuid7(),
        address_id=address_id,
        patient_id=patient_id,
        purpose=purpose,
        is_granted=is_granted,
        wording=wording,
        language=language,
        source=source,
        proof_message_id=proof_message_id,
        at=now,
    )
    session.add(consent)
    session.flush()
    return consent


# Who has already said so, last, is not written down again: carriers and people press twice.
_NO_MORE_MARKETING = text("""
    insert into consents (id, address_id, purpose, is_granted, wording, language, source, at)
    select w.id, w.address_id, 'marketing', false, :wording, 'en', :source, :now
    from unnest(cast(:ids as uuid[]), cast(:addresses as uuid[])) as w(id, address_id)
    join addresses a on a.id = w.address_id
    where coalesce((
        select c.is_granted or c.purpose = 'all' from consents c
        where c.address_id = w.address_id and c.purpose in ('marketing', 'all')
        order by c.id desc limit 1
    ), true)
    returning address_id
""")


def withdraw_marketing(
    session: Session, addresses: Collection[UUID], *, wording: str, source: str, now: datetime
) -> int:
    """Take marketing back at these addresses; returns at how many it was not yet."""
    values = {
        "ids": [uuid7() for _ in addresses],
        "addresses": list(addresses),
        "wording": wording,
        "source": source,
        "now": now,
    }
    return len(session.execute(_NO_MORE_MARKETING, values).all())


def ground(session: Session, address_id: UUID, purpose: str) -> Consent | None:
    """The last yes at an address on which messages of this purpose stand."""
    covering = (purpose, "care", "all") if purpose != "marketing" else (purpose,)
    said = select(Consent).where(Consent.address_id == address_id, Consent.is_granted)
    return session.scalar(
        said.where(Consent.purpose.in_(covering))
        .order_by((Consent.purpose == purpose).desc(), Consent.id.desc())
        .limit(1)
    )


def history(session: Session, patient_id: UUID) -> Sequence[Consent]:
    """What was said for this patient, or for a whole phone of theirs, oldest first."""
    phones = select(AddressHolder.address_id).where(AddressHolder.patient_id == patient_id)
    of_the_phone = and_(Consent.patient_id.is_(None), Consent.address_id.in_(phones))
    said = select(Consent).where(or_(Consent.patient_id == patient_id, of_the_phone))
    return session.scalars(said.order_by(Consent.id)).all()
