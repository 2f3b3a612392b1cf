"""Earning: what an event is worth, and writing it down once.

The award itself is the function `award_points` of the database: one round trip, in which the
account is locked by one statement and what the award rests on is read by the next.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from crm.kit import driver
from crm.kit.errors import DomainError
from crm.kit.ids import uuid7
from crm.loyalty import accounts, debts, ledger
from crm.loyalty.ledger import Credit
from crm.loyalty.refusals import (
    AccountFrozen,
    AlreadyAwarded,
    CapReached,
    NotAwarded,
    NothingEarned,
    RuleInactive,
)

WORTH = "least(coalesce(r.points, g.amount_kobo / r.kobo_per_point), r.most_points)"
"""Points of a rule `r` for an event `g`: its own, or whole ones for the money, at most so many."""
MONTH_END = (
    "(date_trunc('month', g.at at time zone 'Africa/Lagos')"
    " + make_interval(months => r.valid_months + 1)) at time zone 'Africa/Lagos'"
)
"""When what a rule `r` gives for an event `g` ends: as `validity.month_end`."""

_GIVEN = "given"
_COLUMNS = "outcome, account_id, points, available, qualifying, tier, tier_before, owed, detail"


def _called(amount: str) -> str:
    return f"""
        award_points(
            %(patient_id)s, %(rule)s, %(source_type)s, %(source_id)s, {amount}, %(reason)s,
            %(actor_id)s, %(now)s, %(id)s
        )
    """


_AWARD = f"select {_COLUMNS} from {_called('%(amount_kobo)s')}"  # noqa: S608 -- our own pieces
# The amount waits for the count of what was opened, so that the function sees the new account.
_OPEN_AND_AWARD = f"""
    with opened as ({accounts.OPEN} returning 1)
    select {_COLUMNS}
    from (select count(*) from opened) as accounts(opened),
        lateral {_called("%(amount_kobo)s + 0 * accounts.opened")} as given
"""  # noqa: S608 -- our own pieces


class _Found(NamedTuple):
    """What the function says became of it; a credit by hand tells the same of the account."""

    outcome: str
    account_id: UUID
    points: int
    available: int
    qualifying: int
    tier: str
    tier_before: str
    owed: int
    detail: str | None


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
    off, account frozen. One round trip.
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
    event = {
        "patient_id": patient_id,
        "rule": rule,
        "source_type": source_type,
        "source_id": source_id,
        "amount_kobo": amount_kobo,
        "reason": reason,
        "actor_id": actor_id,
        "now": now,
        "id": uuid7(),
    }
    found = _award(session, event)
    if found.outcome == "not_enrolled":
        found = _award(session, event | accounts.new(patient_id, now=now), _OPEN_AND_AWARD)
    if found.outcome != _GIVEN:
        raise _refusal(found)
    return _awarded(session, event["id"], found, now=now)


def give(session: Session, credit: Credit, *, now: datetime) -> Award:
    """Write points in by hand on a locked account, and pay what is owed."""
    id_, after = ledger.credit(session, credit, now=now)
    return _awarded(session, id_, after, now=now)


def _award(session: Session, event: Mapping[str, Any], statement: str = _AWARD) -> _Found:
    (row,) = driver.fetch(session, statement, event)
    return _Found(*row)


def _awarded(session: Session, id_: Any, after: Row[Any] | _Found, *, now: datetime) -> Award:
    paid = debts.collect(session, after.account_id, now=now) if after.owed else 0
    return Award(
        transaction_id=id_,
        account_id=after.account_id,
        points=after.points,
        available=after.available - paid,
        qualifying=after.qualifying,
        tier=after.tier,
        tier_before=after.tier_before,
    )


def _refusal(found: _Found) -> DomainError:
    match found.outcome:
        case "already_awarded":
            return AlreadyAwarded("These points were given before.", transaction_id=found.detail)
        case "cap_reached":
            return CapReached("No more of these points today.", daily_cap=int(found.detail or 0))
        case "nothing_earned":
            return NothingEarned("The amount is too small for a point.")
        case "account_frozen":
            return AccountFrozen(f"This account is {found.detail}.", account_status=found.detail)
    return RuleInactive("There is no such earning rule in force.")
