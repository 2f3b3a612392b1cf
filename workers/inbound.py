"""Answers what could not be answered when it came in."""

from collections import Counter
from datetime import timedelta
from uuid import UUID

import structlog

from bot.wiring import Wiring
from conversations import engine, unanswered
from conversations.engine import House
from conversations.said import Said
from crm import inbox, jobs
from workers.runtime import job

log = structlog.get_logger()

PROVIDER = "twilio"
LOOK_BACK = timedelta(minutes=30)
LONGEST_LOOK_BACK = timedelta(days=3)


@job
def answer_waiting(wiring: Wiring) -> dict[str, int]:
    """Play every message whose answer is due again. Returns how each ended."""
    with wiring.transaction() as session:
        due = inbox.unanswered(session, now=wiring.now())
    return dict(Counter(_answer(wiring, message_id) for message_id in due))


@job
def take_in_missed(wiring: Wiring) -> dict[str, int]:
    """Take in what the carrier received while our door was shut; the rest is known and left.

    Looks back to the last good look, half an hour at least and three days at most.
    """
    missed = 0
    with wiring.transaction() as session:
        looked_at = jobs.last_done(session, "missed")
    newest = wiring.now() - LOOK_BACK
    since = max(min(looked_at or newest, newest), wiring.now() - LONGEST_LOOK_BACK)
    for each in wiring.carrier.received(since=since):
        said = Said(PROVIDER, each.provider_id, each.channel, each.sender, each.text)
        missed += said.is_from_a_person and _take_in(wiring, said)
    return {"missed": missed}


def _take_in(wiring: Wiring, said: Said) -> bool:
    """True when it was new. One whose turn fails is kept, and keeps no other waiting."""
    try:
        with wiring.transaction() as session:
            house = House.of(wiring)
            return engine.take_turn(session, said, house, now=wiring.now()) is not None
    except Exception:  # whatever it is, the message is kept and the next one is not held up
        log.exception("turn.failed", provider_id=said.provider_id)
    with wiring.transaction() as session:
        unanswered.keep(session, said, now=wiring.now())
    return True


def _answer(wiring: Wiring, message_id: UUID) -> str:
    try:
        with wiring.transaction() as session:
            house = House.of(wiring)
            unanswered.play_again(session, message_id, house, now=wiring.now())
    except Exception:  # a later try, or a person, follows
        log.exception("turn.failed_again", message_id=str(message_id))
        return _postpone(wiring, message_id)
    return "answered"


def _postpone(wiring: Wiring, message_id: UUID) -> str:
    """Leave it for later, or to a person; one that not even this can be done with stays alone."""
    try:
        with wiring.transaction() as session:
            return unanswered.give_up_or_postpone(session, message_id, now=wiring.now())
    except Exception:  # one that nobody can open must not block the others
        log.exception("turn.stuck", message_id=str(message_id))
    return "stuck"
