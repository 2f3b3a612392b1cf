"""The inbox: what came in, once each, and the talk it belongs to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from bot.channels.carrier import Channel
from crm import addresses
from crm.kit import driver
from crm.kit.crypto import Vault
from crm.kit.ids import uuid7
from crm.models import Answering

BODY = "messages.body"
CONTEXT = "conversations.context"

RETRY = (timedelta(seconds=5), timedelta(seconds=10), timedelta(seconds=20))
"""Pauses before an unanswered message is played again; then a person is told."""


@dataclass(slots=True)
class Talk:
    """The conversation as one turn sees and leaves it. `context` is JSON, sealed when saved."""

    id: UUID
    address_id: UUID
    answering: Answering
    language: str | None
    patient_id: UUID | None
    owner_id: UUID | None
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
    is_owner: bool
    question: str | None
    """What kind of message asks newest for an answer: feedback, survey or waitlist."""
    question_about: UUID | None
    question_at: datetime | None
    context: dict[str, Any] = field(default_factory=dict)

    @property
    def stands_at(self) -> str:
        """The question that is open, as "dialogue.state", or "idle"."""
        return f"{self.dialogue}.{self.state}" if self.dialogue else "idle"


_TALK = """
    c.id, c.address_id, c.answering, c.language, c.patient_id, c.owner_id, c.dialogue, c.state,
    c.turn, c.heard_at, c.asked_at, c.reminded_of, c.reminded_at, c.waiting_since,
    c.waiting_reason, c.alerted_at, exists (
        select from suppressions s where s.address_id = c.address_id and s.lifted_at is null
    ) as is_suppressed, exists (
        select from owner_addresses o where o.address_id = c.address_id
    ) as is_owner, q.kind, q.about, q.at, c.context_sealed
"""
# An offer that is over still owns the answer: a late "1" must not rate a visit.
_QUESTION = """
    left join lateral (
        (select 'feedback' as kind, i.id as about, i.posted_at as at from feedback_invitations i
        where i.address_id = c.address_id and i.status = 'posted' and i.answered_at is null
        order by i.posted_at desc limit 1)
        union all
        (select 'survey', s.id, coalesce(s.nudged_at, s.posted_at) from owner_survey_invitations s
        where s.address_id = c.address_id and s.status = 'posted' and s.answered_at is null
        order by s.posted_at desc limit 1)
        union all
        (select 'waitlist', o.id, o.created_at from waitlist_offers o
        where o.address_id = c.address_id and o.status in ('live', 'expired', 'lost')
        order by o.created_at desc limit 1)
        order by at desc limit 1
    ) q on true
"""
_OPEN = f"""
with talk as (
    select {_TALK}
    from addresses a join conversations c on c.address_id = a.id {_QUESTION}
    where a.channel = %(channel)s and a.value_index = %(value_index)s
    for no key update of c
), entry as (
    insert into inbound_keys (provider, provider_id, message_id, received_at)
    select %(provider)s, %(provider_id)s, %(message_id)s, %(now)s from talk
    on conflict do nothing
    returning 1
)
select talk.*, exists (select from entry) as is_new from talk
"""  # noqa: S608 -- the pieces are our own


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
    rows = driver.fetch(session, _OPEN, asked)
    if not rows:
        _meet(session, channel, sender, now)
        rows = driver.fetch(session, _OPEN, asked)
    *row, is_new = rows[0]
    return _read(vault, row) if is_new else None


_MEET = """
with made as (
    insert into addresses (id, channel, value_sealed, value_index, created_at, updated_at)
    values (%(address_id)s, %(channel)s, %(value_sealed)s, %(value_index)s, %(now)s, %(now)s)
    on conflict do nothing
    returning id
), known as (
    select id from made
    union all
    select id from addresses where channel = %(channel)s and value_index = %(value_index)s
)
insert into conversations (id, address_id, created_at, updated_at)
select %(id)s, id, %(now)s, %(now)s from known
on conflict do nothing
"""


def _meet(session: Session, channel: Channel, sender: str, now: datetime) -> None:
    """The address and its talk, made if they are new."""
    vault: Vault = session.info["vault"]
    address_id = uuid7()
    values = {
        "id": uuid7(),
        "address_id": address_id,
        "channel": channel.value,
        "value_sealed": vault.seal(sender, where=addresses.WHERE, row=address_id),
        "value_index": addresses.index_of(vault, sender),
        "now": now,
    }
    driver.run(session, _MEET, values)


_FIELDS = len(Talk.__dataclass_fields__) - 1
"""How many a row brings as they are; the context comes sealed."""


def _read(vault: Vault, row: Sequence[Any]) -> Talk:
    talk, sealed = Talk(*row[:_FIELDS]), row[_FIELDS]
    talk.answering = Answering(talk.answering)
    if sealed:
        talk.context = vault.open_json(sealed, where=CONTEXT, row=talk.id)
    return talk


_INTO_MESSAGES = """
    insert into messages (id, direction, channel, purpose, lane, status, address_id,
                          conversation_id, patient_id, owner_id, turn, body_sealed, segments,
                          due_at, reason, provider_id, status_at, stood_at)
"""
_HEARD = """
    (%(id)s, 'in', %(channel)s, 'reply', null, %(status)s, %(address_id)s, %(conversation_id)s,
     %(patient_id)s, %(owner_id)s, %(answers_turn)s, %(body_sealed)s, 1, %(due_at)s, null,
     %(provider_id)s, %(now)s, %(stood_at)s)
"""
_REPLY = """
    (%(reply_id)s, 'out', %(channel)s, %(reply_purpose)s, %(reply_lane)s, %(reply_status)s,
     %(address_id)s, %(conversation_id)s, %(patient_id)s, %(owner_id)s, %(turn)s,
     %(reply_body_sealed)s, %(reply_segments)s, %(reply_due_at)s, %(reply_reason)s, null, %(now)s,
     null)
"""
_LEAVE = """
update conversations
set answering = %(answering)s, language = %(language)s, patient_id = %(patient_id)s,
    owner_id = %(owner_id)s, dialogue = %(dialogue)s, state = %(state)s, turn = %(turn)s,
    heard_at = %(heard_at)s, asked_at = %(asked_at)s,
    reminded_of = %(reminded_of)s, reminded_at = %(reminded_at)s,
    waiting_since = %(waiting_since)s, waiting_reason = %(waiting_reason)s,
    alerted_at = %(alerted_at)s, context_sealed = %(context_sealed)s, updated_at = %(now)s
where id = %(conversation_id)s
"""
# What was said may have been kept before, when its turn failed; a reply is always new.
_IN_ITS_PLACE = """
    on conflict (id) do update set status = excluded.status, status_at = excluded.status_at,
        stood_at = excluded.stood_at, body_sealed = excluded.body_sealed
"""
_KEEP = f"{_INTO_MESSAGES} values {_HEARD}"
_KEEP_AND_REPLY = f"{_KEEP}, {_REPLY}"
# Both rows at once: an insert opens each of the table's indexes once, however many rows it brings.
# Only where a row may be there already is it looked for, which each index of the insert pays.
_FINISH = {
    (has_reply, was_kept): f"with said as ({rows} {in_its_place}) {_LEAVE}"
    for has_reply, rows in ((False, _KEEP), (True, _KEEP_AND_REPLY))
    for was_kept, in_its_place in ((False, ""), (True, _IN_ITS_PLACE))
}


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
    driver.run(session, _KEEP, _kept(session, talk, heard, "unanswered", now))


def finish(
    session: Session,
    talk: Talk,
    heard: Heard,
    *,
    now: datetime,
    reply: Mapping[str, Any] | None = None,
    was_kept: bool = False,
) -> None:
    """Write down what was said as answered, the talk as the turn leaves it, and the reply.

    One statement; `reply` is the row of it that the outbox has prepared. `was_kept` says that
    what was said has been written down before.
    """
    left = _left(session, talk) | _kept(session, talk, heard, "answered", now)
    said = {f"reply_{name}": value for name, value in (reply or {}).items()}
    driver.run(session, _FINISH[reply is not None, was_kept], left | said)


def _left(session: Session, talk: Talk) -> dict[str, Any]:
    vault: Vault = session.info["vault"]
    return {
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
        "context_sealed": vault.seal_json(talk.context, where=CONTEXT, row=talk.id),
    }


def _kept(session: Session, talk: Talk, heard: Heard, status: str, now: datetime) -> dict[str, Any]:
    vault: Vault = session.info["vault"]
    return {
        "id": heard.message_id,
        "channel": heard.channel.value,
        "status": status,
        "address_id": talk.address_id,
        "conversation_id": talk.id,
        "patient_id": talk.patient_id,
        "owner_id": talk.owner_id,
        "answers_turn": heard.answers_turn,
        "body_sealed": vault.seal_json(heard.body, where=BODY, row=heard.message_id),
        "due_at": now + RETRY[0],
        "provider_id": heard.provider_id,
        "stood_at": talk.stands_at,
        "now": now,
    }


_UNANSWERED = text("""
select id from messages
where status = 'unanswered' and due_at <= :now
order by due_at, id
limit :limit
""")

_TAKE_UP = f"""
select {_TALK}
from conversations c {_QUESTION}
where c.id = %(id)s
for no key update of c
"""  # noqa: S608 -- the pieces are our own


def take_up(session: Session, talk_id: UUID) -> Talk:
    """Lock a talk in which nobody has just written."""
    vault: Vault = session.info["vault"]
    (row,) = driver.fetch(session, _TAKE_UP, {"id": talk_id})
    return _read(vault, row)


def leave(session: Session, talk: Talk, *, now: datetime) -> None:
    """Write down the talk as it is left, when nothing was said in it."""
    left = _left(session, talk) | {"conversation_id": talk.id, "now": now}
    owners = {"patient_id": talk.patient_id, "owner_id": talk.owner_id}
    driver.run(session, _LEAVE, left | owners)


_REOPEN = text(f"""
select {_TALK}, m.channel, m.provider_id, m.body_sealed, m.attempts, exists (
    select from messages later
    where later.conversation_id = m.conversation_id and later.id > m.id
        and later.direction = 'in' and later.status = 'answered'
) as is_overtaken
from messages m join conversations c on c.id = m.conversation_id {_QUESTION}
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
    is_overtaken: bool
    """What the person wrote after it has been answered: its words belong to an older question."""


def unanswered(session: Session, *, now: datetime, limit: int = 50) -> list[UUID]:
    """Messages whose answer is due for another try, longest waiting first."""
    return list(session.scalars(_UNANSWERED, {"now": now, "limit": limit}))


def reopen(session: Session, message_id: UUID) -> Waiting | None:
    """Lock an unanswered message and its talk; None when someone answered it meanwhile."""
    row = session.execute(_REOPEN, {"id": message_id}).one_or_none()
    if row is None:
        return None
    vault: Vault = session.info["vault"]
    body = vault.open_json(row.body_sealed, where=BODY, row=message_id)
    return Waiting(
        _read(vault, row),
        Channel(row.channel),
        row.provider_id,
        body,
        row.attempts,
        row.is_overtaken,
    )


def postpone(session: Session, message_id: UUID, *, attempts: int, now: datetime) -> None:
    """Try again later; the pauses are `RETRY`."""
    session.execute(
        text("update messages set attempts = :attempts, due_at = :due_at where id = :id"),
        {"id": message_id, "attempts": attempts, "due_at": now + RETRY[attempts]},
    )
