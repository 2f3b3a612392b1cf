"""What was said in a conversation, in its order, as the messages keep it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from bot.channels.carrier import Channel, Option
from conversations.said import Said
from crm import addresses, outbox
from crm.inbox import BODY
from crm.models import (
    Address,
    Conversation,
    Direction,
    FeedbackInvitation,
    Message,
    OwnerAddress,
    OwnerSurvey,
    Purpose,
    WaitlistOffer,
)


class NoSuchTalk(Exception):
    """There is no conversation of this id."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A message of the person, with what was kept to play it again."""

    id: UUID
    at: datetime
    turn: int
    said: Said
    kept: Mapping[str, Any]

    @property
    def route(self) -> str:
        """What the router decided then."""
        return str(self.kept.get("route", ""))


@dataclass(frozen=True, slots=True)
class Asked:
    """A message of ours that asks something: a reminder, feedback, a survey, an offer."""

    kind: str
    about: UUID
    at: datetime
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """All of it. `events` are messages and questions in their order, `replies` by turn."""

    talk_id: UUID
    address_id: UUID
    channel: Channel
    sender: str
    is_owner: bool
    events: Sequence[Heard | Asked]
    replies: Mapping[int, str]
    forgotten: int
    """Messages whose words are no longer kept: the talk begins after the last of them."""


def recall(session: Session, talk_id: UUID) -> Past:
    """Read a conversation. Raises NoSuchTalk."""
    talk = session.get(Conversation, talk_id)
    if talk is None:
        raise NoSuchTalk(f"There is no conversation {talk_id}.")
    address = session.get_one(Address, talk.address_id)
    sender = addresses.value_of(session, address)
    found = select(Message).where(Message.conversation_id == talk_id).order_by(Message.id)
    rows = session.scalars(found).all()
    heard = [row for row in rows if row.direction is Direction.IN]
    lost = [n for n, row in enumerate(heard, start=1) if row.body_sealed is None]
    first = heard[lost[-1] :] if lost else heard
    return Past(
        talk_id,
        address.id,
        address.channel,
        sender,
        session.scalar(select(exists().where(OwnerAddress.address_id == address.id))) or False,
        list(_events(session, rows, {row.id for row in first}, sender)),
        {row.turn or 0: shown(*_words(session, row)) for row in rows if _is_reply(row)},
        len(heard) - len(first),
    )


def shown(text: str, options: Sequence[Option]) -> str:
    """A message as it is compared: its words, then its options."""
    labels = " ".join(f"[{option.label}]" for option in options)
    return f"{text}\n{labels}".strip()


def _is_reply(row: Message) -> bool:
    is_ours = row.direction is Direction.OUT and row.sent_by is None
    return is_ours and row.turn is not None and row.purpose is Purpose.REPLY


def _events(
    session: Session, rows: Sequence[Message], playable: set[UUID], sender: str
) -> Iterator[Heard | Asked]:
    asked = _questions(session, [row.id for row in rows if row.direction is Direction.OUT])
    for row in rows:
        if row.id in playable:
            yield _heard(session, row, sender)
        elif row.purpose is Purpose.REMINDER and row.about_id and _words(session, row)[1]:
            yield Asked("reminder", row.about_id, row.due_at)
        elif row.id in asked:
            yield asked[row.id]


def _heard(session: Session, row: Message, sender: str) -> Heard:
    body = json.loads(_open(session, row))
    words = {name: body.get(name, "") for name in ("text", "payload", "media", "opt_out")}
    said = Said("kept", row.provider_id or "", row.channel, sender, **words)
    return Heard(row.id, row.status_at, row.turn or 0, said, body)


def _words(session: Session, row: Message) -> tuple[str, Sequence[Option]]:
    if row.body_sealed is None:
        return "", ()
    body = outbox.unseal(session.info["vault"], row.body_sealed, row=row.id)
    return body.text, body.options


def _open(session: Session, row: Message) -> str:
    opened: str = session.info["vault"].open(row.body_sealed, where=BODY, row=row.id)
    return opened


def _questions(session: Session, message_ids: Sequence[UUID]) -> dict[UUID, Asked]:
    """The questions that these messages asked."""
    feedback = select(FeedbackInvitation).where(FeedbackInvitation.message_id.in_(message_ids))
    surveys = select(OwnerSurvey).where(OwnerSurvey.message_id.in_(message_ids))
    offers = select(WaitlistOffer).where(WaitlistOffer.message_id.in_(message_ids))
    found: dict[UUID | None, Asked] = {}
    for one in session.scalars(feedback):
        found[one.message_id] = Asked(
            "feedback", one.id, one.posted_at or one.due_at, one.answered_at
        )
    for each in session.scalars(surveys):
        found[each.message_id] = Asked(
            "survey", each.id, each.posted_at or each.due_at, each.answered_at
        )
    for offer in session.scalars(offers):
        found[offer.message_id] = Asked("waitlist", offer.id, offer.created_at)
    return {id_: asked for id_, asked in found.items() if id_}
