"""Monthly partitions of what was said: made ahead, kept apart, detached when old."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from crm.kit.clock import lagos
from crm.kit.ids import uuid7_floor

PARTITIONED = ("messages", "message_attempts")


def ensure(session: Session, *, now: datetime, months_ahead: int = 2) -> list[str]:
    """Make this month's partitions and the next ones. Returns the names of those made.

    The bounds are ids: a version 7 id carries its time. A default partition, made by the
    migration, catches what no month holds.
    """
    months = [_month(now, ahead) for ahead in range(-1, months_ahead + 1)]
    spans = zip(months, [*months[1:], _month(now, months_ahead + 1)], strict=True)
    wanted = [(f"{table}_{a:%Y_%m}", table, a, b) for a, b in spans for table in PARTITIONED]
    return [name for name, table, a, b in wanted if _make(session, name, table, a, b)]


def _month(now: datetime, ahead: int) -> datetime:
    first = lagos(now).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    year, month = divmod(first.year * 12 + first.month - 1 + ahead, 12)
    return first.replace(year=year, month=month + 1)


def _make(session: Session, name: str, table: str, since: datetime, until: datetime) -> bool:
    if session.scalar(text("select to_regclass(:name)"), {"name": name}):
        return False
    bounds = f"from ('{uuid7_floor(since)}') to ('{uuid7_floor(until)}')"
    session.execute(text(f"create table {name} partition of {table} for values {bounds}"))
    return True
