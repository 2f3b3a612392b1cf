"""Keeping the house: dead holds, partitions, old rows, people left waiting."""

from bot.wiring import Wiring
from crm import (
    alerts,
    appointments,
    audit,
    dialogue_steps,
    idempotency,
    jobs,
    partitions,
    retention,
)
from workers.runtime import job


@job
def release_holds(wiring: Wiring) -> dict[str, int]:
    """Free the times whose ten minutes are over."""
    with wiring.transaction() as session:
        return {"released": appointments.release_dead_holds(session, now=wiring.now())}


@job
def make_partitions(wiring: Wiring) -> dict[str, int]:
    """Make the coming months' partitions."""
    with wiring.transaction() as session:
        return {"made": len(partitions.ensure(session, now=wiring.now()))}


@job
def purge(wiring: Wiring) -> dict[str, int]:
    """Drop what no longer serves: keys of old inbound messages, old job runs."""
    with wiring.transaction() as session:
        now = wiring.now()
        return {
            "inbound_keys": retention.purge_inbound_keys(session, now=now),
            "job_runs": jobs.purge(session, now=now),
            "idempotency_keys": idempotency.purge(session, now=now),
        }


@job
def alert_waiting(wiring: Wiring) -> dict[str, int]:
    """Tell the desk again of people who have waited long for an answer."""
    with wiring.transaction() as session:
        return {"alerted": alerts.remind_desk(session, now=wiring.now())}


@job
def seal_audit(wiring: Wiring) -> dict[str, int]:
    """Seal the audit log up to now, so that a later change shows."""
    with wiring.transaction() as session:
        return {"sealed": audit.seal_due(session, now=wiring.now())}


@job
def count_steps(wiring: Wiring) -> dict[str, int]:
    """Count how far yesterday's talks came, question by question."""
    with wiring.transaction() as session:
        return {"counted": dialogue_steps.count(session, now=wiring.now())}
