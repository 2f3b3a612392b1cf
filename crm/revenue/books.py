"""How far the books of a hospital are closed, and in which month a late entry counts.

A payout that was approved has paid out of a month: from then on nothing more counts in it. What
comes later for that month, a refund say, counts on the first day that is still open, and a payout
shows it as an adjustment.
"""

from collections.abc import Collection
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from crm.models import RevenueClosing

DAY = timedelta(days=1)

# Those who write entries share it, the one who closes holds it alone.
_SHARE = text("select pg_advisory_xact_lock_shared(hashtextextended('revenue ' || :hospital, 0))")
_HOLD = text("select pg_advisory_xact_lock(hashtextextended('revenue ' || :hospital, 0))")


def close(session: Session, hospital_id: UUID, *, through: date) -> None:
    """Close the books of a hospital through the last day of a month; they never open again.

    Waits for entries being written. Close first, then work the payout out once more and compare,
    then approve: so no entry falls between the two.
    """
    session.execute(_HOLD, {"hospital": str(hospital_id)})
    statement = insert(RevenueClosing).values(hospital_id=hospital_id, closed_through=through)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["hospital_id"],
            set_={
                "closed_through": func.greatest(
                    RevenueClosing.closed_through, statement.excluded.closed_through
                )
            },
        ),
        execution_options={"synchronize_session": False},
    )


def closed_through(session: Session, hospital_id: UUID) -> date | None:
    """The last day on which nothing more counts; None while all is open."""
    return closings(session, [hospital_id]).get(hospital_id)


def closings(session: Session, hospital_ids: Collection[UUID]) -> dict[UUID, date]:
    """The same for several hospitals; those whose books are open are missing."""
    rows = session.execute(
        select(RevenueClosing.hospital_id, RevenueClosing.closed_through).where(
            RevenueClosing.hospital_id.in_(hospital_ids)
        )
    )
    return {row.hospital_id: row.closed_through for row in rows}


def keep_open(session: Session, hospital_ids: Collection[UUID]) -> dict[UUID, date]:
    """How far each is closed, and will stay so until this transaction ends."""
    for hospital_id in sorted(hospital_ids):
        session.execute(_SHARE, {"hospital": str(hospital_id)})
    return closings(session, hospital_ids)


def recognised_on(day: date, closed: date | None) -> date:
    """The day on which something of `day` counts, when the books are closed through `closed`."""
    return day if closed is None or day > closed else closed + DAY
