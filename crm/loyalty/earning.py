"""Earning: what an event is worth, and writing it down once."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, column, select, text
from sqlalchemy.orm import Session

from crm.kit.clock import at_lagos, lagos_day
from crm.loyalty import accounts, debts, ledger, validity
from crm.loyalty.ledger import Credit
from crm.loyalty.refusals import (
    AccountFrozen,
    AlreadyAwarded,
    CapReached,
    NotAwarded,
    NothingEarned,
    RuleInactive,
)
from crm.models import EarningRule, PointsKind, PointsTransaction

_LOCK = text("""
    select a.id, a.status, r.points, r.kobo_per_point, r.most_points, r.daily_cap,
           r.valid_months, r.is_qualifying
    from loyalty_points a, earning_rules r
    where a.patient_id = :patient_id and r.code = :rule and r.is_active
    for no key update of a
""").columns(
    column("id"),
    column("status"),
    column("points"),
    column("kobo_per_point"),
    column("most_points"),
    column("daily_cap"),
    column("valid_months"),
    column("is_qualifying"),
)


@dataclass(frozen=True, slots=True)
class Award:
    """What somebody got, and where their account stands then."""

    transaction_id: UUID
    account_id: UUID
    points: int
    available: int
    qualifying: int
    tier: str
    tier_before: str

    @property
    def is_promotion(self) -> bool:
        """True when it brought a new tier."""
        return self.tier != self.tier_before


def award(
    session: Session,
    *,
    patient_id: UUID,
    rule: str,
    source_type: str,
    source_id: UUID,
    now: datetime,
    amount_kobo: int = 0,
) -> Award | None:
    """Give what the rule gives for this event, once, and open an account where there is none.

    None when it earns nothing: given before, daily cap reached, amount too small, rule switched
    off, account frozen. Two round trips: the account locked, then the points written.
    """
    try:
        return earn(
            session,
            patient_id=patient_id,
            rule=rule,
            source_type=source_type,
            source_id=source_id,
            now=now,
            amount_kobo=amount_kobo,
        )
    except (NotAwarded, AccountFrozen):
        return None


def earn(
    session: Session,
    *,
    patient_id: UUID,
    rule: str,
    source_type: str,
    source_id: UUID,
    now: datetime,
    amount_kobo: int = 0,
    reason: str | None = None,
    actor_id: UUID | None = None,
) -> Award:
    """Give the same, or say why not.

    Raises AlreadyAwarded, CapReached, NothingEarned, RuleInactive, AccountFrozen; then nothing
    has changed.
    """
    found = _locked(session, patient_id, rule, now)
    accounts.refuse_unless_active(found.status)
    given = Credit(
        account_id=found.id,
        kind=PointsKind.EARN,
        points=_worth(found, amount_kobo),
        expires_at=validity.month_end(now, found.valid_months),
        is_qualifying=found.is_qualifying,
        rule=rule,
        source_type=source_type,
        source_id=source_id,
        reason=reason,
        actor_id=actor_id,
        daily_cap=found.daily_cap,
        today=at_lagos(lagos_day(now)) if found.daily_cap else None,
    )
    return _written(session, given, now=now)


def give(session: Session, given: Credit, *, now: datetime) -> Award | None:
    """Write points in on a locked account and pay what is owed; None as `ledger.credit`."""
    written = ledger.credit(session, given, now=now)
    if written is None:
        return None
    id_, after = written
    paid = debts.collect(session, given.account_id, now=now) if after.owed else 0
    return Award(
        transaction_id=id_,
        account_id=given.account_id,
        points=given.points,
        available=after.available - paid,
        qualifying=after.qualifying,
        tier=after.tier,
        tier_before=after.tier_before,
    )


def worth(rule: EarningRule | Row[Any], amount_kobo: int) -> int:
    """What the rule gives: its points, or whole points for the amount, at most so many."""
    points: int = rule.points or amount_kobo // (rule.kobo_per_point or 1)
    return min(points, rule.most_points) if rule.most_points else points


def _worth(rule: Row[Any], amount_kobo: int) -> int:
    points = worth(rule, amount_kobo)
    if points <= 0:
        raise NothingEarned("The amount is too small for a point.")
    return points


def _locked(session: Session, patient_id: UUID, rule: str, now: datetime) -> Row[Any]:
    """The account, ours now, with the rule; opened when it is the patient's first."""
    wanted = {"patient_id": patient_id, "rule": rule}
    found = session.execute(_LOCK, wanted).one_or_none()
    if found is None:
        accounts.enrol(session, patient_id, now=now)
        found = session.execute(_LOCK, wanted).one_or_none()
    if found is None:
        raise RuleInactive(f"There is no earning rule {rule} in force.")
    return found


def _written(session: Session, given: Credit, *, now: datetime) -> Award:
    awarded = give(session, given, now=now)
    if awarded is not None:
        return awarded
    before = session.scalar(
        select(PointsTransaction.id).where(
            PointsTransaction.rule == given.rule,
            PointsTransaction.source_type == given.source_type,
            PointsTransaction.source_id == given.source_id,
        )
    )
    if before is not None:
        raise AlreadyAwarded("These points were given before.", transaction_id=before)
    raise CapReached("No more of these points today.", daily_cap=given.daily_cap)
