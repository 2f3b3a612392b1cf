"""Answers what could not be answered when it came in."""

from collections import Counter
from uuid import UUID

import structlog

from bot.wiring import Wiring
from conversations import unanswered
from conversations.engine import House
from crm import inbox
from workers.runtime import job

log = structlog.get_logger()


@job
def answer_waiting(wiring: Wiring) -> dict[str, int]:
    """Play every message whose answer is due again. Returns how each ended."""
    with wiring.transaction() as session:
        due = inbox.unanswered(session, now=wiring.now())
    return dict(Counter(_answer(wiring, message_id) for message_id in due))


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
