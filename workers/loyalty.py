"""Points by the clock: expiry at midnight, notices before it, codes too late, the nightly check."""

from collections import Counter

import structlog

from bot.wiring import Wiring
from crm import loyalty
from workers.runtime import Counts, is_stopping, job

log = structlog.get_logger()


@job
def expire(wiring: Wiring) -> Counts:
    """Take out the points whose month is over, a thousand members to a transaction."""
    counts: Counter[str] = Counter(accounts=0, points=0)
    while not is_stopping():
        with wiring.transaction() as session:
            accounts, points = loyalty.lapse(session, now=wiring.now())
        if not accounts:
            break
        counts.update(accounts=accounts, points=points)
    return dict(counts)


@job
def notify(wiring: Wiring) -> Counts:
    """Tell members of points that end within 30 days, and again within 7."""
    counts: Counter[str] = Counter(members=0, told=0)
    for days in loyalty.notices.DAYS_BEFORE:
        while not is_stopping():
            with wiring.transaction() as session:
                members, told = loyalty.notices.tell(session, days, now=wiring.now())
            if not members:
                break
            counts.update(members=members, told=told)
    return dict(counts)


@job
def close_late(wiring: Wiring) -> Counts:
    """Close codes that were not used in time and rewards whose time is over."""
    codes = 0
    while not is_stopping():
        with wiring.transaction() as session:
            closed = loyalty.redemptions.expire_late(session, now=wiring.now())
        if not closed:
            break
        codes += closed
    with wiring.transaction() as session:
        ended = loyalty.rewards.end_those_over(session, now=wiring.now())
    return {"codes": codes, "rewards": ended}


@job
def check(wiring: Wiring) -> Counts:
    """Ask the ten rules of the ledger; a broken one is an error in the log."""
    with wiring.transaction() as session:
        found = loyalty.invariants.check(session)
    for rule, times in found.items():
        if times:
            log.error("loyalty.rule_broken", rule=rule, times=times)
    return {rule.split()[0]: times for rule, times in found.items()}
