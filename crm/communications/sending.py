"""Taking messages in: planned, posted, and remembered under the sender's own reference."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from crm import audit, outbox
from crm.audit import Act
from crm.communications.planning import Planned, plan
from crm.communications.refusals import ReferenceUsed
from crm.communications.wishes import Wish
from crm.kit.errors import DomainError
from crm.kit.permissions import Actor, Scope
from crm.models import MessageReference


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one wish: a message, or why there is none."""

    wish: Wish
    planned: Planned | None = None
    message_id: UUID | None = None
    refusal: DomainError | None = None


def send(session: Session, wish: Wish, *, scope: Scope, by: Actor, now: datetime) -> Sent:
    """Put one message into the outbox. Raises what stands against it."""
    sent = send_many(session, [wish], scope=scope, by=by, now=now)[0]
    if sent.refusal is not None:
        raise sent.refusal
    return sent


def send_many(
    session: Session,
    wishes: Sequence[Wish],
    *,
    scope: Scope,
    by: Actor,
    now: datetime,
    dry_run: bool = False,
) -> list[Sent]:
    """Put into the outbox what may be sent, and say of each wish what became of it, in order."""
    taken = _taken(session, wishes)
    plans = plan(session, wishes, scope=scope, now=now, may_write=not dry_run)
    outcomes = [
        Sent(wish, refusal=taken[wish.reference])
        if wish.reference in taken
        else _outcome(wish, planned)
        for wish, planned in zip(wishes, plans, strict=True)
    ]
    return outcomes if dry_run else _post(session, outcomes, by=by, now=now)


def _outcome(wish: Wish, planned: Planned | DomainError) -> Sent:
    if isinstance(planned, Planned):
        return Sent(wish, planned)
    return Sent(wish, refusal=planned)


def _taken(session: Session, wishes: Sequence[Wish]) -> dict[str | None, ReferenceUsed]:
    """The references that were used before, or come twice here."""
    counted = Counter(wish.reference for wish in wishes if wish.reference)
    if not counted:
        return {}
    query = select(MessageReference).where(MessageReference.reference.in_(counted))
    used = {row.reference: row.message_id for row in session.scalars(query)}
    twice = {reference: None for reference, times in counted.items() if times > 1}
    return {name: ReferenceUsed(name, id_) for name, id_ in {**twice, **used}.items()}


def _post(session: Session, outcomes: Sequence[Sent], *, by: Actor, now: datetime) -> list[Sent]:
    ready = [sent.planned for sent in outcomes if sent.planned]
    drafts = [replace(planned.draft, sent_by=by.id) for planned in ready]
    ids = iter(outbox.post_many(session, drafts, now=now) if drafts else ())
    posted = [replace(sent, message_id=next(ids)) if sent.planned else sent for sent in outcomes]
    _remember(session, posted, now=now)
    _note_overrides(session, posted, by=by, now=now)
    return posted


def _remember(session: Session, posted: Sequence[Sent], *, now: datetime) -> None:
    """Keep the references; one that another request has taken meanwhile ends this one."""
    rows = [
        {"reference": sent.wish.reference, "message_id": sent.message_id, "created_at": now}
        for sent in posted
        if sent.message_id and sent.wish.reference
    ]
    if not rows:
        return
    statement = insert(MessageReference).values(rows).on_conflict_do_nothing()
    kept = set(session.scalars(statement.returning(MessageReference.reference)))
    lost = next((row["reference"] for row in rows if row["reference"] not in kept), None)
    if isinstance(lost, str):
        raise ReferenceUsed(lost, None)


def _note_overrides(session: Session, posted: Sequence[Sent], *, by: Actor, now: datetime) -> None:
    for sent in posted:
        if sent.message_id and sent.wish.override_reason:
            act = Act(
                actor=by,
                action="messages.sensitive_override",
                entity="message",
                entity_id=sent.message_id,
                purpose=sent.wish.override_reason,
            )
            audit.record(session, act, now=now)
