"""A run of the reminders by hand: which, how many, and what became of each."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from crm.kit.tokens import Links
from crm.models import Message, MessageStatus, Reminder
from crm.reminders.posting import ALL, Which, count_due, post_batch

MOST = 5_000
_BATCH = 200
_IS_PENDING = text("appointment_reminders.status = 'pending'")


@dataclass(frozen=True, slots=True)
class Report:
    """What a run found and did. `sent` are in the outbox and leave at once."""

    due: int
    claimed: int = 0
    sent: int = 0
    skipped: int = 0
    left: int = 0
    """Their patients are writing to us at this moment; the next run finds them."""
    deferred: Counter[str] = field(default_factory=Counter)
    suppressed: Counter[str] = field(default_factory=Counter)
    oldest_due_age_s: int = 0


def process(
    session: Session,
    *,
    now: datetime,
    limit: int = MOST,
    which: Which = ALL,
    forms: Links | None = None,
    dry_run: bool = False,
) -> Report:
    """Post what is due, up to `limit`, and say what the gate made of it.

    Two runs at once share the work: what one has locked, the other skips. With `dry_run` only
    what is due is counted.
    """
    due, age_s = count_due(session, now=now, which=which), _oldest_age_s(session, now, which)
    if dry_run:
        return Report(due, oldest_due_age_s=age_s)
    counts: Counter[str] = Counter()
    posted: list[UUID] = []
    while (done := counts["posted"] + counts["skipped"]) < limit:
        batch, ids = post_batch(
            session,
            now=now,
            limit=min(_BATCH, limit - done),
            forms=forms,
            which=which,
        )
        counts["posted"] += batch["posted"]
        counts["skipped"] += batch["skipped"]
        counts["left"] = batch["left"]
        posted += ids
        if not batch["posted"] + batch["skipped"]:
            break
    fates = _fates(session, posted, now)
    return Report(
        due=due,
        claimed=counts["posted"] + counts["skipped"] + counts["left"],
        sent=counts["posted"] - fates["deferred"].total() - fates["suppressed"].total(),
        skipped=counts["skipped"],
        left=counts["left"],
        deferred=fates["deferred"],
        suppressed=fates["suppressed"],
        oldest_due_age_s=age_s,
    )


def _oldest_age_s(session: Session, now: datetime, which: Which) -> int:
    oldest = session.scalar(
        select(func.min(Reminder.due_at)).where(_IS_PENDING, *which.conditions(now))
    )
    return int((now - oldest).total_seconds()) if oldest else 0


def _fates(session: Session, posted: Sequence[UUID], now: datetime) -> dict[str, Counter[str]]:
    """How many of these messages the gate stopped, or put off, for which reason."""
    fates = {"deferred": Counter[str](), "suppressed": Counter[str]()}
    rows = session.execute(
        select(Message.status, Message.reason, func.count())
        .where(Message.id.in_(posted))
        .where((Message.status == MessageStatus.SUPPRESSED) | (Message.due_at > now))
        .group_by(Message.status, Message.reason)
    )
    for status, reason, number in rows:
        is_stopped = status == MessageStatus.SUPPRESSED
        fates["suppressed" if is_stopped else "deferred"][reason or "later"] += number
    return fates
