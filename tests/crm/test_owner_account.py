"""An owner's account in four facts, what is disputed of it, and who speaks as an owner."""

from datetime import timedelta

import pytest

from bot.channels.carrier import Channel
from crm import addresses, follow_ups, owners, payouts
from crm.kit.errors import NotFound
from crm.kit.permissions import EVERYTHING, Actor
from crm.models import OwnerStatus, PayoutStatus, RootCause, Severity
from crm.payouts import notices
from tests.crm.estate import an_owner
from tests.crm.payroll import a_house, approved, earn, paid, payout_of, run_month, take

_S = PayoutStatus
NET = 112_500_000


@pytest.fixture
def house(session, now):
    found = a_house(session, now=now)
    earn(session, found.hospital, 1_250_000_000)
    run_month(session, by=found.ngozi, now=now)
    return found


@pytest.fixture
def payout(session, house):
    return payout_of(session, house.contract)


def dispute(session, payout, now, **more):
    said = {"owner_id": payout.owner_id, "line": "Share", "words": "Too little."} | more
    return payouts.dispute(session, payout.id, now=now, **said)


def test_a_draft_is_the_houses_affair(session, house, now):
    account = payouts.account(session, house.owner.id)
    assert (account.approved_kobo, account.pending_kobo, account.held_kobo) == (0, 0, 0)
    assert account.last is None


def test_money_is_counted_where_it_stands(session, house, payout, now):
    def stands():
        """What of approved, failed, pending and held is not nothing, and what was paid last."""
        found = payouts.account(session, house.owner.id)
        sums = {
            "approved": found.approved_kobo,
            "failed": found.failed_kobo,
            "pending": found.pending_kobo,
            "held": found.held_kobo,
        }
        return {name: kobo for name, kobo in sums.items() if kobo}, found.last

    take(session, payout, _S.PENDING_APPROVAL, by=house.ngozi, now=now)
    assert stands() == ({"pending": NET}, None)
    take(session, payout, _S.ON_HOLD, by=house.ngozi, now=now)
    assert stands() == ({"held": NET}, None)
    approved(session, house, payout, now=now)
    assert stands() == ({"approved": NET}, None)
    take(session, payout, _S.PROCESSING, by=house.ngozi, now=now)
    assert stands() == ({"approved": NET}, None)
    take(session, payout, _S.FAILED, by=house.ngozi, now=now)
    assert stands() == ({"failed": NET}, None)
    take(session, payout, _S.PROCESSING, by=house.ngozi, now=now)
    take(session, payout, _S.COMPLETED, by=house.ngozi, now=now)
    assert stands() == ({}, payout)


def test_before_approval_a_disputed_payout_is_held(session, house, payout, now):
    take(session, payout, _S.PENDING_APPROVAL, by=house.ngozi, now=now)
    made = dispute(session, payout, now)
    assert made.is_held
    assert payout.status is _S.ON_HOLD
    [*_, event] = payouts.history(session, payout.id)
    assert (event.actor_name, event.reason) == ("GrandPro", "The owner disputes: Share")
    assert made.follow_up.due_at == now + timedelta(days=2)
    assert made.follow_up.severity is Severity.DISPUTE


@pytest.mark.parametrize("step", [approved, paid])
def test_later_a_person_decides(session, house, payout, now, step):
    step(session, house, payout, now=now)
    before = payout.status
    assert not dispute(session, payout, now).is_held
    assert payout.status is before


def test_one_open_dispute_for_each_payout_and_a_new_one_after_it_is_closed(
    session, house, payout, now
):
    paid(session, house, payout, now=now)
    first = dispute(session, payout, now).follow_up
    again = dispute(session, payout, now, line="Tax", words="Too much.").follow_up
    assert again.id == first.id
    assert follow_ups.words_of(session, again) == "Share: Too little.\nTax: Too much."
    follow_ups.resolve(
        session,
        first.id,
        root_cause=RootCause.PAYOUT,
        note="Explained.",
        version=first.version,
        scope=EVERYTHING,
        by=Actor.system(),
        now=now,
    )
    assert dispute(session, payout, now).follow_up.id != first.id


def test_the_payout_of_another_cannot_be_disputed(session, house, payout, now):
    take(session, payout, _S.PENDING_APPROVAL, by=house.ngozi, now=now)
    stranger = an_owner(session, now=now, at=house.hospital, name="Chief Okon", phone=None)
    with pytest.raises(NotFound):
        dispute(session, payout, now, owner_id=stranger.id)


def test_the_newest_notice_counts_once_it_went_out(session, house, payout, now):
    address = owners.best_address(session, house.owner.id)
    known = {"address_id": address.id, "since": now - timedelta(hours=1)}
    assert notices.told_since(session, house.owner.id, now=now, **known) is None
    approved(session, house, payout, now=now)
    later = now + timedelta(days=1)
    assert notices.told_since(session, house.owner.id, now=later, **known) == payout.id
    known["since"] = later
    assert notices.told_since(session, house.owner.id, now=later, **known) is None


def test_an_address_speaks_for_its_living_owners_by_name(session, house, now):
    number = "+2349140000077"
    for name in ("Zuma Holdings", "Chief Bako"):
        owner = an_owner(session, now=now, at=house.hospital, name=name, phone=None)
        address = owners.add_address(session, owner, Channel.SMS, number, now=now)
    assert [o.name for o in owners.held_by(session, address.id)] == ["Chief Bako", "Zuma Holdings"]
    owner.status = OwnerStatus.INACTIVE
    session.flush()
    assert [o.name for o in owners.held_by(session, address.id)] == ["Zuma Holdings"]
    other = addresses.find_or_make(session, Channel.SMS, "+2349140000078", now=now)
    assert not owners.held_by(session, other.id)
