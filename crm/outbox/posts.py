"""Putting messages into the outbox, past the gate."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, insert
from sqlalchemy.orm import Session

from bot.channels import segments
from bot.channels.capabilities import numbered
from bot.channels.carrier import Channel, Option
from crm import gate
from crm.kit.crypto import Vault
from crm.kit.ids import uuid7
from crm.models import Direction, Lane, Message, MessageStatus, Purpose
from crm.outbox import bodies
from crm.outbox.bodies import Body, Template

_INSERT = insert(cast("Table", Message.__table__))


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A message as its author wants it."""

    address_id: UUID
    channel: Channel
    text: str
    purpose: Purpose
    lane: Lane
    subject: str = ""
    """What an e-mail is called."""
    options: Sequence[Option] = ()
    button_word: str = ""
    template: Template | None = None
    conversation_id: UUID | None = None
    patient_id: UUID | None = None
    about_id: UUID | None = None
    turn: int | None = None
    due_at: datetime | None = None
    expires_at: datetime | None = None
    facts: gate.Facts | None = None
    """What the author has just read of the address; without it the gate asks."""
    owner_id: UUID | None = None
    campaign_recipient_id: int | None = None
    template_version_id: UUID | None = None
    sent_by: UUID | None = None
    is_test: bool = False

    @property
    def asked(self) -> gate.Asked:
        """What the gate is asked of it."""
        return gate.Asked(self.address_id, self.patient_id, self.owner_id, self.purpose)

    @property
    def body(self) -> Body:
        """What it says."""
        return Body(self.text, self.options, self.button_word, self.template, self.subject)


def post(
    session: Session,
    *,
    address_id: UUID,
    channel: Channel,
    text: str,
    purpose: Purpose,
    lane: Lane,
    now: datetime,
    options: Sequence[Option] = (),
    button_word: str = "",
    template: Template | None = None,
    conversation_id: UUID | None = None,
    patient_id: UUID | None = None,
    about_id: UUID | None = None,
    turn: int | None = None,
    due_at: datetime | None = None,
    expires_at: datetime | None = None,
    facts: gate.Facts | None = None,
    subject: str = "",
    owner_id: UUID | None = None,
    sent_by: UUID | None = None,
) -> UUID:
    """Put one message into the outbox and return its id.

    The gate may set it later, or keep it as suppressed with the reason. The lane is woken when
    the transaction has committed (`Wiring.transaction`).
    """
    draft = Draft(
        address_id=address_id,
        channel=channel,
        text=text,
        purpose=purpose,
        lane=lane,
        options=options,
        button_word=button_word,
        template=template,
        conversation_id=conversation_id,
        patient_id=patient_id,
        about_id=about_id,
        turn=turn,
        due_at=due_at,
        expires_at=expires_at,
        facts=facts,
        subject=subject,
        owner_id=owner_id,
        sent_by=sent_by,
    )
    return post_many(session, [draft], now=now)[0]


def post_many(session: Session, drafts: Sequence[Draft], *, now: datetime) -> list[UUID]:
    """Put many messages into the outbox: one question to the gate, one insert. Returns ids."""
    unknown = [draft.asked for draft in drafts if draft.facts is None]
    asked = iter(gate.load(session, unknown) if unknown else ())
    rows = [
        _row(session.info["vault"], draft, draft.facts or next(asked), now=now) for draft in drafts
    ]
    if rows:
        session.execute(_INSERT, rows)
    lanes = {row["lane"] for row in rows if row["status"] is MessageStatus.QUEUED}
    session.info.setdefault("lanes", set()).update(lanes)
    return [row["id"] for row in rows]


def prepare(session: Session, draft: Draft, *, now: datetime) -> dict[str, Any]:
    """The row of one message, as plain values, for who inserts it together with rows of theirs.

    The lane is woken as if it had been posted.
    """
    facts = draft.facts or gate.load(session, [draft.asked])[0]
    row = _row(session.info["vault"], draft, facts, now=now)
    if row["status"] is MessageStatus.QUEUED:
        session.info.setdefault("lanes", set()).add(row["lane"])
    return {
        name: value.value if isinstance(value, StrEnum) else value for name, value in row.items()
    }


def _row(vault: Vault, draft: Draft, facts: gate.Facts, *, now: datetime) -> dict[str, Any]:
    id_ = uuid7()
    due_at = max(draft.due_at or now, now)
    facts = replace(facts, has_template=draft.template is not None)
    verdict = gate.verdict(facts, purpose=draft.purpose, now=due_at)
    is_stopped = verdict.kind is gate.Kind.STOP
    return {
        "id": id_,
        "direction": Direction.OUT,
        "channel": draft.channel,
        "purpose": draft.purpose,
        "lane": draft.lane,
        "status": MessageStatus.SUPPRESSED if is_stopped else MessageStatus.QUEUED,
        "address_id": draft.address_id,
        "conversation_id": draft.conversation_id,
        "patient_id": draft.patient_id,
        "about_id": draft.about_id,
        "turn": draft.turn,
        "body_sealed": bodies.seal(vault, draft.body, row=id_),
        "segments": _segments(draft),
        "due_at": verdict.until or due_at,
        "expires_at": draft.expires_at,
        "reason": verdict.reason,
        "status_at": now,
        "owner_id": draft.owner_id,
        "campaign_recipient_id": draft.campaign_recipient_id,
        "template_version_id": draft.template_version_id,
        "sent_by": draft.sent_by,
        "is_test": draft.is_test,
    }


def _segments(draft: Draft) -> int:
    if draft.channel is not Channel.SMS:
        return 1
    return segments.count(segments.gsm(numbered(draft.text, draft.options))).segments
