"""What privacy's clocks say: requests that are due, breaches nobody has reported."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm.kit.clock import lagos_day
from crm.models import Breach, DataRequest, RequestStatus

_SOON = timedelta(days=5)
_HOURS_BEFORE = timedelta(hours=24)


def due(session: Session, *, now: datetime) -> dict[str, int]:
    """How many requests are late or due within five days, breaches late or due within a day."""
    today = lagos_day(now)
    is_open = DataRequest.status == RequestStatus.OPEN
    is_secret = Breach.reported_at.is_(None) & Breach.closed_at.is_(None)
    asked = session.execute(
        select(
            func.count().filter(DataRequest.due_on < today),
            func.count().filter(DataRequest.due_on.between(today, today + _SOON)),
        ).where(is_open)
    ).one()
    broken = session.execute(
        select(
            func.count().filter(Breach.notify_by < now),
            func.count().filter(Breach.notify_by.between(now, now + _HOURS_BEFORE)),
        ).where(is_secret)
    ).one()
    return {
        "requests_late": asked[0],
        "requests_due": asked[1],
        "breaches_late": broken[0],
        "breaches_due": broken[1],
    }
