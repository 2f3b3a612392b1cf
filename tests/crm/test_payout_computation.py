"""What an owner is due, step by step and for any terms."""

import json
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from crm.contracts import Deduction, Terms, Tier
from crm.models import Basis, ContractModel, PayoutKind, PayoutLine, TaxCategory
from crm.payouts import Extra, Inputs, Revenue, compute
from crm.payouts.compute import band, portion, prorated, slices
from crm.payouts.inputs import Arrears, fingerprint
from crm.payouts.statements.building import explained

NAIRA = 100
MILLION = 1_000_000 * NAIRA
TEN_PER_CENT = Terms(model=ContractModel.PERCENTAGE, share_bps=1_000, tax_category=TaxCategory.RENT)


def month(terms: Terms = TEN_PER_CENT, gross: int = 0, **more) -> Inputs:
    revenue = (Revenue("Consultation", charges_kobo=gross),) if gross else ()
    asked = {
        "kind": PayoutKind.MONTHLY,
        "period_start": date(2026, 10, 1),
        "period_end": date(2026, 10, 31),
        "contract_version": 1,
        "terms": terms,
        "active_days": 31,
        "revenue": revenue,
    }
    return Inputs(**{**asked, **more})


def steps(inputs: Inputs) -> list[tuple[str, int]]:
    return [(line.code, line.amount_kobo) for line in compute(inputs).lines]


# -- share ----------------------------------------------------------------------------------------


def test_a_percentage_of_what_is_left_of_the_charges():
    lines = (
        Revenue("Consultation", 5 * MILLION, -MILLION, -MILLION),
        Revenue("Laboratory", 2 * MILLION),
    )
    figures = compute(month(revenue=lines))
    assert (figures.gross_kobo, figures.share_kobo, figures.net_kobo) == (
        5 * MILLION,
        MILLION // 2,
        MILLION // 2,
    )


def test_what_the_contract_excludes_is_not_shared():
    terms = replace(TEN_PER_CENT, excluded_service_lines=("Pharmacy",))
    lines = (Revenue("Pharmacy", 9 * MILLION), Revenue("Laboratory", MILLION))
    assert compute(month(terms, revenue=lines)).gross_kobo == MILLION


TIERS = (Tier(5 * MILLION, 2_000), Tier(10 * MILLION, 1_500), Tier(None, 1_000))


def test_each_slice_has_its_own_rate():
    terms = replace(TEN_PER_CENT, model=ContractModel.MARGINAL_TIERS, share_bps=0, tiers=TIERS)
    assert steps(month(terms, gross=12 * MILLION)) == [
        ("tier", MILLION),
        ("tier", 75 * MILLION // 100),
        ("tier", 20 * MILLION // 100),
    ]


@pytest.mark.parametrize(
    ("gross", "bps"), [(0, 2_000), (5 * MILLION, 2_000), (5 * MILLION + 1, 1_500), (10**14, 1_000)]
)
def test_a_band_gives_its_rate_to_the_whole(gross, bps):
    terms = replace(TEN_PER_CENT, model=ContractModel.BAND_TIERS, share_bps=0, tiers=TIERS)
    assert band(terms, gross) == bps
    assert compute(month(terms, gross=gross)).share_kobo == portion(gross, bps)


def test_rent_and_a_share_beside_it_and_rent_for_the_days_the_contract_ran():
    terms = replace(TEN_PER_CENT, model=ContractModel.HYBRID, fixed_kobo=310_000)
    inputs = month(terms, gross=1_000_000, active_days=10)
    assert steps(inputs) == [("rent", 100_000), ("share", 100_000)]


# -- guarantee and cap ----------------------------------------------------------------------------


def test_a_guarantee_fills_up_what_is_missing():
    terms = replace(TEN_PER_CENT, minimum_guarantee_kobo=MILLION)
    assert steps(month(terms, gross=MILLION)) == [
        ("share", MILLION // 10),
        ("guarantee", 9 * MILLION // 10),
    ]
    assert steps(month(terms, gross=20 * MILLION)) == [("share", 2 * MILLION)]


def test_top_ups_are_taken_back_from_what_is_above_the_guarantee_alone():
    terms = replace(TEN_PER_CENT, minimum_guarantee_kobo=MILLION, is_guarantee_recoupable=True)
    weak = compute(month(terms, gross=4 * MILLION))
    assert weak.arrears == (Arrears("guarantee_recoup", 6 * MILLION // 10),)
    better = compute(month(terms, gross=13 * MILLION, arrears=weak.arrears))
    assert better.net_kobo == MILLION
    assert better.arrears == (Arrears("guarantee_recoup", 3 * MILLION // 10),)
    strong = compute(month(terms, gross=50 * MILLION, arrears=better.arrears))
    assert (strong.net_kobo, strong.arrears) == (5 * MILLION - 3 * MILLION // 10, ())


def test_a_cap_takes_off_what_is_above_it():
    terms = replace(TEN_PER_CENT, cap_kobo=MILLION)
    assert steps(month(terms, gross=15 * MILLION)) == [
        ("share", 15 * MILLION // 10),
        ("cap", -MILLION // 2),
    ]


# -- adjustments, deductions, tax -----------------------------------------------------------------


def test_a_late_refund_takes_back_its_share_and_the_guarantee_does_not_swallow_it():
    terms = replace(TEN_PER_CENT, minimum_guarantee_kobo=MILLION)
    lines = (Revenue("Consultation", MILLION, late_kobo=-MILLION),)
    figures = compute(month(terms, revenue=lines, tax_bps=1_000))
    assert figures.adjustments_kobo == -MILLION // 10
    assert figures.wht_kobo == 9 * MILLION // 100
    assert figures.net_kobo == 81 * MILLION // 100


def test_deductions_are_taken_in_order_until_nothing_is_left_and_the_rest_stays_owed():
    deductions = (
        Deduction("fee", "Fee", bps=500),
        Deduction("lease", "Lease", amount_kobo=60_000),
        Deduction("loan", "Loan", amount_kobo=70_000),
    )
    terms = replace(TEN_PER_CENT, deductions=deductions)
    figures = compute(month(terms, gross=MILLION // 100))
    assert [line.amount_kobo for line in figures.lines] == [100_000, -5_000, -60_000, -35_000]
    assert (figures.net_kobo, figures.arrears) == (0, (Arrears("loan", 35_000),))
    after = compute(month(terms, gross=MILLION, arrears=figures.arrears))
    assert ("deduction.loan", -105_000) in [(each.code, each.amount_kobo) for each in after.lines]
    assert after.arrears == ()


def test_a_deduction_takes_no_more_than_its_cap_in_one_month():
    loan = Deduction("loan", "Loan", amount_kobo=50_000, cap_kobo=60_000)
    terms = replace(TEN_PER_CENT, deductions=(loan,))
    figures = compute(month(terms, gross=MILLION, arrears=(Arrears("loan", 100_000),)))
    assert figures.deductions_kobo == 60_000
    assert figures.arrears == (Arrears("loan", 90_000),)


def test_tax_is_withheld_of_share_and_top_up_not_of_what_was_carried():
    terms = replace(TEN_PER_CENT, minimum_guarantee_kobo=200_000)
    carried = (Extra("Carried", 1_000_000),)
    figures = compute(month(terms, gross=MILLION // 100, tax_bps=500, carried_in=carried))
    assert figures.wht_kobo == 10_000


def test_too_little_to_pay_and_debts_are_carried():
    terms = replace(TEN_PER_CENT, minimum_payout_kobo=50_000)
    little = compute(month(terms, gross=400_000))
    assert (little.net_kobo, little.carry_out_kobo) == (0, 40_000)
    debt = compute(month(adjustments=(Extra("Diesel", -70_000, "bought for the owner"),)))
    assert (debt.net_kobo, debt.carry_out_kobo) == (0, -70_000)


def test_a_bonus_is_taxed_and_an_adjustment_carried_when_it_is_to_be():
    bonus = month(kind=PayoutKind.BONUS, amount_kobo=100_000, tax_bps=1_000)
    assert compute(bonus).net_kobo == 90_000
    back = month(kind=PayoutKind.ADJUSTMENT, amount_kobo=100_000, is_carried=True)
    assert (compute(back).net_kobo, compute(back).carry_out_kobo) == (0, 100_000)


# -- for any terms --------------------------------------------------------------------------------

KOBO = st.integers(0, 10**13)
SIGNED = st.integers(-(10**12), 10**13)
BPS = st.integers(0, 10_000)


@st.composite
def tiers(draw, rising=False):
    ends = sorted(draw(st.sets(st.integers(1, 10**13), max_size=4)))
    rates = [draw(BPS) for _ in range(len(ends) + 1)]
    rates = sorted(rates) if rising else rates
    return tuple(Tier(end, bps) for end, bps in zip([*ends, None], rates, strict=True))


@st.composite
def any_terms(draw):
    model = draw(st.sampled_from(ContractModel))
    guarantee = draw(st.just(0) | KOBO)
    cap = draw(st.none() | KOBO)
    return Terms(
        model=model,
        basis=draw(st.sampled_from(Basis)),
        tax_category=draw(st.sampled_from(TaxCategory)),
        share_bps=draw(st.integers(1, 10_000))
        if model in {ContractModel.PERCENTAGE, ContractModel.HYBRID}
        else 0,
        tiers=draw(tiers()) if "tiers" in model.value else (),
        fixed_kobo=draw(st.integers(1, 10**13))
        if model in {ContractModel.FIXED, ContractModel.HYBRID}
        else 0,
        minimum_guarantee_kobo=guarantee,
        is_guarantee_recoupable=draw(st.booleans()),
        cap_kobo=None if cap is None else min(10**13, max(cap, guarantee, 1)),
        deductions=tuple(
            Deduction(f"d{n}", "Deduction", **what, cap_kobo=draw(st.none() | KOBO))
            for n, what in enumerate(draw(st.lists(_DEDUCTED, max_size=3)))
        ),
        excluded_service_lines=draw(st.sampled_from([(), ("Pharmacy",)])),
        minimum_payout_kobo=draw(st.just(0) | KOBO),
    ).check()


_DEDUCTED = st.builds(lambda kobo: {"amount_kobo": kobo}, KOBO) | st.builds(
    lambda bps: {"bps": bps}, BPS
)
_REVENUE = st.builds(
    Revenue,
    st.sampled_from(["Consultation", "Pharmacy"]),
    KOBO,
    KOBO.map(lambda kobo: -kobo),
    KOBO.map(lambda kobo: -kobo),
    SIGNED,
)
_EXTRAS = st.lists(st.builds(Extra, st.just("Carried"), SIGNED), max_size=2).map(tuple)
ANY = st.builds(
    lambda terms, days, lines, carried, adjusted, owed, bps: month(
        terms,
        active_days=days,
        revenue=lines,
        carried_in=carried,
        adjustments=adjusted,
        arrears=owed,
        tax_bps=bps,
        tax_ref="the law",
    ),
    any_terms(),
    st.integers(1, 31),
    st.lists(_REVENUE, max_size=2).map(tuple),
    _EXTRAS,
    _EXTRAS,
    st.lists(
        st.builds(Arrears, st.sampled_from(["d0", "guarantee_recoup", "gone"]), KOBO),
        max_size=3,
        unique_by=lambda each: each.code,
    ).map(tuple),
    BPS,
)


@given(ANY)
def test_the_lines_always_add_up_to_what_is_paid_which_is_never_below_zero(inputs):
    figures = compute(inputs)
    assert sum(line.amount_kobo for line in figures.lines) == figures.net_kobo >= 0
    assert figures.net_kobo == (
        figures.share_kobo
        + figures.topup_kobo
        + figures.carry_in_kobo
        + figures.adjustments_kobo
        - figures.deductions_kobo
        - figures.wht_kobo
        - figures.carry_out_kobo
    )
    assert [line.ordinal for line in figures.lines] == [*range(1, len(figures.lines) + 1)]


@given(ANY)
def test_nothing_is_taken_that_is_not_there_and_nothing_owed_is_forgotten(inputs):
    figures = compute(inputs)
    assert figures.deductions_kobo >= 0
    assert figures.topup_kobo >= 0
    assert figures.wht_kobo >= 0
    assert all(each.amount_kobo > 0 for each in figures.arrears)
    available = figures.share_kobo + figures.topup_kobo + figures.carry_in_kobo
    assert figures.deductions_kobo <= max(0, available + figures.adjustments_kobo)
    if inputs.terms.cap_kobo is not None:
        assert figures.share_kobo + figures.topup_kobo <= inputs.terms.cap_kobo


@given(ANY)
def test_the_snapshot_survives_json_and_gives_the_same_hash_and_lines(inputs):
    kept = json.loads(json.dumps(inputs.as_json()))
    again = Inputs.from_json(kept)
    assert again == inputs
    assert fingerprint(again.as_json()) == fingerprint(kept) == fingerprint(inputs.as_json())
    assert compute(again) == compute(inputs)


@given(ANY)
def test_every_line_can_be_said_in_words_and_the_balance_ends_at_the_net(inputs):
    figures = compute(inputs)
    rows = [
        PayoutLine(
            ordinal=line.ordinal,
            code=line.code,
            label=line.label,
            amount_kobo=line.amount_kobo,
            base_kobo=line.base_kobo,
            bps=line.bps,
        )
        for line in figures.lines
    ]
    said = explained(rows, inputs)
    assert all(each.explanation.endswith((".", ")")) for each in said)
    assert not said or said[-1].balance_kobo == figures.net_kobo


@given(tiers(), KOBO)
def test_the_slices_are_the_whole_revenue(given_tiers, gross):
    terms = replace(
        TEN_PER_CENT, model=ContractModel.MARGINAL_TIERS, share_bps=0, tiers=given_tiers
    )
    found = list(slices(terms, gross))
    assert sum(base for base, _ in found) == gross
    assert all(base >= 0 for base, _ in found)


@given(tiers(), KOBO, KOBO)
def test_who_earns_more_by_slices_is_never_due_less(given_tiers, one, other):
    assume(one <= other)
    terms = replace(
        TEN_PER_CENT, model=ContractModel.MARGINAL_TIERS, share_bps=0, tiers=given_tiers
    )
    shares = [compute(month(terms, gross=gross)).share_kobo for gross in (one, other)]
    # Each slice is rounded by itself: one kobo for a slice that is cut in two.
    assert shares[0] <= shares[1]


@given(tiers(rising=True), KOBO, KOBO)
def test_bands_that_rise_never_give_less_for_more(given_tiers, one, other):
    assume(one <= other)
    terms = replace(TEN_PER_CENT, model=ContractModel.BAND_TIERS, share_bps=0, tiers=given_tiers)
    shares = [compute(month(terms, gross=gross)).share_kobo for gross in (one, other)]
    assert shares[0] <= shares[1]


@given(SIGNED, BPS)
def test_a_refund_takes_back_what_its_charge_gave(kobo, bps):
    assert portion(kobo, bps) == -portion(-kobo, bps)
    assert abs(portion(kobo, bps) * 10_000 - kobo * bps) <= 5_000


@given(KOBO, st.integers(0, 31))
def test_days_that_ran_and_days_that_did_not_make_the_month(kobo, days):
    ran = prorated(kobo, month(active_days=days))
    rest = prorated(kobo, month(active_days=31 - days))
    assert abs(ran + rest - kobo) <= 1
    assert 0 <= ran <= kobo
