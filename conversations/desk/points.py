"""What the talk about points asks of the house."""

from datetime import datetime, timedelta

from conversations.desk import Answers, Desk, Outcome
from conversations.desk.members import account_of
from crm.kit.clock import lagos_day
from crm.kit.paging import PageRequest
from crm.loyalty import history, tiers
from crm.loyalty.history import Wanted
from crm.models import LoyaltyAccount, LoyaltyStatus, PointsTransaction

_LINES = 6
_ENDS = 3


def find_account(desk: Desk, answers: Answers) -> Outcome:
    """The balance, the tier, what is missing to the next, and what ends soonest."""
    account = account_of(desk, answers)
    if account is None:
        return "no_account", None
    steps = tiers.ladder(desk.session)
    above = tiers.next_above(steps, account)
    return "account", {
        "points": account.available,
        "owed": account.owed,
        "is_frozen": account.status is not LoyaltyStatus.ACTIVE,
        "tier": next(step.name for step in steps if step.code == account.tier),
        "next_tier": above.name if above else None,
        "missing": max(above.min_points - account.qualifying, 0) if above else 0,
        "ends": _ends(desk, account, limit=1),
    }


def find_history(desk: Desk, answers: Answers) -> Outcome:
    """The next few movements, newest first."""
    account = account_of(desk, answers)
    if account is None:
        return "no_account", None
    page = PageRequest(_LINES, answers.get("cursor"))
    found = history.search(desk.session, account, Wanted(), page=page)
    return "page", {"movements": [_line(row) for row in found.items], "cursor": found.next_cursor}


def find_sources(desk: Desk, answers: Answers) -> Outcome:
    """What the balance adds up from, and what of it ends when."""
    account = account_of(desk, answers)
    if account is None:
        return "no_account", None
    sums = [[name, points] for name, points in history.sums(desk.session, account).items()]
    return "sources", {
        "points": account.available,
        "qualifying": account.qualifying,
        "sums": sums,
        "ends": _ends(desk, account, limit=_ENDS),
    }


def _ends(desk: Desk, account: LoyaltyAccount, *, limit: int) -> list[list[object]]:
    ends = history.expiring(desk.session, account, limit=limit)
    return [[points, _last_day(at)] for at, points in ends.items()]


def _last_day(ends: datetime) -> str:
    return lagos_day(ends - timedelta(microseconds=1)).isoformat()


def _line(row: PointsTransaction) -> list[object]:
    return [lagos_day(row.at).isoformat(), row.points, row.rule or row.kind.value]
