"""Payouts made by hand."""

from datetime import date

import pytest

from crm import payouts
from crm.kit.errors import Invalid
from crm.models import PayoutKind
from crm.payouts import Extra
from crm.payouts.refusals import (
    ContractInactive,
    DuplicatePeriod,
    NegativeNet,
    PeriodOpen,
    TotalMismatch,
)
from tests.crm.payout_steps.orders import S, order
from tests.crm.payroll import (
    approved,
    check_all,
    earn,
)


def test_a_bonus_is_drafted_by_hand_and_taxed(session, house, now):
    made = payouts.draft(
        session,
        order(house, kind=PayoutKind.BONUS, amount_kobo=100_000, expected_net_kobo=90_000),
        by=house.ngozi,
        now=now,
    )
    assert (made.status, made.wht_kobo, made.net_kobo) == (S.DRAFT, 10_000, 90_000)
    check_all(session)


@pytest.mark.parametrize(
    ("refusal", "more"),
    [
        (TotalMismatch, {"amount_kobo": 100, "expected_net_kobo": 100}),
        (NegativeNet, {"amount_kobo": 100, "adjustments": (Extra("Diesel", -100, "Why"),)}),
        (
            ContractInactive,
            {"amount_kobo": 1, "period_start": date(2025, 1, 1), "period_end": date(2025, 1, 9)},
        ),
        (Invalid, {"amount_kobo": 0}),
        (Invalid, {"amount_kobo": 1, "period_end": date(2026, 9, 1)}),
        (Invalid, {"kind": PayoutKind.MONTHLY, "period_end": date(2026, 10, 30)}),
        (Invalid, {"kind": PayoutKind.MONTHLY, "gross_revenue_kobo": 5}),
        (
            PeriodOpen,
            {
                "kind": PayoutKind.MONTHLY,
                "period_start": date(2026, 11, 1),
                "period_end": date(2026, 11, 30),
            },
        ),
    ],
)
def test_what_cannot_be_drafted_by_hand(session, house, now, refusal, more):
    with pytest.raises(refusal):
        payouts.draft(session, order(house, **more), by=house.ngozi, now=now)


def test_a_month_is_drafted_once_by_hand_or_by_run(session, house, payout, now):
    with pytest.raises(DuplicatePeriod) as refusal:
        payouts.draft(session, order(house, kind=PayoutKind.MONTHLY), by=house.ngozi, now=now)
    assert refusal.value.facts == {"existing_id": str(payout.id)}


def test_the_revenue_can_be_stated_with_a_reason_and_is_not_looked_up_at_approval(
    session, house, now
):
    stated = order(
        house, kind=PayoutKind.MONTHLY, gross_revenue_kobo=5_000_000, notes="Books were lost"
    )
    made = payouts.draft(session, stated, by=house.ngozi, now=now)
    earn(session, house.hospital, 1_000)
    assert approved(session, house, made, now=now).gross_kobo == 5_000_000
