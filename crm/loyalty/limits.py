"""How many of a reward one member may have in a Lagos month, a year, or ever."""

from datetime import UTC, date, datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from crm.kit.clock import at_lagos, lagos_day
from crm.models import LimitPeriod

_EVER = datetime(2000, 1, 1, tzinfo=UTC)
_DECEMBER = 12

TAKEN = """(
    select coalesce(sum(quantity), 0) from reward_redemptions
    where account_id = :account_id and reward_id = :reward_id
      and status in ('pending', 'approved', 'fulfilled')
      and created_at >= cast(:since as timestamptz)
)"""
_TAKEN = text(f"select {TAKEN}")


def taken(session: Session, account_id: UUID, reward_id: UUID, *, since: datetime) -> int:
    """How many the member has had since then, those given back not counted."""
    wanted = {"account_id": account_id, "reward_id": reward_id, "since": since}
    return int(session.execute(_TAKEN, wanted).scalar_one())


def began(period: str, now: datetime) -> datetime:
    """When the period that holds this moment began."""
    day = lagos_day(now)
    if period == LimitPeriod.MONTH:
        return at_lagos(day.replace(day=1))
    return at_lagos(date(day.year, 1, 1)) if period == LimitPeriod.YEAR else _EVER


def resets_on(period: str, now: datetime) -> str | None:
    """The day on which the next period begins; None when there is none."""
    day = lagos_day(now)
    if period == LimitPeriod.YEAR or (period == LimitPeriod.MONTH and day.month == _DECEMBER):
        return date(day.year + 1, 1, 1).isoformat()
    if period == LimitPeriod.MONTH:
        return date(day.year, day.month + 1, 1).isoformat()
    return None
