"""What the clock did: one row for each scheduled run that matters, so that a slot runs once."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, and_, delete, or_, select, update
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.orm import Session, aliased

from crm.models.job import JobRun, RunStatus

# Longer than any job may take, so a run this old has died with its worker.
ABANDONED = timedelta(minutes=15)
KEPT = timedelta(days=30)


def begin(session: Session, job: str, slot: datetime, *, now: datetime) -> bool:
    """Claim a slot of a job; False when it has run or is running.

    A run that failed, or that was abandoned, may be taken up again.
    """
    is_free = or_(
        JobRun.status == RunStatus.FAILED,
        and_(JobRun.status == RunStatus.RUNNING, JobRun.started_at < now - ABANDONED),
    )
    afresh = {"status": RunStatus.RUNNING, "started_at": now, "finished_at": None, "error": None}
    statement = (
        insert(JobRun)
        .values(job=job, slot=slot, **afresh)
        .on_conflict_do_update(index_elements=["job", "slot"], set_=afresh, where=is_free)
        .returning(JobRun.job)
    )
    return session.execute(statement).first() is not None


def finish(
    session: Session, job: str, slot: datetime, counts: Mapping[str, int], *, now: datetime
) -> None:
    """Record that the run ended well, and what it did."""
    _end(session, job, slot, status=RunStatus.DONE, counts=dict(counts), finished_at=now)


def fail(session: Session, job: str, slot: datetime, error: str, *, now: datetime) -> None:
    """Record that the run ended with an error; the slot may be taken up again."""
    _end(session, job, slot, status=RunStatus.FAILED, error=error, finished_at=now)


def last_run(session: Session, job: str) -> JobRun | None:
    """Return the run of the newest slot, however it went."""
    newest = select(JobRun).where(JobRun.job == job).order_by(JobRun.slot.desc()).limit(1)
    return session.scalars(newest).first()


def newest(session: Session) -> Sequence[JobRun]:
    """The newest run of each job, by name."""
    return session.scalars(
        select(JobRun).ext(distinct_on(JobRun.job)).order_by(JobRun.job, JobRun.slot.desc())
    ).all()


def last_done(session: Session, job: str) -> datetime | None:
    """When the newest run that ended well began."""
    done = select(JobRun.started_at).where(JobRun.job == job, JobRun.status == RunStatus.DONE)
    return session.scalars(done.order_by(JobRun.slot.desc()).limit(1)).first()


def is_missed(session: Session, job: str, slot: datetime, *, now: datetime) -> bool:
    """True when the slot should have been covered by a run by now, and was not.

    Any good run that began after the slot covers it. A job that never ran waits for its next slot.
    """
    last = last_run(session, job)
    if last is None:
        return False
    if last.status is RunStatus.FAILED:
        return last.slot <= slot
    if last.status is RunStatus.RUNNING:
        return last.started_at < now - ABANDONED
    return last.started_at < slot


def purge(session: Session, *, now: datetime) -> int:
    """Delete the rows older than 30 days, but never a job's newest; how many."""
    newer = aliased(JobRun)
    is_succeeded = (
        select(newer.job).where(newer.job == JobRun.job, newer.slot > JobRun.slot).exists()
    )
    result = session.execute(delete(JobRun).where(JobRun.slot < now - KEPT, is_succeeded))
    return cast("CursorResult[Any]", result).rowcount


def _end(session: Session, job: str, slot: datetime, **values: object) -> None:
    session.execute(update(JobRun).where(JobRun.job == job, JobRun.slot == slot).values(**values))
