"""Messages whose turn failed: kept at once, played again with pauses, then given to a person."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from bot.texts import say
from conversations import engine
from conversations.engine import House
from conversations.said import Said
from crm import alerts, inbox, outbox
from crm.inbox import Heard, Waiting
from crm.kit.ids import uuid7
from crm.models import Lane, Purpose

_KEPT = ("text", "payload", "media", "name", "opt_out")


def keep(session: Session, said: Said, *, now: datetime) -> None:
    """Keep a message that could not be answered now; a repeat changes nothing."""
    message_id = uuid7()
    talk = engine.receive(session, said, message_id=message_id, now=now)
    if talk is None:
        return
    body = {name: getattr(said, name) for name in _KEPT if getattr(said, name)}
    heard = Heard(message_id, said.channel, said.provider_id, answers_turn=talk.turn, body=body)
    inbox.keep(session, talk, heard, now=now)


def play_again(session: Session, message_id: UUID, house: House, *, now: datetime) -> bool:
    """Answer a kept message. False when it has been answered meanwhile."""
    waiting = inbox.reopen(session, message_id)
    if waiting is None:
        return False
    said = _said(waiting)
    engine.answer(session, waiting.talk, said, house, message_id=message_id, was_kept=True, now=now)
    return True


def give_up_or_postpone(session: Session, message_id: UUID, *, now: datetime) -> str:
    """After another failure: a later try, or a person. Returns "postponed" or "given up"."""
    waiting = inbox.reopen(session, message_id)
    if waiting is None:
        return "answered"
    attempts = waiting.attempts + 1
    if attempts < len(inbox.RETRY):
        inbox.postpone(session, message_id, attempts=attempts, now=now)
        return "postponed"
    _give_to_a_person(session, waiting, message_id, now)
    return "given up"


def _give_to_a_person(session: Session, waiting: Waiting, message_id: UUID, now: datetime) -> None:
    """The contact is told, the desk is told, and the talk waits for a person."""
    talk = waiting.talk
    alerts.ask_for_person(session, talk, reason="failed", now=now)
    talk.dialogue, talk.state = "person", "waiting"
    talk.heard_at = now
    heard = Heard(message_id, waiting.channel, waiting.provider_id, talk.turn, waiting.body)
    inbox.finish(session, talk, heard, now=now, was_kept=True)
    outbox.post(
        session,
        address_id=talk.address_id,
        channel=waiting.channel,
        text=say("common", "trouble", talk.language or "en", waiting.channel),
        purpose=Purpose.REPLY,
        lane=Lane.URGENT,
        conversation_id=talk.id,
        patient_id=talk.patient_id,
        now=now,
    )


def _said(waiting: Waiting) -> Said:
    kept = {name: waiting.body.get(name, "") for name in _KEPT}
    overtaken = waiting.is_overtaken
    return Said("kept", waiting.provider_id, waiting.channel, "", is_overtaken=overtaken, **kept)
