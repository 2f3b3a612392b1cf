"""One turn: lock the talk, decide who answers, play, save, reply once.

All of it is one transaction of the door that called. Turns are serial per contact, because the
talk's row is locked, and a message the carrier brings twice finds itself already taken in.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy.orm import Session
from structlog.contextvars import bind_contextvars

from bot.channels.carrier import Option
from bot.texts import say
from bot.wiring import Wiring
from conversations.desk import Desk
from conversations.play import Play, Reply
from conversations.routing import Route, route
from conversations.said import Said, payload
from crm import gate, inbox, outbox
from crm.inbox import Heard, Talk
from crm.kit.ids import uuid7
from crm.kit.tokens import Links
from crm.models import Lane, Purpose

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class House:
    """What every turn must know of the house it speaks for."""

    languages: tuple[str, ...]
    links: Links

    @classmethod
    def of(cls, wiring: Wiring) -> "House":
        """From the wiring of the door."""
        return cls(wiring.settings.languages, wiring.links)


def take_turn(session: Session, said: Said, house: House, *, now: datetime) -> UUID | None:
    """Take in one message and answer it. Returns the reply's id; None for a repeat or silence."""
    message_id = uuid7()
    talk = receive(session, said, message_id=message_id, now=now)
    if talk is None:
        return None
    return answer(session, talk, said, house, message_id=message_id, now=now)


def receive(session: Session, said: Said, *, message_id: UUID, now: datetime) -> Talk | None:
    """Lock the sender's talk and claim the message for it; None when it was taken in before."""
    return inbox.receive(
        session,
        channel=said.channel,
        sender=said.sender,
        provider=said.provider,
        provider_id=said.provider_id,
        message_id=message_id,
        now=now,
    )


def answer(
    session: Session, talk: Talk, said: Said, house: House, *, message_id: UUID, now: datetime
) -> UUID | None:
    """Play one message of a locked talk and post what is said back."""
    bind_contextvars(conversation_id=str(talk.id), message_id=str(message_id))
    was = _where(talk)
    decided = route(talk, said, languages=house.languages, now=now)
    desk = Desk(session, talk, said.channel, message_id, house.languages, house.links, now)
    reply = Play(desk, said).take(decided)
    body = _as_kept(said, decided, has_words=desk.keeps_words)
    heard = Heard(message_id, said.channel, said.provider_id, answers_turn=talk.turn, body=body)
    talk.heard_at = now
    if reply:
        talk.turn += 1
        talk.asked_at = now if reply.asks else talk.asked_at
    inbox.finish(session, talk, heard, now=now)
    bind_contextvars(turn=f"{was} > {_where(talk)}")
    log.info("turn.taken", channel=said.channel, route=decided.to)
    return _post(session, talk, said, reply, now) if reply else None


def _where(talk: Talk) -> str:
    return f"{talk.dialogue}.{talk.state}" if talk.dialogue else "idle"


def _as_kept(said: Said, decided: Route, *, has_words: bool) -> dict[str, str]:
    text = said.text if has_words else ""
    kept = {"text": text, "payload": said.payload, "media": said.media, "route": decided.to}
    return {key: value for key, value in kept.items() if value}


def _post(session: Session, talk: Talk, said: Said, reply: Reply, now: datetime) -> UUID:
    """The reply, its options carrying the turn they belong to.

    They have just written, so unless something holds the address the gate need not ask.
    """
    known = None if talk.is_suppressed else gate.Facts(said.channel, heard_at=now)
    return outbox.post(
        session,
        address_id=talk.address_id,
        channel=said.channel,
        text=reply.text,
        options=[
            Option(payload(talk.turn, option.id), option.label, option.description)
            for option in reply.options
        ],
        button_word=say("options", "choose", talk.language or "en", said.channel),
        purpose=Purpose.REPLY,
        lane=Lane.URGENT,
        conversation_id=talk.id,
        patient_id=talk.patient_id,
        owner_id=talk.owner_id,
        turn=talk.turn,
        facts=known,
        now=now,
    )
