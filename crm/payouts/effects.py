"""What comes before a step: what it asks for, and what it changes besides the status."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from crm import bank_accounts, revenue
from crm.kit.errors import Invalid
from crm.kit.permissions import Actor
from crm.models import BankAccount, Payout, PayoutKind, PayoutStatus
from crm.models.payout import MOVES
from crm.payouts import reversals, risks, stale
from crm.payouts.refusals import (
    AlreadyCarried,
    BankAccountChanged,
    BankAccountNotReady,
    FiguresChanged,
    FourEyes,
    InvalidTransition,
)

_S = PayoutStatus

Values = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step that somebody wants a payout to take."""

    to: PayoutStatus
    version: int
    reason: str | None = None
    provider_reference: str | None = None
    paid_at: datetime | None = None
    failure_code: str | None = None


def allowed_next(payout: Payout) -> tuple[PayoutStatus, ...]:
    """What it may become."""
    return MOVES[payout.status]


def invalid(payout: Payout) -> InvalidTransition:
    """The refusal of a step that does not begin where the payout stands."""
    allowed = [status.value for status in allowed_next(payout)]
    said = f"From {payout.status} it may become: {', '.join(allowed) or 'nothing more'}."
    return InvalidTransition(said, **{"from": payout.status.value, "allowed": allowed})


def before(session: Session, payout: Payout, step: Step, *, by: Actor, now: datetime) -> Values:
    """Ask what the step asks for; returns the columns it sets besides the status.

    Raises FourEyes, Invalid, InvalidTransition, AlreadyCarried, BankAccountChanged,
    BankAccountNotReady, FiguresChanged.
    """
    effect = _EFFECTS.get(step.to)
    return effect(_Taking(session, payout, step, by, now)) if effect else {}


@dataclass(frozen=True, slots=True)
class _Taking:
    """A step being taken."""

    session: Session
    payout: Payout
    step: Step
    by: Actor
    now: datetime

    def submit(self) -> Values:
        """It goes to whichever account the owner has by now."""
        account = bank_accounts.active(self.session, self.payout.owner_id)
        if self.payout.status is _S.ON_HOLD and account is not None:
            _refuse_if_cooling(account, now=self.now)
        others = [flag for flag in self.payout.risk_flags if flag not in risks.BANK]
        flags = [risk.value for risk in risks.of_account(account, now=self.now)]
        return {
            "submitted_by": self.by.id,
            "approved_by": None,
            "approved_at": None,
            "bank_account_id": account and account.id,
            "risk_flags": [*others, *flags],
        }

    def approve(self) -> Values:
        """A second person, a safe account, and figures that hold when the month is closed."""
        payout = self.payout
        if self.by.id is None or self.by.id in {payout.created_by, payout.submitted_by}:
            raise FourEyes("Somebody else must approve what you drafted or submitted.")
        self._check_account()
        if payout.kind is PayoutKind.MONTHLY:
            revenue.close(self.session, payout.hospital_id, through=payout.period_end)
            if stale.is_outdated(self.session, payout):
                said = "Revenue or terms changed since: reject it and draft it again."
                raise FiguresChanged(said)
        return {"approved_by": self.by.id, "approved_at": self.now}

    def process(self) -> Values:
        """A new try begins without what was noted of the last one."""
        self._check_account()
        return {"failure_code": None}

    def complete(self) -> Values:
        """With the bank's word for it."""
        step = self.step
        if not step.provider_reference:
            raise Invalid("provider_reference", "Give the bank's reference.", code="missing")
        if step.paid_at is None:
            raise Invalid("paid_at", "Say when it was paid.", code="missing")
        if step.paid_at > self.now:
            raise Invalid("paid_at", "That moment has not come.", code="in_the_future")
        return {"provider_reference": step.provider_reference, "paid_at": step.paid_at}

    def fail(self) -> Values:
        """With the bank's code, when it gave one."""
        return {"failure_code": self.step.failure_code}

    def end(self) -> Values:
        """Its rest may not be part of a later payout; what it began with is free again."""
        if self.payout.carried_into_id is not None:
            raise AlreadyCarried("A later payout began with its rest: end that one first.")
        self.session.execute(
            update(Payout)
            .where(Payout.carried_into_id == self.payout.id)
            .values(carried_into_id=None)
            .execution_options(synchronize_session=False)
        )
        return {}

    def reverse(self) -> Values:
        """The money came back, so the owner's next payout begins with it."""
        if not self.payout.net_kobo:
            raise invalid(self.payout)
        reversals.make_good(self.session, self.payout, by=self.by, now=self.now)
        return {}

    def _check_account(self) -> None:
        if not self.payout.net_kobo:
            return
        account = bank_accounts.active(self.session, self.payout.owner_id)
        if account is None or account.verified_at is None:
            raise BankAccountNotReady("The owner has no verified bank account.")
        _refuse_if_cooling(account, now=self.now)
        if account.id != self.payout.bank_account_id:
            said = "The owner's account changed: put it on hold and submit it again."
            raise BankAccountChanged(said)


_EFFECTS: dict[PayoutStatus, Callable[[_Taking], Values]] = {
    _S.PENDING_APPROVAL: _Taking.submit,
    _S.APPROVED: _Taking.approve,
    _S.PROCESSING: _Taking.process,
    _S.COMPLETED: _Taking.complete,
    _S.FAILED: _Taking.fail,
    _S.CANCELLED: _Taking.end,
    _S.REJECTED: _Taking.end,
    _S.REVERSED: _Taking.reverse,
}


def _refuse_if_cooling(account: BankAccount, *, now: datetime) -> None:
    if bank_accounts.is_cooling(account, now=now):
        until = bank_accounts.cools_until(account)
        said = "The owner's account changed less than a week ago."
        raise BankAccountChanged(said, until=until and until.isoformat())
