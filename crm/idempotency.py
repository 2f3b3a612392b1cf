"""Keys of requests that were done, with the answers they got, sealed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from crm.kit.crypto import Vault
from crm.kit.errors import DomainError
from crm.kit.ids import uuid7
from crm.models import IdempotencyKey

WHERE = "idempotency_keys.answer"
KEPT = timedelta(days=7)


class KeyReused(DomainError):
    """The key was used for another request before."""

    code = "idempotency_key_reused"
    status = 422


@dataclass(frozen=True, slots=True)
class Kept:
    """A key that is ours to answer, or has its answer already."""

    id: UUID
    status: int = 0
    answer: str | None = None


def begin(
    session: Session, *, account: str, route: str, key: str, request: bytes, now: datetime
) -> Kept:
    """Take the key, or find its answer; waits while another request has it.

    Raises KeyReused when the key came with another body before.
    """
    id_ = uuid7()
    taken = session.scalar(
        insert(IdempotencyKey)
        .values(account=account, route=route, key=key, id=id_, request_hash=request, created_at=now)
        .on_conflict_do_nothing()
        .returning(IdempotencyKey.id)
    )
    if taken is not None:
        return Kept(id_)
    known = session.scalars(
        select(IdempotencyKey)
        .where(IdempotencyKey.account == account, IdempotencyKey.route == route)
        .where(IdempotencyKey.key == key)
    ).one()
    return _known(session.info["vault"], known, request)


def finish(session: Session, kept: Kept, *, status: int, answer: str) -> None:
    """Keep the answer."""
    vault: Vault = session.info["vault"]
    session.execute(
        update(IdempotencyKey)
        .where(IdempotencyKey.id == kept.id)
        .values(status=status, answer_sealed=vault.seal(answer, where=WHERE, row=kept.id))
        .execution_options(synchronize_session=False)
    )


def purge(session: Session, *, now: datetime) -> int:
    """Drop the keys that are older than a week; returns how many."""
    old = IdempotencyKey.created_at < now - KEPT
    gone = session.execute(delete(IdempotencyKey).where(old).returning(IdempotencyKey.id))
    return len(gone.all())


def _known(vault: Vault, known: IdempotencyKey, request: bytes) -> Kept:
    if known.request_hash != request:
        raise KeyReused("This Idempotency-Key was used for another request.")
    if known.answer_sealed is None or known.status is None:
        raise KeyReused("This Idempotency-Key was used and its answer is gone.")
    answer = vault.open(known.answer_sealed, where=WHERE, row=known.id)
    return Kept(known.id, known.status, answer)
