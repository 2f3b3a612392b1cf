"""How the service itself does: delivery, speed, errors, jobs."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from prometheus_client.samples import Sample
from sqlalchemy import ColumnElement, exists, func, or_, select, true
from sqlalchemy.orm import Session

from bot import metrics
from bot.channels.carrier import Channel
from crm.analytics.wanted import Wanted, nonzero
from crm.kit.ids import uuid7_floor
from crm.kit.intervals import Rate
from crm.kit.permissions import Scope
from crm.models import (
    Direction,
    JobRun,
    Message,
    MessageStatus,
    Owner,
    Patient,
    RunStatus,
)

PENDING_FOR = timedelta(hours=72)
"""After so long without a receipt a message counts as not delivered."""
_LONGEST_WAIT = timedelta(days=95)
_M = MessageStatus
_ACCEPTED = (_M.ACCEPTED, _M.SENT, _M.DELIVERED, _M.READ, _M.UNDELIVERED)
_ARRIVED = (_M.DELIVERED, _M.READ)
_WITHOUT_RECEIPT = (_M.ACCEPTED, _M.SENT)
SATISFIED_S, TOLERATED_S = 0.25, 1.0
"""The bounds of Apdex that the histogram can tell apart."""
_NOBODYS = {"/healthz", "/readyz", "/metrics"}
"""Routes that no person waits for."""
_SERVER_ERROR = 500
_CLIENT_ERROR = 400


@dataclass(frozen=True, slots=True)
class RouteTimes:
    """How long answers of one route took, since this machine's processes began to count."""

    route: str
    requests: int
    p50_s: float | None
    p95_s: float | None
    p99_s: float | None
    """None beyond the last bound of the histogram."""
    apdex: float


@dataclass(frozen=True, slots=True)
class System:
    """The figures of the service."""

    delivery: Mapping[str, Rate]
    errors: Rate
    refused: Mapping[str, int]
    """Answers that said no, by status code."""
    jobs_failed: Rate
    routes: Sequence[RouteTimes]
    as_of: datetime


def system(session: Session, wanted: Wanted, *, scope: Scope, now: datetime) -> System:
    """Count what concerns the service; requests since the start, the rest in the window."""
    by_status = _answers()
    return System(
        delivery=_delivery(session, wanted, scope, now),
        errors=Rate(
            sum(n for status, n in by_status.items() if status >= _SERVER_ERROR),
            sum(by_status.values()),
        ),
        refused={
            str(status): n
            for status, n in sorted(by_status.items())
            if _CLIENT_ERROR <= status < _SERVER_ERROR
        },
        jobs_failed=_jobs(session, wanted),
        routes=list(_routes()),
        as_of=now,
    )


# -- messages and jobs ----------------------------------------------------------------------------


def _delivery(session: Session, wanted: Wanted, scope: Scope, now: datetime) -> dict[str, Rate]:
    """Delivered or read, of what a carrier took and had three days to deliver, by channel."""
    is_fresh = Message.due_at > now - PENDING_FOR
    waits = Message.status.in_(_WITHOUT_RECEIPT)
    counts = Message.status.in_(_ACCEPTED) & ~(waits & is_fresh)
    rows = session.execute(
        select(
            Message.channel,
            func.count().filter(Message.status.in_(_ARRIVED)),
            func.count().filter(counts),
            func.count().filter(waits & is_fresh),
            func.count().filter(Message.status == _M.SUPPRESSED),
        )
        .where(Message.direction == Direction.OUT, ~Message.is_test)
        .where(Message.id >= uuid7_floor(wanted.window.begins_at - _LONGEST_WAIT))
        .where(wanted.window.holds(Message.due_at), *_people_of(wanted, scope))
        .group_by(Message.channel)
        .order_by(Message.channel)
    )
    return {
        Channel(channel): Rate(
            arrived,
            counted,
            nonzero({"waiting for a receipt": fresh, "suppressed": suppressed}),
        )
        for channel, arrived, counted, fresh, suppressed in rows
    }


def _people_of(wanted: Wanted, scope: Scope) -> list[ColumnElement[bool]]:
    """A hospital's messages are those with its people."""
    places = [scope, Scope(frozenset({wanted.hospital_id}))] if wanted.hospital_id else [scope]
    return [
        or_(
            exists().where(Patient.id == Message.patient_id, each.where(Patient.home_hospital_id)),
            exists().where(Owner.id == Message.owner_id, each.where(Owner.hospital_id)),
        )
        if each.hospitals is not None
        else true()
        for each in places
    ]


def _jobs(session: Session, wanted: Wanted) -> Rate:
    """Scheduled runs that failed, of those that ended."""
    failed, ended, running = session.execute(
        select(
            func.count().filter(JobRun.status == RunStatus.FAILED),
            func.count().filter(JobRun.status != RunStatus.RUNNING),
            func.count().filter(JobRun.status == RunStatus.RUNNING),
        ).where(wanted.window.holds(JobRun.started_at))
    ).one()
    return Rate(failed, ended, nonzero({"running": running}))


# -- requests -------------------------------------------------------------------------------------


def _answers() -> dict[int, int]:
    """How many answers of each status code."""
    found: dict[int, int] = defaultdict(int)
    for sample in _samples("http_requests"):
        if sample.name.endswith("_total") and sample.labels["status"].isdecimal():
            found[int(sample.labels["status"])] += int(sample.value)
    return found


def _routes() -> Iterator[RouteTimes]:
    """The times of each route, the busiest first."""
    buckets: dict[str, dict[float, int]] = defaultdict(dict)
    for sample in _samples("http_request_seconds"):
        route = sample.labels["route"]
        if sample.name.endswith("_bucket") and route not in _NOBODYS:
            bound = float(sample.labels["le"])
            buckets[route][bound] = buckets[route].get(bound, 0) + int(sample.value)
    busiest = sorted(buckets.items(), key=lambda each: -max(each[1].values()))
    return (_times(route, sorted(counted.items())) for route, counted in busiest)


def _times(route: str, counted: Sequence[tuple[float, int]]) -> RouteTimes:
    total = counted[-1][1]
    below = dict(counted)
    satisfied, tolerated = below.get(SATISFIED_S, 0), below.get(TOLERATED_S, 0)
    apdex = (satisfied + (tolerated - satisfied) / 2) / total if total else 1.0
    p50, p95, p99 = (quantile(counted, share) for share in (0.5, 0.95, 0.99))
    return RouteTimes(route, total, p50, p95, p99, apdex)


def quantile(counted: Sequence[tuple[float, int]], share: float) -> float | None:
    """The value below which this share lies, from (bound, how many up to it), rising.

    Within a bucket the values are taken as even, as Prometheus does; None beyond the last bound.
    """
    wanted = share * counted[-1][1]
    for (low, before), (high, upto) in pairwise([(0.0, 0), *counted]):
        if upto >= wanted and upto > before:
            is_open = high == float("inf")
            return None if is_open else low + (high - low) * (wanted - before) / (upto - before)
    return None


def _samples(name: str) -> Iterator[Sample]:
    for family in metrics.registry().collect():
        if family.name == name:
            yield from family.samples
