"""The runs: a slot from the metronome, a slot that was missed, or a run by hand."""

import inspect
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import structlog
from rq.exceptions import DuplicateJobError

from bot.wiring import Wiring
from crm import jobs
from crm.kit.errors import DomainError, NotFound
from workers.calls import Counts, find, job, run
from workers.schedule.entries import JOB_TIMEOUT_S, Entry
from workers.schedule.table import SCHEDULE

log = structlog.get_logger()

RUN_SLOT = "workers.schedule.runs.run_slot"
_GRACE = timedelta(seconds=90)
_TRY_AGAIN_S = 300


class UnknownJob(NotFound, LookupError):
    """The table has no such entry."""

    code = "unknown_job"


class NoDryRun(DomainError):
    """This job cannot say what it would do without doing it."""

    code = "no_dry_run"


@job
def run_slot(wiring: Wiring, name: str, slot_iso: str) -> None:
    """Run an entry of the table for a slot."""
    run_entry(wiring, named(name), datetime.fromisoformat(slot_iso))


def run_now(wiring: Wiring, name: str, *, dry_run: bool = False) -> Counts:
    """Run an entry by hand and return its counts. Raises UnknownJob, NoDryRun."""
    entry = named(name)
    return try_entry(wiring, entry) if dry_run else run_entry(wiring, entry, wiring.now())


def run_entry(wiring: Wiring, entry: Entry, slot: datetime) -> Counts:
    """Run an entry for a slot and return its counts; a slot that has run is left alone."""
    if not entry.is_recorded:
        return run(wiring, entry.job, *entry.args) or {}
    with wiring.transaction() as session:
        if not jobs.begin(session, entry.name, slot, now=wiring.now()):
            return {}
    counts = _run_or_record_failure(wiring, entry, slot)
    with wiring.transaction() as session:
        jobs.finish(session, entry.name, slot, counts, now=wiring.now())
    return counts


def try_entry(wiring: Wiring, entry: Entry) -> Counts:
    """Return what a run would do, changing nothing. Raises NoDryRun."""
    if "dry_run" not in inspect.signature(find(entry.job)).parameters:
        raise NoDryRun(f"{entry.name} cannot say what it would do without doing it")
    return run(wiring, entry.job, *entry.args, dry_run=True) or {}


@job
def catch_up(wiring: Wiring) -> Counts:
    """Ask again for slots that did not end well: worker killed, database or queue lost.

    One that fails again is asked for again five minutes later.
    """
    return {"asked": ask_for_missed(wiring, SCHEDULE)}


def ask_for_missed(wiring: Wiring, entries: Iterable[Entry]) -> int:
    """Queue the newest slot of each recorded entry that no good run covers; how many."""
    now = wiring.now()
    slots = [(entry, entry.newest(now - _GRACE)) for entry in entries if entry.is_recorded]
    with wiring.transaction() as session:
        missed = [
            (entry, slot)
            for entry, slot in slots
            if jobs.is_missed(session, entry.name, slot, now=now)
        ]
    return sum(_ask_again(wiring, entry, slot) for entry, slot in missed)


def named(name: str) -> Entry:
    """Return the entry of this name. Raises UnknownJob."""
    for entry in SCHEDULE:
        if entry.name == name:
            return entry
    raise UnknownJob(f"no job is called {name}; there are: {', '.join(e.name for e in SCHEDULE)}")


def _run_or_record_failure(wiring: Wiring, entry: Entry, slot: datetime) -> Counts:
    try:
        return run(wiring, entry.job, *entry.args) or {}
    except Exception as error:
        with wiring.transaction() as session:
            jobs.fail(session, entry.name, slot, type(error).__name__, now=wiring.now())
        raise


def _ask_again(wiring: Wiring, entry: Entry, slot: datetime) -> int:
    """Queue the slot once more; while that job's name is remembered, not again."""
    try:
        wiring.jobs.queue(entry.lane).enqueue(
            RUN_SLOT,
            entry.name,
            slot.astimezone(UTC).isoformat(),
            job_id=f"again-{entry.slot_id(slot)}",
            unique=True,
            job_timeout=JOB_TIMEOUT_S,
            result_ttl=_TRY_AGAIN_S,
            failure_ttl=_TRY_AGAIN_S,
        )
    except DuplicateJobError:
        return 0
    log.warning("schedule.missed", entry=entry.name, slot=slot.isoformat())
    return 1
