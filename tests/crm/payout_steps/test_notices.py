"""What owners hear of it."""

import pytest
from sqlalchemy import select

from crm import payouts
from crm.kit.errors import NotFound
from crm.kit.permissions import EVERYTHING, Scope
from crm.models import Message
from tests.crm.payout_steps.orders import S, told
from tests.crm.payroll import (
    approved,
    take,
)


def test_owners_hear_of_approval_and_payment_with_period_and_net_alone(session, house, payout, now):
    approved(session, house, payout, now=now)
    text = told(session, payout)
    assert "October 2026" in text
    assert "NGN 300,000.00" in text
    assert "3,333,333" not in text
    [message] = session.scalars(select(Message).where(Message.about_id == payout.id))
    assert (message.owner_id, message.purpose, message.status) == (
        house.owner.id,
        "notice",
        "queued",
    )
    assert message.due_at == now


def test_a_notice_decided_at_night_waits_for_the_morning(session, house, payout, now):
    after_midnight = now.replace(hour=1)
    approved(session, house, payout, now=after_midnight)
    [message] = session.scalars(select(Message).where(Message.about_id == payout.id))
    assert message.due_at == after_midnight.replace(hour=7)  # eight in Lagos


def test_owners_see_their_own_and_no_drafts(session, house, payout, now):
    own, other = (Scope(frozenset(), owner_id=id_) for id_ in (house.owner.id, house.contract.id))
    with pytest.raises(NotFound):
        payouts.get(session, payout.id, scope=own)
    take(session, payout, S.PENDING_APPROVAL, by=house.ngozi, now=now)
    assert payouts.get(session, payout.id, scope=own).id == payout.id
    with pytest.raises(NotFound):
        payouts.get(session, payout.id, scope=other)
    totals = payouts.totals(session, payouts.Filter(), scope=EVERYTHING)
    assert (totals.count, totals.by_status) == (1, {"pending_approval": 1})
    assert totals.figures["net_kobo"] == 30_000_000
