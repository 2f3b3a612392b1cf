"""What members are told before points end: 30 and 7 days ahead, once for each day of expiry."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from bot.texts import dates, say, spoken_to
from crm import outbox, patients
from crm.kit.clock import lagos_day
from crm.models import Lane, Patient, Purpose
from crm.outbox import Draft, Template

DAYS_BEFORE = (30, 7)
FACTS = ("first_name", "points", "day")
"""In the order in which a template numbers them."""
_A_DAY = timedelta(days=1)

# The notice of seven days stands for that of thirty, where points come in that late.
_CLAIM = text("""
    with due as (
        select l.account_id, l.expires_at, cast(sum(l.remaining) as bigint) as points
        from loyalty_lots l
        join loyalty_points a on a.id = l.account_id and a.status = 'active'
        where l.remaining > 0 and l.expires_at > :after and l.expires_at <= :until
          and not exists (
            select from loyalty_expiry_notices n
            where n.account_id = l.account_id and n.expires_at = l.expires_at
              and n.days_before = :days_before
          )
        group by l.account_id, l.expires_at
        order by l.account_id, l.expires_at limit :limit
    ), told as (
        insert into loyalty_expiry_notices (account_id, expires_at, days_before, at)
        select account_id, expires_at, :days_before, :now from due
        on conflict do nothing
        returning account_id, expires_at
    )
    select due.account_id, due.expires_at, due.points, a.patient_id
    from told
    join due on due.account_id = told.account_id and due.expires_at = told.expires_at
    join loyalty_points a on a.id = due.account_id
""")
_NOTE = text("""
    update loyalty_expiry_notices n set message_id = told.message_id
    from unnest(cast(:accounts as uuid[]), cast(:moments as timestamptz[]),
                cast(:messages as uuid[])) as told (account_id, expires_at, message_id)
    where n.account_id = told.account_id and n.expires_at = told.expires_at
      and n.days_before = :days_before
""")


def tell(session: Session, days_before: int, *, now: datetime, limit: int = 200) -> tuple[int, int]:
    """Tell the members whose points end within so many days; how many claimed, how many told.

    One message for all points that end together. Whom nothing reaches is told nothing.
    """
    nearer = max((days for days in DAYS_BEFORE if days < days_before), default=0)
    due = session.execute(
        _CLAIM,
        {
            "after": now + timedelta(days=nearer),
            "until": now + timedelta(days=days_before),
            "days_before": days_before,
            "limit": limit,
            "now": now,
        },
    ).all()
    drafts = [(each, draft) for each in due if (draft := _draft(session, each)) is not None]
    ids = outbox.post_many(session, [draft for _, draft in drafts], now=now)
    _note(session, [each for each, _ in drafts], ids, days_before)
    return len(due), len(drafts)


def template_name(language: str) -> str:
    """What the carrier calls the approved text."""
    return f"points_expiring_v2_{language}"


def _draft(session: Session, due: Row[Any]) -> Draft | None:
    address = patients.best_address(session, due.patient_id)
    if address is None:
        return None
    patient = session.get_one(Patient, due.patient_id)
    language = spoken_to(patient.language)
    said = {
        "first_name": patient.first_name,
        "points": f"{due.points:,}",
        "day": dates.day(lagos_day(due.expires_at - _A_DAY), language),
    }
    return Draft(
        address_id=address.id,
        channel=address.channel,
        text=say("loyalty", "expiring", language, address.channel, **said),
        subject=say("loyalty", "expiring_subject", language, address.channel, **said),
        purpose=Purpose.LOYALTY,
        lane=Lane.BULK,
        template=Template(template_name(language), tuple(said[name] for name in FACTS)),
        patient_id=patient.id,
        about_id=due.account_id,
        expires_at=due.expires_at,
    )


def _note(
    session: Session, told: Sequence[Row[Any]], messages: Sequence[UUID], days_before: int
) -> None:
    session.execute(
        _NOTE,
        {
            "accounts": [each.account_id for each in told],
            "moments": [each.expires_at for each in told],
            "messages": messages,
            "days_before": days_before,
        },
    )
