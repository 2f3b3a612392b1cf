"""Delivery: drains a lane of the outbox to the carrier, batch by batch, and clears up doubts."""

import os
import time
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import cache
from operator import attrgetter
from uuid import UUID

import structlog
from redis import RedisError
from structlog.contextvars import bound_contextvars

from bot import metrics
from bot.channels.carrier import Ambiguous, CarrierError, NotSent, Refused
from bot.channels.errors import WINDOW_CLOSED
from bot.wiring import Wiring
from crm import outbox
from crm.kit.crypto import CannotOpen
from crm.models import Lane
from crm.outbox import Claimed, Doubt, Outcome
from workers import typing
from workers.parcels import pack
from workers.runtime import Counts, is_stopping, job

log = structlog.get_logger()

SLICE_S = 20.0
# No sending starts later than this after the claim: the lease (30 s) must outlast the slowest
# one, or a message that has been given up for lost would still leave.
START_WITHIN_S = 12.0
THREADS = 8
# The account's credentials are refused, not the message: keep it until they are set right.
_NOT_THE_MESSAGE = {20003, 20005}


@job
def deliver(wiring: Wiring, lane: str) -> Counts:
    """Empty the lane, for at most a slice of time; then ask for another run."""
    # Before the first claim: whoever posts from now on asks for a run of their own.
    with suppress(RedisError):
        wiring.redis.delete(f"wake:{lane}")
    counts: Counter[str] = Counter()
    until = time.monotonic() + SLICE_S
    while time.monotonic() < until and not is_stopping():
        batch = _deliver_batch(wiring, Lane(lane))
        counts.update(outcome.word for outcome in batch)
        if not batch:
            return dict(counts)
    wiring.signal(lane)
    return dict(counts)


@job
def reap(wiring: Wiring) -> Counts:
    """Put in doubt what a sender that died, or hangs, has left behind."""
    with wiring.transaction() as session:
        return {"in doubt": outbox.reap(session, now=wiring.now())}


@job
def settle_unknown(wiring: Wiring) -> Counts:
    """Look up what is in doubt at the carrier, and decide."""
    with wiring.transaction() as session:
        doubts = outbox.unknown_due(session, now=wiring.now())
    counts: Counter[str] = Counter()
    until = time.monotonic() + SLICE_S
    for doubt in doubts:
        if time.monotonic() < until and not is_stopping():
            counts[_settle_doubt(wiring, doubt)] += 1
    return dict(counts)


# -- a batch --------------------------------------------------------------------------------------


def _deliver_batch(
    wiring: Wiring, lane: Lane, *, start_within_s: float = START_WITHIN_S
) -> list[Outcome]:
    """Claim, commit, send, settle, commit: the carrier is never called inside a transaction."""
    start_before = time.monotonic() + start_within_s
    with wiring.transaction() as session:
        claimed = outbox.claim(session, lane, now=wiring.now())
    if not claimed:
        return []
    outcomes = _send_all(wiring, claimed, start_before)
    with wiring.transaction() as session:
        outbox.settle(session, outcomes, now=wiring.now())
    _count(claimed, outcomes)
    typing.late(wiring, [outcome.message_id for outcome in outcomes if outcome.is_put_off])
    return outcomes


def _send_all(wiring: Wiring, claimed: Sequence[Claimed], start_before: float) -> list[Outcome]:
    """Send concurrently, what one person gets in order: each thread takes the next person's."""
    todo, outcomes = deque(_by_person(claimed)), list[Outcome]()
    helpers = min(THREADS, len(todo)) - 1
    at_work = [_pool().submit(_drain, wiring, todo, outcomes, start_before) for _ in range(helpers)]
    _drain(wiring, todo, outcomes, start_before)
    for helper in at_work:
        helper.result()
    return outcomes


def _by_person(claimed: Sequence[Claimed]) -> Iterable[list[Claimed]]:
    """The batch by address, oldest message first: an answer must not overtake an earlier one."""
    persons: dict[UUID, list[Claimed]] = {}
    for message in sorted(claimed, key=attrgetter("id")):
        persons.setdefault(message.address_id, []).append(message)
    return persons.values()


def _drain(
    wiring: Wiring, todo: deque[list[Claimed]], outcomes: list[Outcome], start_before: float
) -> None:
    while todo:
        with suppress(IndexError):
            for message in todo.popleft():
                outcomes.append(_attempt(wiring, message, start_before))  # noqa: PERF401 -- shared


def _attempt(wiring: Wiring, message: Claimed, start_before: float) -> Outcome:
    if time.monotonic() > start_before:
        return Outcome.put_back(message.id, message.n)
    with bound_contextvars(message_id=str(message.id)):
        return _send(wiring, message)


def _send(wiring: Wiring, message: Claimed) -> Outcome:
    """Hand it to the carrier, and say what became of it."""
    try:
        accepted = wiring.carrier.send(pack(wiring, message))
    except NotSent as error:
        return _not_sent(message, error)
    except Refused as error:
        return _refused(wiring, message, error)
    except Ambiguous as error:
        log.warning("message.unknown", reason=str(error))
        return Outcome.unknown(message.id, message.n, "the carrier gave no clear answer")
    except CannotOpen:
        log.exception("message.cannot_open")
        return Outcome.refused(message.id, message.n, None, "the message cannot be opened")
    except Exception:  # whatever it is, it must not leave the others of its batch in doubt
        log.exception("message.surprise")
        return Outcome.unknown(message.id, message.n, "sending broke off")
    return Outcome.accepted(message.id, message.n, accepted.provider_id)


def _not_sent(message: Claimed, error: NotSent) -> Outcome:
    log.warning("message.not_sent", reason=error.reason)
    return Outcome.not_sent(message.id, message.n, error.reason, retry_after_s=error.retry_after_s)


def _refused(wiring: Wiring, message: Claimed, error: Refused) -> Outcome:
    """A closed window is tried again as a template; bad credentials wait; the rest is final."""
    if error.code == WINDOW_CLOSED and not message.must_use_template:
        return _send(wiring, replace(message, must_use_template=True))
    log.warning("message.refused", error_code=error.code, reason=error.reason)
    if error.code in _NOT_THE_MESSAGE:
        return Outcome.not_sent(message.id, message.n, error.reason)
    return Outcome.refused(message.id, message.n, error.code, error.reason)


def _count(claimed: Sequence[Claimed], outcomes: Sequence[Outcome]) -> None:
    channels = {message.id: message.channel for message in claimed}
    ends = Counter((channels[outcome.message_id], outcome.word) for outcome in outcomes)
    for (channel, word), number in ends.items():
        metrics.messages_sent_total.labels(channel, word).inc(number)


@cache
def _pool() -> ThreadPoolExecutor:
    """This process's senders, beside the thread that runs the job."""
    return ThreadPoolExecutor(THREADS - 1, thread_name_prefix="send")


# Threads do not live on in a child: it starts its own.
os.register_at_fork(after_in_child=_pool.cache_clear)


# -- a doubt --------------------------------------------------------------------------------------


def _settle_doubt(wiring: Wiring, doubt: Doubt) -> str:
    """Ask the carrier between two transactions; say how it ended."""
    with bound_contextvars(message_id=str(doubt.message.id)):
        try:
            found = wiring.carrier.find(
                pack(wiring, doubt.message), since=doubt.message.attempted_at
            )
        except (CarrierError, CannotOpen) as error:
            log.warning("message.look_up_failed", reason=str(error))
            return "no answer"
    with wiring.transaction() as session:
        if any(outbox.adopt(session, doubt, each, now=wiring.now()) for each in found):
            return "found"
        is_decided = outbox.not_found(session, doubt, now=wiring.now())
    return "not found" if is_decided else "not found yet"
