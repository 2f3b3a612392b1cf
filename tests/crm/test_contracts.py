from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from crm import contracts, revenue
from crm.contracts import (
    AlreadyRenewed,
    ContractOver,
    ContractOverlap,
    Deduction,
    MonthClosed,
    Terms,
    Tier,
)
from crm.kit.errors import Invalid, NotFound, StaleVersion
from crm.kit.paging import PageRequest
from crm.kit.permissions import Permission, Role, Scope
from crm.models import Basis, ContractModel, ContractStatus, TaxCategory
from tests.crm.estate import TEN_PER_CENT, a_contract, an_owner, staff

JANUARY, JULY, LAST_OF_JUNE = date(2026, 1, 1), date(2026, 7, 1), date(2026, 6, 30)
FULL = Terms(
    model=ContractModel.MARGINAL_TIERS,
    basis=Basis.BILLED,
    tiers=(Tier(500_000_00, 1_000), Tier(None, 2_000)),
    minimum_guarantee_kobo=100_000_00,
    is_guarantee_recoupable=True,
    cap_kobo=900_000_00,
    deductions=(
        Deduction("fee", "Management fee", bps=500, cap_kobo=50_000_00),
        Deduction("lease", "Equipment lease", amount_kobo=20_000_00),
    ),
    excluded_service_lines=("Pharmacy",),
    tax_category=TaxCategory.RENT,
    minimum_payout_kobo=10_000_00,
)


@pytest.fixture
def agree(session, alhaji, ikeja, now):
    def agree(owner=alhaji, at=ikeja, **more):
        return a_contract(session, owner, at=at, now=now, **more)

    return agree


@pytest.fixture
def running(agree):
    return agree()


@pytest.fixture
def does(now):
    return {"by": staff(Role.FINANCE), "now": now}


def in_month(session, first, **more):
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return contracts.in_force(session, first=first, last=last, **more)


# -- terms ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("share_bps", {"share_bps": 10_001}),
        ("share_bps", {"share_bps": 0}),
        ("fixed_kobo", {"fixed_kobo": 1}),
        ("fixed_kobo", {"model": ContractModel.HYBRID}),
        ("tiers", {"tiers": (Tier(None, 100),)}),
        ("tiers", {"model": ContractModel.BAND_TIERS, "share_bps": 0}),
        ("cap_kobo", {"cap_kobo": 0}),
        ("cap_kobo", {"cap_kobo": 5, "minimum_guarantee_kobo": 6}),
        ("minimum_payout_kobo", {"minimum_payout_kobo": -1}),
        ("deductions.0", {"deductions": (Deduction("fee", "Fee"),)}),
        ("deductions.0", {"deductions": (Deduction("fee", "Fee", 1, 1),)}),
        ("deductions", {"deductions": (Deduction("fee", "Fee", 1),) * 2}),
    ],
)
def test_terms_that_contradict_themselves_are_refused(field, wrong):
    with pytest.raises(Invalid) as refusal:
        replace(TEN_PER_CENT, **wrong).check()
    assert refusal.value.field == field


@pytest.mark.parametrize(
    "tiers",
    [
        (Tier(100, 1_000),),
        (Tier(100, 1_000), Tier(100, 2_000), Tier(None, 1)),
        (Tier(200, 1_000), Tier(100, 2_000), Tier(None, 1)),
        (Tier(None, 1_000), Tier(None, 2_000)),
        (Tier(0, 1_000), Tier(None, 2_000)),
    ],
)
def test_tiers_with_a_gap_or_no_end_are_refused(tiers):
    with pytest.raises(Invalid) as refusal:
        replace(FULL, tiers=tiers).check()
    assert refusal.value.field_code == "tiers_not_contiguous"


@given(
    st.lists(st.integers(1, 10**12), unique=True, max_size=6).map(sorted),
    st.integers(0, 10_000),
)
def test_rising_tiers_are_taken_and_come_back_the_same(ends, bps):
    tiers = (*(Tier(end, bps) for end in ends), Tier(None, bps))
    terms = replace(FULL, tiers=tiers).check()
    assert Terms.from_json(terms.as_json()) == terms


def test_every_term_is_kept(session, agree):
    contract = agree(terms=FULL)
    session.expire_all()
    assert Terms.of(contract) == FULL
    assert contracts.terms_at(session, contract.id, version=1) == FULL


# -- agreeing -------------------------------------------------------------------------------------


def test_one_owner_has_one_contract_with_a_hospital_at_a_time(session, agree, running):
    with pytest.raises(ContractOverlap):
        agree(starts_on=JULY)
    assert in_month(session, JULY)[0].contract.id == running.id


@pytest.mark.usefixtures("running")
def test_contracts_with_other_hospitals_and_other_owners_stand_beside(
    session, agree, ikeja, wuse, now
):
    agree(at=wuse)
    okoro = an_owner(session, at=ikeja, now=now, name="Chief Okoro", phone=None)
    agree(okoro)
    assert len(in_month(session, JULY)) == 3


def test_both_days_belong_to_a_contract(agree):
    agree(ends_on=LAST_OF_JUNE)
    with pytest.raises(ContractOverlap):
        agree(starts_on=LAST_OF_JUNE)
    agree(starts_on=JULY)


def test_a_contract_does_not_end_before_it_begins(agree):
    with pytest.raises(Invalid):
        agree(ends_on=date(2025, 12, 31))


def test_contracts_are_seen_and_made_at_their_hospital_alone(session, alhaji, wuse, running, now):
    at_wuse = staff(Role.FINANCE, wuse.id)
    scope = at_wuse.scope(Permission.OWNERS_READ)
    mine = Scope(frozenset(), owner_id=alhaji.id)

    with pytest.raises(NotFound):
        contracts.get(session, running.id, scope=scope)
    assert contracts.search(session, scope=scope, page=PageRequest()).items == []
    assert contracts.get(session, running.id, scope=mine) is running
    with pytest.raises(NotFound):
        contracts.terminate(session, running.id, ends_on=JULY, reason="sold", by=at_wuse, now=now)
    with pytest.raises(NotFound):
        contracts.agree(
            session,
            owner_id=alhaji.id,
            hospital_id=wuse.id,
            terms=TEN_PER_CENT,
            starts_on=JANUARY,
            ends_on=None,
            by=at_wuse,
            now=now,
        )


# -- changing -------------------------------------------------------------------------------------


def test_new_terms_count_from_their_month_and_the_old_ones_before(session, running, does):
    half = replace(TEN_PER_CENT, share_bps=500)
    contracts.amend(session, running.id, terms=half, effective_from=JULY, version=1, **does)

    june, july = (in_month(session, day)[0] for day in (date(2026, 6, 1), JULY))
    assert (june.version, june.terms) == (1, TEN_PER_CENT)
    assert (july.version, july.terms) == (2, half)
    assert running.share_bps == 500
    assert [each.version for each in contracts.versions(session, running.id)] == [2, 1]


def test_terms_may_be_put_right_for_the_same_month(session, running, does):
    for version, bps in ((1, 500), (2, 600)):
        terms = replace(TEN_PER_CENT, share_bps=bps)
        contracts.amend(
            session, running.id, terms=terms, effective_from=JULY, version=version, **does
        )
    assert in_month(session, JULY)[0].terms.share_bps == 600


@pytest.mark.parametrize("day", [date(2026, 7, 2), date(2025, 12, 1)])
def test_new_terms_begin_with_a_month_of_the_contract(session, running, does, day):
    with pytest.raises(Invalid):
        contracts.amend(
            session, running.id, terms=TEN_PER_CENT, effective_from=day, version=1, **does
        )


def test_terms_do_not_change_for_a_month_that_was_paid(session, running, ikeja, does):
    revenue.close(session, ikeja.id, through=LAST_OF_JUNE)
    changed = {"terms": TEN_PER_CENT, "version": 1, **does}

    with pytest.raises(MonthClosed):
        contracts.amend(session, running.id, effective_from=date(2026, 6, 1), **changed)
    contracts.amend(session, running.id, effective_from=JULY, **changed)


def test_whoever_read_older_terms_changes_nothing(session, running, does):
    change = {"terms": TEN_PER_CENT, "effective_from": JULY, "version": 1, **does}
    contracts.amend(session, running.id, **change)
    with pytest.raises(StaleVersion):
        contracts.amend(session, running.id, **change)


def test_versions_are_never_changed(session, running):
    with pytest.raises(DBAPIError, match="append-only"):
        session.execute(text("update contract_versions set terms = '{}'"))


def test_a_renewal_follows_the_day_after_on_the_same_terms(session, agree, does):
    old = agree(terms=FULL, ends_on=LAST_OF_JUNE)
    new = contracts.renew(session, old.id, ends_on=date(2027, 6, 30), **does)

    assert (new.starts_on, new.previous_id, Terms.of(new)) == (JULY, old.id, FULL)
    with pytest.raises(AlreadyRenewed) as refusal:
        contracts.renew(session, old.id, ends_on=None, **does)
    assert refusal.value.facts["contract_id"] == new.id


def test_a_contract_without_an_end_is_not_renewed(session, running, does):
    with pytest.raises(Invalid):
        contracts.renew(session, running.id, ends_on=None, **does)


def test_an_ended_contract_counts_until_its_last_day(session, running, does):
    contracts.terminate(session, running.id, ends_on=LAST_OF_JUNE, reason="sold", **does)

    assert running.status == ContractStatus.TERMINATED
    assert in_month(session, date(2026, 6, 1))
    assert not in_month(session, JULY)
    with pytest.raises(ContractOver):
        contracts.terminate(session, running.id, ends_on=JULY, reason="again", **does)


def test_a_contract_does_not_end_in_a_month_that_was_paid(session, running, ikeja, does):
    revenue.close(session, ikeja.id, through=LAST_OF_JUNE)
    end = {"reason": "sold", **does}

    with pytest.raises(MonthClosed):
        contracts.terminate(session, running.id, ends_on=date(2026, 6, 15), **end)
    contracts.terminate(session, running.id, ends_on=LAST_OF_JUNE, **end)


def test_a_contract_written_by_mistake_makes_room(session, agree, running, does):
    contracts.cancel(session, running.id, reason="wrong owner", **does)
    assert not in_month(session, JULY)
    agree()


def test_a_contract_that_was_paid_is_not_cancelled(session, running, ikeja, does):
    revenue.close(session, ikeja.id, through=date(2026, 1, 31))
    with pytest.raises(MonthClosed):
        contracts.cancel(session, running.id, reason="wrong owner", **does)


# -- finding --------------------------------------------------------------------------------------


def test_what_ends_soon_and_has_no_follower_is_listed(session, agree, wuse, does):
    ending = agree(ends_on=date(2026, 12, 31))
    agree(at=wuse, ends_on=date(2027, 12, 31))
    scope = staff(Role.FINANCE).scope(Permission.OWNERS_READ)

    def soon():
        found = contracts.expiring(
            session, scope=scope, today=date(2026, 11, 22), page=PageRequest()
        )
        return [each.id for each in found.items]

    assert soon() == [ending.id]
    contracts.renew(session, ending.id, ends_on=None, **does)
    assert soon() == []


def test_contracts_in_force_can_be_asked_for_by_hospital_and_by_id(session, agree, wuse, running):
    other = agree(at=wuse)
    by_hospital = in_month(session, JULY, hospital_ids=[wuse.id])
    by_id = in_month(session, JULY, contract_ids=[running.id])
    assert [each.contract.id for each in by_hospital] == [other.id]
    assert [each.contract.id for each in by_id] == [running.id]
