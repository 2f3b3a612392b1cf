"""Answers what could not be answered when it came in."""

from collections import Counter
from datetime import timedelta
from uuid import UUID

import structlog

from bot.wiring import Wiring
from conversations import engine, unanswered
from conversations.engine import House
from conversations.said import Said
from crm import inbox
from workers.runtime import job

log = structlog.get_logger()

PROVIDER = "twilio"
LOOK_BACK = timedelta(minutes=30)


@job
def answer_waiting(wiring: Wiring) -> dict[str, int]:
    """Play every message whose answer is due again. Returns how each ended."""
    with wiring.transaction() as session:
        due = inbox.unanswered(session, now=wiring.now())
    return dict(Counter(_answer(wiring, message_id) for message_id in due))


@job
def take_in_missed(wiring: Wiring) -> dict[str, int]:
    """Take in what the carrier received while our door was shut; the rest is known and left."""
    missed = 0
    for each in wiring.carrier.received(since=wiring.now() - LOOK_BACK):
        said = Said(PROVIDER, each.provider_id, each.channel, each.sender, each.text)
        with wiring.transaction() as session:
            house = House.of(wiring)
            missed += engine.take_turn(session, said, house, now=wiring.now()) is not None
    return {"missed": missed}


def _answer(wiring: Wiring, message_id: UUID) -> str:
    try:
        with wiring.transaction() as session:
            house = House.of(wiring)
            unanswered.play_again(session, message_id, house, now=wiring.now())
    except Exception:
        log.exception("turn.failed_again", message_id=str(message_id))
        with wiring.transaction() as session:
            return unanswered.give_up_or_postpone(session, message_id, now=wiring.now())
    return "answered"
