"""What a person left in talks: addresses, conversations and the bodies of messages."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from secrets import token_bytes, token_hex
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, Row, delete, text
from sqlalchemy.orm import Session

from crm import addresses
from crm.kit.crypto import CannotOpen, Vault
from crm.models import AddressHolder

# Every address they ever used with us; one that lost its last holder before is among them.
_USED = text("""
    select address_id from address_holders where patient_id = any(:ids)
    union select address_id from consents where patient_id = any(:ids)
    union select address_id from messages where patient_id = any(:ids)
""")
_NOBODYS = text("""
    select a.id from addresses a
    where a.id = any(:addresses)
        and not exists (select from address_holders h where h.address_id = a.id)
        and not exists (select from owner_addresses o where o.address_id = a.id)
    for update
""")
_BLANK = text("""
    update addresses set value_sealed = :value_sealed, value_index = :value_index,
        updated_at = :now
    where id = :id
""")
_UNSEND = text("""
    update messages set status = case status when 'queued' then 'cancelled' else 'answered' end,
        reason = 'the person''s record was erased', status_at = :now
    where (patient_id = any(:ids) or (address_id = any(:alone) and patient_id is null))
        and status in ('queued', 'unanswered')
""")
_DROP = text("""
    update messages set body_sealed = null
    where body_sealed is not null
        and (patient_id = any(:ids) or address_id = any(:alone)
            or (address_id = any(:addresses) and patient_id is null and owner_id is null))
""")
_SHARED = text("""
    select id, body_sealed from messages
    where address_id = any(:addresses) and body_sealed is not null
""")
_DROP_THESE = text("update messages set body_sealed = null where id = any(:these)")
_FORGET_TALK = text("""
    update conversations set context_sealed = null, dialogue = null, state = null,
        waiting_reason = null, updated_at = :now,
        patient_id = case when patient_id = any(:ids) then null else patient_id end
    where address_id = any(:addresses)
""")
_FORGET_SLIPS = text("""
    delete from misheard where conversation_id in (
        select id from conversations where address_id = any(:addresses)
    )
""")


def of_talks(
    session: Session, ids: Sequence[UUID], names: Sequence[str], *, now: datetime
) -> dict[str, int]:
    """Remove them; returns how many rows by table.

    A number that others hold stays theirs, with their own messages; those that name the person,
    or that nobody can be given, lose their words.
    """
    used = list(session.scalars(_USED, {"ids": ids}))
    session.execute(delete(AddressHolder).where(AddressHolder.patient_id.in_(ids)))
    alone = list(session.scalars(_NOBODYS, {"addresses": used}))
    given = {"ids": ids, "addresses": used, "alone": alone, "now": now}
    session.execute(_UNSEND, given)
    bodies = _count(session, _DROP, given)
    bodies += _drop_naming(session, used, names)
    session.execute(_FORGET_TALK, given)
    session.execute(_FORGET_SLIPS, given)
    for address_id in alone:
        _blank(session, address_id, now=now)
    return {"messages": bodies, "addresses": len(alone)}


def _blank(session: Session, address_id: UUID, *, now: datetime) -> None:
    """The row stays for the consents given at it; the number, and the way to find it, go."""
    vault: Vault = session.info["vault"]
    session.execute(
        _BLANK,
        {
            "id": address_id,
            "value_sealed": vault.seal(
                f"erased-{token_hex(8)}", where=addresses.WHERE, row=address_id
            ),
            "value_index": token_bytes(16),
            "now": now,
        },
    )


def _drop_naming(session: Session, used: Sequence[UUID], names: Sequence[str]) -> int:
    rows = session.execute(_SHARED, {"addresses": used}).all()
    these = list(_naming(session.info["vault"], rows, [name.casefold() for name in names]))
    return _count(session, _DROP_THESE, {"these": these}) if these else 0


def _naming(vault: Vault, rows: Sequence[Row[UUID, bytes]], names: Sequence[str]) -> Iterator[UUID]:
    """The messages that name the person; what no key opens goes too."""
    for id_, body in rows:
        try:
            said = vault.open(body, where="messages.body", row=id_).casefold()
        except CannotOpen:
            yield id_
        else:
            if any(name in said for name in names):
                yield id_


def _count(session: Session, statement: Any, given: dict[str, Any]) -> int:
    return cast("CursorResult[Any]", session.execute(statement, given)).rowcount
