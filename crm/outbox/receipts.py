"""What the carrier reports later: in any order, more than once, even before its first answer."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from bot.channels.errors import WINDOW_CLOSED, explain
from crm.models import MessageStatus
from crm.outbox import bodies

# A receipt moves a message only to a higher rank, so order and repeats do not matter. Of two ends
# that contradict each other the first stands; `read` proves delivery and outranks both.
RANKS = {
    MessageStatus.QUEUED: 0,
    MessageStatus.SENDING: 1,
    MessageStatus.UNKNOWN: 1,
    MessageStatus.ACCEPTED: 2,
    MessageStatus.SENT: 3,
    MessageStatus.DELIVERED: 4,
    MessageStatus.UNDELIVERED: 4,
    MessageStatus.FAILED: 4,
    MessageStatus.READ: 5,
}
_BELOW = {
    status: ",".join(lower for lower in RANKS if RANKS[lower] < rank)
    for status, rank in RANKS.items()
}
_BAD_NEWS = {MessageStatus.UNDELIVERED, MessageStatus.FAILED}


@dataclass(frozen=True, slots=True)
class Receipt:
    """One report on one attempt."""

    message_id: UUID
    n: int
    status: MessageStatus
    provider_id: str
    code: int | None = None


# An earlier attempt's good news counts, since the person has the message; its bad news does not.
# Once a template is on its way, the attempt that the window refused has nothing more to say.
_RECEIVE = text("""
    update messages m set
        status = r.status, status_at = :now, lease_until = null,
        provider_id = coalesce(m.provider_id, r.provider_id),
        error_code = coalesce(r.code, m.error_code), reason = r.reason
    from json_to_recordset(cast(:receipts as json)) as r(
        id uuid, n smallint, status text, below text, is_bad boolean, provider_id text,
        code bigint, reason text
    )
    where m.id = r.id and m.id between :oldest and :newest
        and m.status = any(string_to_array(r.below, ','))
        and (r.n = m.attempts or (r.n < m.attempts and not r.is_bad))
        and (m.error_code is distinct from :window_closed
            or (m.status <> 'queued' and r.n = m.attempts))
""")

_BODY = text("""
    select body_sealed from messages
    where id = :id and attempts = :n and error_code is distinct from :window_closed
        and status = any(string_to_array(:below, ','))
    for update
""")

_QUEUE_AGAIN = text("""
    update messages set
        status = 'queued', status_at = :now, due_at = :now, lease_until = null,
        provider_id = null, error_code = :window_closed, reason = :reason
    where id = :id
    returning lane
""")


def receipt(  # noqa: PLR0917 -- in the order in which a carrier says it
    session: Session,
    message_id: UUID,
    n: int,
    status: MessageStatus,
    provider_id: str,
    error_code: int | None = None,
    *,
    now: datetime,
) -> None:
    """Take in one report. One that is old news, or of a message we do not know, changes nothing."""
    receipts(session, [Receipt(message_id, n, status, provider_id, error_code)], now=now)


def receipts(session: Session, batch: Sequence[Receipt], *, now: datetime) -> None:
    """Take in a batch, set-wise; several of one message take effect in their order."""
    for round_ in _rounds(batch):
        if rest := [each for each in round_ if not _goes_as_template(session, each, now=now)]:
            session.execute(_RECEIVE, _values(rest, now=now))


def _rounds(batch: Sequence[Receipt]) -> Iterator[list[Receipt]]:
    """The batch in parts that hold each message once: an UPDATE takes one row of a join."""
    while batch:
        first = {each.message_id: each for each in reversed(batch)}
        yield list(first.values())
        taken = {id(each) for each in first.values()}
        batch = [each for each in batch if id(each) not in taken]


def _goes_as_template(session: Session, receipt: Receipt, *, now: datetime) -> bool:
    """WhatsApp's window was closed after all: queue it again, once, if it has a template."""
    if receipt.code != WINDOW_CLOSED or receipt.status not in _BAD_NEWS:
        return False
    values = {
        "id": receipt.message_id,
        "n": receipt.n,
        "below": _BELOW[receipt.status],
        "window_closed": WINDOW_CLOSED,
    }
    sealed = session.scalar(_BODY, values)
    if not sealed:
        return False
    body = bodies.unseal(session.info["vault"], sealed, row=receipt.message_id)
    if body.template is None:
        return False
    lane = session.scalar(
        _QUEUE_AGAIN, {**values, "now": now, "reason": explain(WINDOW_CLOSED).words}
    )
    session.info.setdefault("lanes", set()).add(lane)
    return True


def _values(batch: Sequence[Receipt], *, now: datetime) -> dict[str, object]:
    ids = [each.message_id for each in batch]
    return {
        "now": now,
        "oldest": min(ids),
        "newest": max(ids),
        "window_closed": WINDOW_CLOSED,
        "receipts": json.dumps([_record(each) for each in batch], default=str),
    }


def _record(receipt: Receipt) -> dict[str, object]:
    return {
        "id": receipt.message_id,
        "n": receipt.n,
        "status": receipt.status,
        "below": _BELOW[receipt.status],
        "is_bad": receipt.status in _BAD_NEWS,
        "provider_id": receipt.provider_id,
        "code": receipt.code,
        "reason": explain(receipt.code).words if receipt.code else None,
    }
