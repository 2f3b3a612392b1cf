"""The inbox: what came in, once each, and the talk it belongs to."""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.channels.carrier import Channel
from crm import addresses
from crm.kit.crypto import Vault
from crm.kit.ids import uuid7
from crm.models import Answering, Conversation

BODY = "messages.body"
CONTEXT = "conversations.context"

RETRY = (timedelta(seconds=5), timedelta(seconds=15), timedelta(seconds=30))
"""Pauses before an unanswered message is played again; then a person is told."""


@dataclass(slots=True)
class Talk:
    """The conversation as one turn sees and leaves it. `context` is JSON, sealed when saved."""

    id: UUID
    address_id: UUID
    answering: Answering
    language: str | None
    patient_id: UUID | None
    dialogue: str | None
    state: str | None
    turn: int
    heard_at: datetime | None
    asked_at: datetime | None
    reminded_of: UUID | None
    reminded_at: datetime | None
    waiting_since: datetime | None
    waiting_reason: str | None
    alerted_at: datetime | None
    is_suppressed: bool
    context: dict[str, Any] = field(default_factory=dict)


_TALK = """
    c.id, c.address_id, c.answering, c.language, c.patient_id, c.dialogue, c.state, c.turn,
    c.heard_at, c.asked_at, c.reminded_of, c.reminded_at, c.waiting_since, c.waiting_reason,
    c.alerted_at, exists (
        select from suppressions s where s.address_id = c.address_id and s.lifted_at is null
    ) as is_suppressed, c.context_sealed
"""
_OPEN = text(f"""
with talk as (
    select {_TALK}
    from addresses a join conversations c on c.address_id = a.id
    where a.channel = :channel and a.value_index = :value_index
    for no key update of c
), entry as (
    insert into inbound_keys (provider, provider_id, message_id, received_at)
    select :provider, :provider_id, :message_id, :now from talk
    on conflict do nothing
    returning 1
)
select talk.*, exists (select from entry) as is_new from talk
""")  # noqa: S608 -- the pieces are our own


def receive(
    session: Session,
    *,
    channel: Channel,
    sender: str,
    provider: str,
    provider_id: str,
    message_id: UUID,
    now: datetime,
) -> Talk | None:
    """Lock the sender's talk and claim the message for it; None when it was taken in before.

    One statement for a known sender. Everyone else who writes to the same talk waits here, so
    turns are serial per contact, whatever the number of processes.
    """
    vault: Vault = session.info["vault"]
    asked = {
        "channel": channel.value,
        "value_index": addresses.index_of(vault, sender),
        "provider": provider,
        "provider_id": provider_id,
        "message_id": message_id,
        "now": now,
    }
    row = session.execute(_OPEN, asked).one_or_none()
    if row is None:
        _meet(session, channel, sender, now)
        row = session.execute(_OPEN, asked).one()
    return _read(vault, row) if row.is_new else None


def _meet(session: Session, channel: Channel, sender: str, now: datetime) -> None:
    address = addresses.find_or_make(session, channel, sender, now=now)
    session.execute(
        insert(Conversation)
        .values(id=uuid7(), address_id=address.id, created_at=now, updated_at=now)
        .on_conflict_do_nothing()
    )


def _read(vault: Vault, row: Any) -> Talk:
    talk = Talk(*row[:16])
    talk.answering = Answering(talk.answering)
    if row.context_sealed:
        talk.context = json.loads(vault.open(row.context_sealed, where=CONTEXT, row=row.id))
    return talk


_HEARD = """
    insert into messages (id, direction, channel, purpose, status, address_id, conversation_id,
                          patient_id, turn, body_sealed, due_at, provider_id, status_at)
    values (:id, 'in', :channel, 'reply', :status, :address_id, :conversation_id,
            :patient_id, :answers_turn, :body_sealed, :due_at, :provider_id, :now)
    on conflict (id) do update set status = excluded.status, status_at = excluded.status_at
"""
_KEEP = text(_HEARD)
_FINISH = text(f"""
with heard as ({_HEARD})
update conversations
set answering = :answering, language = :language, patient_id = :patient_id, dialogue = :dialogue,
    state = :state, turn = :turn, heard_at = :heard_at, asked_at = :asked_at,
    reminded_of = :reminded_of, reminded_at = :reminded_at, waiting_since = :waiting_since,
    waiting_reason = :waiting_reason, alerted_at = :alerted_at, context_sealed = :context_sealed,
    updated_at = :now
where id = :conversation_id
""")  # noqa: S608 -- the pieces are our own


@dataclass(frozen=True, slots=True)
class Heard:
    """What was said in one turn, as it is kept."""

    message_id: UUID
    channel: Channel
    provider_id: str
    answers_turn: int
    body: dict[str, Any]


def keep(session: Session, talk: Talk, heard: Heard, *, now: datetime) -> None:
    """Write down what was said as still waiting for an answer."""
    session.execute(_KEEP, _kept(session, talk, heard, "unanswered", now))


def finish(session: Session, talk: Talk, heard: Heard, *, now: datetime) -> None:
    """Write down what was said as answered, and the talk as the turn leaves it: one statement."""
    vault: Vault = session.info["vault"]
    context = json.dumps(talk.context, separators=(",", ":"))
    left = {
        "answering": talk.answering.value,
        "language": talk.language,
        "dialogue": talk.dialogue,
        "state": talk.state,
        "turn": talk.turn,
        "heard_at": talk.heard_at,
        "asked_at": talk.asked_at,
        "reminded_of": talk.reminded_of,
        "reminded_at": talk.reminded_at,
        "waiting_since": talk.waiting_since,
        "waiting_reason": talk.waiting_reason,
        "alerted_at": talk.alerted_at,
        "context_sealed": vault.seal(context, where=CONTEXT, row=talk.id),
    }
    session.execute(_FINISH, left | _kept(session, talk, heard, "answered", now))


def _kept(session: Session, talk: Talk, heard: Heard, status: str, now: datetime) -> dict[str, Any]:
    vault: Vault = session.info["vault"]
    return {
        "id": heard.message_id,
        "channel": heard.channel.value,
        "status": status,
        "address_id": talk.address_id,
        "conversation_id": talk.id,
        "patient_id": talk.patient_id,
        "answers_turn": heard.answers_turn,
        "body_sealed": vault.seal(json.dumps(heard.body), where=BODY, row=heard.message_id),
        "due_at": now + RETRY[0],
        "provider_id": heard.provider_id,
        "now": now,
    }


_UNANSWERED = text("""
select id from messages
where status = 'unanswered' and due_at <= :now
order by due_at
limit :limit
""")

_REOPEN = text(f"""
select {_TALK}, m.channel, m.provider_id, m.body_sealed, m.attempts
from messages m join conversations c on c.id = m.conversation_id
where m.id = :id and m.status = 'unanswered'
for no key update of c, m
""")  # noqa: S608 -- the pieces are our own


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that was kept but not yet answered, with its talk locked."""

    talk: Talk
    channel: Channel
    provider_id: str
    body: dict[str, Any]
    attempts: int


def unanswered(session: Session, *, now: datetime, limit: int = 50) -> list[UUID]:
    """Messages whose answer is due for another try, longest waiting first."""
    return list(session.scalars(_UNANSWERED, {"now": now, "limit": limit}))


def reopen(session: Session, message_id: UUID) -> Waiting | None:
    """Lock an unanswered message and its talk; None when someone answered it meanwhile."""
    row = session.execute(_REOPEN, {"id": message_id}).one_or_none()
    if row is None:
        return None
    vault: Vault = session.info["vault"]
    body = json.loads(vault.open(row.body_sealed, where=BODY, row=message_id))
    return Waiting(_read(vault, row), Channel(row.channel), row.provider_id, body, row.attempts)


def postpone(session: Session, message_id: UUID, *, attempts: int, now: datetime) -> None:
    """Try again later; the pauses are `RETRY`."""
    session.execute(
        text("update messages set attempts = :attempts, due_at = :due_at where id = :id"),
        {"id": message_id, "attempts": attempts, "due_at": now + RETRY[attempts]},
    )
