"""Steps of a payout from one status to the next, by people who may take them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from crm.kit.errors import Denied, Invalid, StaleVersion
from crm.kit.permissions import Actor, Permission
from crm.models import Payout, PayoutStatus
from crm.payouts import effects, notices, reading, risks
from crm.payouts.effects import Step, allowed_next, invalid
from crm.payouts.refusals import SecondFactorNeeded
from crm.payouts.writing import note

_S = PayoutStatus

NEED_A_REASON = {_S.REJECTED, _S.ON_HOLD, _S.CANCELLED, _S.FAILED, _S.REVERSED}
_SHORTEST_REASON = 5
_NEED_APPROVER = {_S.APPROVED, _S.REJECTED, _S.REVERSED}


def permission(to: PayoutStatus) -> Permission:
    """What one must hold to bring a payout to this status."""
    return Permission.PAYOUTS_APPROVE if to in _NEED_APPROVER else Permission.PAYOUTS_MOVE


def move(
    session: Session,
    payout_id: UUID,
    step: Step,
    *,
    by: Actor,
    now: datetime,
    needs_second_factor: bool = False,
) -> Payout:
    """Let a payout take a step; one that it has taken already changes nothing.

    Raises NotFound, Denied, FourEyes, SecondFactorNeeded, InvalidTransition, StaleVersion,
    Invalid, AlreadyCarried, BankAccountChanged, BankAccountNotReady, FiguresChanged.
    """
    payout = _find(session, payout_id, step.to, by=by)
    if _is_done(payout, step):
        return payout
    _check(payout, step)
    if needs_second_factor and permission(step.to) is Permission.PAYOUTS_APPROVE:
        require_strong(by)
    values = effects.before(session, payout, step, by=by, now=now)
    moved = _follow(session, _change(session, payout, step, by=by, now=now, **values), now=now)
    notices.tell(session, moved, now=now)
    return moved


def require_strong(by: Actor) -> None:
    """Raise SecondFactorNeeded unless the actor signed in with a second factor."""
    if not by.is_strongly_signed_in:
        raise SecondFactorNeeded("Sign in with your second factor to approve money.")


def submit_drafts(session: Session, payout_ids: Sequence[UUID], *, by: Actor, now: datetime) -> int:
    """Send drafts to the approver, those alone whose bank account nothing speaks against."""
    is_payable = ~Payout.risk_flags.overlap([risk.value for risk in risks.BANK])
    sent = session.scalars(
        update(Payout)
        .where(Payout.id.in_(payout_ids), Payout.status == _S.DRAFT, is_payable)
        .values(
            status=_S.PENDING_APPROVAL,
            submitted_by=by.id,
            version=Payout.version + 1,
            updated_at=now,
        )
        .returning(Payout.id)
        .execution_options(synchronize_session=False)
    ).all()
    note(session, sent, _S.PENDING_APPROVAL, by=by, now=now)
    return len(sent)


def _find(session: Session, payout_id: UUID, to: PayoutStatus, *, by: Actor) -> Payout:
    needed = permission(to)
    if not by.may(needed):
        raise Denied("You may not take this step.", needs=needed.value)
    payout = reading.get(session, payout_id, scope=by.scope(needed))
    # Held before money moves: of two people who press at once, the second sees what the first did.
    session.refresh(payout, with_for_update=True)
    return payout


def _is_done(payout: Payout, step: Step) -> bool:
    if payout.status is not step.to:
        return False
    is_payment = step.to is _S.COMPLETED and payout.net_kobo > 0
    if is_payment and step.provider_reference != payout.provider_reference:
        raise invalid(payout)
    return True


def _check(payout: Payout, step: Step) -> None:
    if payout.version != step.version:
        raise StaleVersion("Somebody changed this payout meanwhile.", version=payout.version)
    if step.to not in allowed_next(payout):
        raise invalid(payout)
    if step.to in NEED_A_REASON and len((step.reason or "").strip()) < _SHORTEST_REASON:
        raise Invalid("reason", "Say why, in five letters or more.", code="missing")


def _change(
    session: Session, payout: Payout, step: Step, *, by: Actor, now: datetime, **values: Any
) -> Payout:
    """The UPDATE that expects status and version, and its line in the history."""
    moved = session.scalar(
        update(Payout)
        .where(Payout.id == payout.id, Payout.status == payout.status)
        .where(Payout.version == step.version)
        .values(
            status=step.to,
            status_reason=step.reason,
            version=Payout.version + 1,
            updated_at=now,
            **values,
        )
        .returning(Payout)
        .execution_options(populate_existing=True, synchronize_session=False)
    )
    if moved is None:
        raise StaleVersion("Somebody changed this payout meanwhile.")
    note(session, [moved.id], step.to, by=by, now=now, reason=step.reason)
    return moved


def _follow(session: Session, payout: Payout, *, now: datetime) -> Payout:
    """Some steps lead straight on, and the house takes the next one itself."""
    house = Actor.system("GrandPro")
    if payout.status is _S.PENDING_APPROVAL and risks.Risk.BANK_CHANGED in payout.risk_flags:
        said = "The owner's bank account changed less than a week ago"
        step = Step(to=_S.ON_HOLD, version=payout.version, reason=said)
        return _change(session, payout, step, by=house, now=now)
    if payout.status is _S.APPROVED and not payout.net_kobo:
        step = Step(to=_S.COMPLETED, version=payout.version, reason="Nothing to pay")
        return _change(session, payout, step, by=house, now=now)
    return payout
