"""Campaigns and whatever was set for later: started, fanned out, followed, ended."""

import time
from contextlib import suppress
from uuid import UUID

from redis import RedisError

from bot.wiring import Wiring
from crm import campaigns
from crm.models import Lane
from workers.runtime import Counts, is_stopping, job

SLICE_S = 10.0
_FAN_OUT = "workers.campaigns.fan_out"


@job
def fan_out(wiring: Wiring) -> Counts:
    """Start what is due, and turn plans into messages, a transaction for each batch.

    What the outbox cannot take yet waits for the next run, which comes at once when this one has
    run out of time; the bulk lane's deliveries go in between.
    """
    until = time.monotonic() + SLICE_S
    counts = {"started": _start_due(wiring), "followed": _follow(wiring)}
    posted = more = 0
    while time.monotonic() < until and not is_stopping():
        more = sum(_fan_out(wiring, each) for each in _running(wiring))
        posted += more
        if not more:
            break
    if more:
        with suppress(RedisError):
            wiring.jobs.enqueue(Lane.BULK, _FAN_OUT)
    return {**counts, "posted": posted}


@job
def progress(wiring: Wiring) -> Counts:
    """Take in what became of campaigns' messages, and end those that have seen to everybody."""
    return {"followed": _follow(wiring), "completed": _finish(wiring)}


@job
def scheduled(wiring: Wiring, *, dry_run: bool = False) -> Counts:
    """End what is too late and wake the lanes where something is due; say what there is."""
    with wiring.transaction() as session:
        found = campaigns.process_scheduled(session, now=wiring.now(), dry_run=dry_run)
    return {
        "due": found.due,
        "claimed": found.claimed,
        "expired": found.expired,
        "campaigns_due": found.campaigns_due,
        "paused": len(found.paused_campaigns),
        "oldest_due_age_s": int(found.oldest_due_age_s),
    }


def _start_due(wiring: Wiring) -> int:
    started = 0
    while not is_stopping():
        with wiring.transaction() as session:
            if campaigns.start_due(session, now=wiring.now()) is None:
                break
        started += 1
    return started


def _follow(wiring: Wiring) -> int:
    with wiring.transaction() as session:
        return campaigns.follow(session, now=wiring.now())


def _running(wiring: Wiring) -> list[UUID]:
    with wiring.transaction() as session:
        return list(campaigns.running(session))


def _fan_out(wiring: Wiring, campaign_id: UUID) -> int:
    with wiring.transaction() as session:
        return campaigns.fan_out(session, campaign_id, now=wiring.now())


def _finish(wiring: Wiring) -> int:
    done = 0
    for campaign_id in _running(wiring):
        with wiring.transaction() as session:
            done += campaigns.finish(session, campaign_id, now=wiring.now())
    return done
