"""Seals: a chain of hashes over each hospital's events, made afterwards so that no write waits.

A seal covers the events recorded in [since, until). `until` never passes the start of the oldest
transaction that has written and is still open, so no event can appear inside a sealed stretch. Its
digest is
SHA-256 over the digest before it and every event's canonical text; whoever changes, removes or
adds a row changes it. Keep the newest digests elsewhere too: `audit verify` prints them.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from crm.kit.ids import uuid7
from crm.models import AuditEvent, AuditSeal

_MARGIN = timedelta(seconds=5)
_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
_HORIZON = text("""
    select least(clock_timestamp() - :margin, min(xact_start))
    from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and backend_xid is not null
""")
_COLUMNS = [column for column in AuditEvent.__table__.columns if column.name != "seq"]


@dataclass(frozen=True, slots=True)
class Broken:
    """A seal whose stretch does not hash to what it says."""

    hospital_id: UUID | None
    n: int
    since: datetime
    until: datetime
    expected: int
    found: int

    def __str__(self) -> str:
        """Say where, and what may have happened."""
        chain = self.hospital_id or "the group"
        what = "changed" if self.expected == self.found else f"{self.found} of {self.expected} left"
        return f"{chain}: seal {self.n}, {self.since} to {self.until}: {what}"


def seal_due(session: Session, *, now: datetime, margin: timedelta = _MARGIN) -> int:
    """Seal each chain, but for the last moments; returns how many events. One sealer at a time."""
    session.execute(text("select pg_advisory_xact_lock(hashtext('audit_seals'))"))
    until: datetime = session.scalar(_HORIZON, {"margin": margin}) or now
    sealed = 0
    for chain in session.scalars(select(AuditEvent.hospital_id).distinct()).all():
        sealed += _seal(session, chain, until, now)
    session.flush()
    return sealed


def verify(session: Session) -> tuple[list[Broken], dict[UUID | None, bytes]]:
    """Recompute every seal; returns the broken ones and the newest digest of each chain."""
    broken: list[Broken] = []
    newest: dict[UUID | None, bytes] = {}
    seals = session.scalars(
        select(AuditSeal).order_by(AuditSeal.hospital_id.nulls_first(), AuditSeal.n)
    ).all()
    ends: dict[UUID | None, tuple[int, datetime]] = {}
    for seal in seals:
        before = newest.get(seal.hospital_id, b"")
        count, digest = _digest(session, seal.hospital_id, seal.since, seal.until, before)
        n, end = ends.get(seal.hospital_id, (0, _BEGINNING))
        is_next = seal.n == n + 1 and seal.since == end
        if digest != seal.digest or count != seal.count or not is_next:
            broken.append(_broken(seal, count))
        newest[seal.hospital_id] = seal.digest
        ends[seal.hospital_id] = (seal.n, seal.until)
    return broken, newest


def _broken(seal: AuditSeal, count: int) -> Broken:
    return Broken(seal.hospital_id, seal.n, seal.since, seal.until, seal.count, count)


def _seal(session: Session, chain: UUID | None, until: datetime, now: datetime) -> int:
    last = session.scalar(
        select(AuditSeal)
        .where(AuditSeal.hospital_id.is_not_distinct_from(chain))
        .order_by(AuditSeal.n.desc())
        .limit(1)
    )
    since = last.until if last else _BEGINNING
    count, digest = _digest(session, chain, since, until, last.digest if last else b"")
    if not count:
        return 0
    session.add(
        AuditSeal(
            id=uuid7(),
            hospital_id=chain,
            n=last.n + 1 if last else 1,
            since=since,
            until=until,
            count=count,
            digest=digest,
            sealed_at=now,
        )
    )
    return count


def _digest(
    session: Session, chain: UUID | None, since: datetime, until: datetime, before: bytes
) -> tuple[int, bytes]:
    rows = session.execute(
        select(*_COLUMNS)
        .where(AuditEvent.hospital_id.is_not_distinct_from(chain))
        .where(AuditEvent.recorded_at >= since, AuditEvent.recorded_at < until)
        .order_by(AuditEvent.recorded_at, AuditEvent.id)
        .execution_options(yield_per=2_000)
    )
    return _hash(before, rows)


def _hash(before: bytes, rows: Iterable[Row[Any]]) -> tuple[int, bytes]:
    digest, count = hashlib.sha256(before), 0
    for row in rows:
        digest.update(_canonical(row))
        count += 1
    return count, digest.digest()


def _canonical(row: Sequence[Any]) -> bytes:
    plain = [_utc(value) if isinstance(value, datetime) else value for value in row]
    return json.dumps(plain, default=str, separators=(",", ":")).encode() + b"\n"


def _utc(at: datetime) -> str:
    """One moment has one text, whatever time zone a connection shows it in."""
    return at.astimezone(UTC).isoformat()
