"""What somebody should look at before a payout is approved."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum

from crm import bank_accounts
from crm.models import BankAccount, PayoutKind
from crm.payouts.gathering import History
from crm.payouts.inputs import Figures


class Risk(StrEnum):
    """One reason to look twice."""

    FIRST_PAYOUT = "first_payout"
    UNUSUALLY_HIGH = "unusually_high"
    """More than 95 of a hundred of the contract's last twelve."""
    DUPLICATE_AMOUNT = "duplicate_amount"
    """The owner gets the same amount for the same time already."""
    OUT_OF_ORDER = "out_of_order"
    """A later month of the contract was drafted before."""
    CARRIED = "carried"
    """Too little to pay; it goes into the next payout."""
    DEBT = "debt"
    """Below zero; the next payout begins with it."""
    BANK_MISSING = "bank_missing"
    BANK_UNVERIFIED = "bank_unverified"
    BANK_CHANGED = "bank_changed"
    """The account took the place of another less than a week ago."""


BANK = {Risk.BANK_MISSING, Risk.BANK_UNVERIFIED, Risk.BANK_CHANGED}
_ENOUGH = 3
"""Below so many payouts nothing is called unusual."""


def of(
    figures: Figures,
    *,
    kind: PayoutKind,
    history: History,
    account: BankAccount | None,
    now: datetime,
) -> list[Risk]:
    """Every reason to look twice at a payout, in the order of the list above."""
    return [*_of_amount(figures, kind, history), *of_account(account, now=now)]


def of_account(account: BankAccount | None, *, now: datetime) -> list[Risk]:
    """Why money should not go to this account now."""
    if account is None:
        return [Risk.BANK_MISSING]
    found = [Risk.BANK_UNVERIFIED] if account.verified_at is None else []
    return [*found, *([Risk.BANK_CHANGED] if bank_accounts.is_cooling(account, now=now) else [])]


def _of_amount(figures: Figures, kind: PayoutKind, history: History) -> Iterator[Risk]:
    if kind is PayoutKind.MONTHLY and not history.number:
        yield Risk.FIRST_PAYOUT
    if history.number >= _ENOUGH and figures.net_kobo > history.high_kobo:
        yield Risk.UNUSUALLY_HIGH
    if figures.net_kobo and figures.net_kobo in history.amounts:
        yield Risk.DUPLICATE_AMOUNT
    if kind is PayoutKind.MONTHLY and history.has_later:
        yield Risk.OUT_OF_ORDER
    if figures.carry_out_kobo > 0:
        yield Risk.CARRIED
    if figures.carry_out_kobo < 0:
        yield Risk.DEBT
