"""What the talk about codes asks of the house."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from conversations.desk import Answers, Desk, Outcome
from conversations.desk.members import own_scope, patient
from crm.kit.clock import lagos_day
from crm.kit.paging import PageRequest
from crm.loyalty import redemptions
from crm.loyalty.refusals import AlreadyDecided
from crm.models import Redemption, RedemptionStatus

_MOST = 5


def find_codes(desk: Desk, answers: Answers) -> Outcome:
    """The newest codes: the last four, what for, until when, and what became of them."""
    found = redemptions.search(
        desk.session,
        scope=own_scope(patient(desk, answers)),
        page=PageRequest(_MOST),
        patient_id=patient(desk, answers).id,
    )
    if not found.items:
        return "none", None
    names = redemptions.facts(desk.session, found.items)
    return "codes", [_row(desk, each, names[each.id][1]) for each in found.items]


def renew(desk: Desk, answers: Answers) -> Outcome:
    """Another code for a lost one; the old one is worth nothing any more."""
    redemption = _chosen(desk, answers)
    try:
        return "renewed", redemptions.renew(desk.session, redemption, now=desk.now)
    except AlreadyDecided:
        return "over", None


def give_back(desk: Desk, answers: Answers) -> Outcome:
    """The points instead of the reward."""
    redemption = _chosen(desk, answers)
    try:
        redemptions.cancel(
            desk.session, redemption, reason="given back by the member", by_id=None, now=desk.now
        )
    except AlreadyDecided:
        return "over", None
    return "returned", None


def _chosen(desk: Desk, answers: Answers) -> Redemption:
    scope = own_scope(patient(desk, answers))
    return redemptions.get(desk.session, UUID(answers["chosen"]["id"]), scope=scope)


def _row(desk: Desk, each: Redemption, name: str) -> dict[str, Any]:
    is_late = each.status in redemptions.OPEN and each.expires_at <= desk.now
    status = RedemptionStatus.EXPIRED if is_late else each.status
    day = each.expires_at - timedelta(microseconds=1)
    if each.fulfilled_at:
        day = each.fulfilled_at
    return {
        "id": str(each.id),
        "last4": each.code_last4,
        "reward": name,
        "points": each.points_spent,
        "status": status.value,
        "day": lagos_day(day).isoformat(),
    }
