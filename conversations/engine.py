"""One turn: lock the talk, decide who answers, play, save, reply once.

All of it is one transaction of the door that called. Turns are serial per contact, because the
talk's row is locked, and a message the carrier brings twice finds itself already taken in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.orm import Session
from structlog.contextvars import bind_contextvars

from bot.channels.carrier import Channel, Option
from bot.texts import say
from bot.wiring import Wiring
from conversations.desk import Desk
from conversations.play import Play, Reply
from conversations.renamed import RENAMED, catch_up
from conversations.routing import Route, route
from conversations.said import Said, payload
from crm import gate, inbox, outbox
from crm.inbox import Heard, Talk
from crm.kit.ids import uuid7
from crm.kit.tokens import Links
from crm.models import Address, Lane, Purpose
from crm.outbox import Draft

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class House:
    """What every turn must know of the house it speaks for."""

    languages: tuple[str, ...]
    links: Links
    numbers: Mapping[Channel, str] = field(default_factory=dict)
    """Where people write to us, by channel."""

    @classmethod
    def of(cls, wiring: Wiring) -> "House":
        """From the wiring of the door."""
        settings = wiring.settings
        numbers = {
            Channel.WHATSAPP: settings.twilio_whatsapp_number,
            Channel.SMS: settings.twilio_phone_number,
        }
        return cls(settings.languages, wiring.links, numbers)


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
    session: Session,
    talk: Talk,
    said: Said,
    house: House,
    *,
    message_id: UUID,
    was_kept: bool = False,
    now: datetime,
) -> UUID | None:
    """Play one message of a locked talk and post what is said back.

    `was_kept` says that the message waited for this, written down as unanswered.
    """
    bind_contextvars(conversation_id=str(talk.id), message_id=str(message_id))
    was, answers_turn = talk.stands_at, talk.turn
    desk = Desk(
        session,
        talk,
        said.channel,
        message_id,
        house.languages,
        house.links,
        now,
        numbers=house.numbers,
    )
    language = talk.language
    decided, reply = play(desk, said)
    body = _as_kept(said, decided, desk, language)
    heard = Heard(message_id, said.channel, said.provider_id, answers_turn, body=body)
    known = None if talk.is_suppressed else gate.Facts(said.channel, heard_at=now)
    draft = _draft(talk, said.channel, reply, known) if reply else None
    posted = outbox.prepare(session, draft, now=now) if draft else None
    inbox.finish(session, talk, heard, now=now, reply=posted, was_kept=was_kept)
    bind_contextvars(turn=f"{was} > {talk.stands_at}")
    log.info("turn.taken", channel=said.channel, route=decided.to)
    return posted["id"] if posted else None


def play(
    desk: Desk, said: Said, *, renamed: Mapping[str, str] = RENAMED
) -> tuple[Route, Reply | None]:
    """Decide and play: what is said back, and the talk as it leaves it, in memory."""
    talk = desk.talk
    catch_up(talk, renamed)
    decided = route(talk, said, languages=desk.languages, now=desk.now)
    reply = Play(desk, said).take(decided)
    talk.heard_at = desk.now
    if reply:
        talk.turn += 1
        talk.asked_at = desk.now if reply.asks else talk.asked_at
    return decided, reply


def _as_kept(said: Said, decided: Route, desk: Desk, language: str | None) -> dict[str, Any]:
    """What was said, and all it takes to play it again; of nameless words nothing is kept."""
    kept: dict[str, Any] = {"payload": said.payload, "media": said.media, "route": decided.to}
    kept |= {"opt_out": said.opt_out, "language": language}
    if desk.keeps_words:
        kept |= {"text": said.text, "house": desk.minutes.kept}
    return {key: value for key, value in kept.items() if value} | desk.minutes.met


def hand_back(session: Session, talk_id: UUID, house: House, *, now: datetime) -> None:
    """After a person: say that the bot answers again, and go on where it stopped."""
    talk = inbox.take_up(session, talk_id)
    channel = session.get_one(Address, talk.address_id).channel
    desk = Desk(
        session, talk, channel, uuid7(), house.languages, house.links, now, numbers=house.numbers
    )
    reply = Play(desk, Said("house", "", channel, "")).take(Route("handed_back"))
    if reply is None:
        return
    talk.turn, talk.asked_at = talk.turn + 1, now
    inbox.leave(session, talk, now=now)
    outbox.post_many(session, [_draft(talk, channel, reply)], now=now)


def _draft(talk: Talk, channel: Channel, reply: Reply, facts: gate.Facts | None = None) -> Draft:
    """The reply, its options carrying the turn they belong to.

    They have just written, so unless something holds the address the gate need not ask for facts.
    """
    return Draft(
        address_id=talk.address_id,
        channel=channel,
        text=reply.text,
        options=[
            Option(payload(talk.turn, option.id), option.label, option.description)
            for option in reply.options
        ],
        button_word=say("options", "choose", talk.language or "en", channel),
        purpose=Purpose.REPLY,
        lane=Lane.URGENT,
        conversation_id=talk.id,
        patient_id=talk.patient_id,
        owner_id=talk.owner_id,
        turn=talk.turn,
        facts=facts,
    )
