"""Reports of owners against numbers worked by hand."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import update

from bot.channels.carrier import Channel
from crm import analytics
from crm import owners as people
from crm.analytics.owners import latest_in_time
from crm.feedback.questions import talk_with
from crm.kit.ids import uuid7
from crm.kit.permissions import EVERYTHING
from crm.models import (
    Contract,
    ContractStatus,
    Direction,
    Message,
    MessageStatus,
    Payout,
    PayoutKind,
    Purpose,
)
from tests.crm.analytics.wishes import DAY, S, a_message, counts, only, wanted
from tests.crm.estate import a_contract, an_owner, hospital


@pytest.fixture
def owner(session, ikeja, now):
    return an_owner(session, now=now, at=ikeja)


def owners(session, now, *, scope=EVERYTHING, **narrowed):
    return analytics.owners(session, wanted(now, **narrowed), scope=scope, now=now)


def a_payout(session, contract, *, status, due_on, kobo=100, paid_at=None) -> None:
    is_paid = paid_at is not None
    session.add(
        Payout(
            reference=uuid7().hex,
            owner_id=contract.owner_id,
            contract_id=contract.id,
            contract_version=1,
            hospital_id=contract.hospital_id,
            kind=PayoutKind.MANUAL,
            period_start=date(2026, 10, 1),
            period_end=date(2026, 10, 31),
            gross_kobo=kobo,
            share_kobo=kobo,
            net_kobo=kobo,
            calc_snapshot={},
            calc_hash=b"-",
            status=status,
            due_on=due_on,
            approved_by=uuid7(),
            paid_at=paid_at,
            provider_reference="R" if is_paid else None,
            **dict.fromkeys(
                (
                    "topup_kobo",
                    "adjustments_kobo",
                    "deductions_kobo",
                    "wht_kobo",
                    "carry_in_kobo",
                    "carry_out_kobo",
                ),
                0,
            ),
        )
    )
    session.flush()


def lagos_noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("due_on", "latest"),
    [
        (date(2026, 11, 9), date(2026, 11, 12)),
        (date(2026, 11, 12), date(2026, 11, 17)),
        (date(2026, 11, 14), date(2026, 11, 18)),
        # Independence Day is the Thursday after.
        (date(2026, 9, 30), date(2026, 10, 6)),
    ],
)
def test_three_working_days_skip_week_ends_and_holidays(due_on, latest):
    assert latest_in_time(due_on) == latest


def test_payouts_completed_by_number_by_value_and_in_time(session, owner, ikeja, now):
    """Six fell due, three were paid, one of them late; held, failed and reversed ones count."""
    contract = a_contract(session, owner, now=now, at=ikeja)
    due = date(2026, 11, 9)
    done = {"status": S.COMPLETED, "due_on": due}
    a_payout(session, contract, **done, kobo=100, paid_at=lagos_noon(date(2026, 11, 9)))
    a_payout(session, contract, **done, kobo=300, paid_at=lagos_noon(date(2026, 11, 12)))
    a_payout(session, contract, **done, kobo=50, paid_at=lagos_noon(date(2026, 11, 13)))
    for status in (S.ON_HOLD, S.FAILED):
        a_payout(session, contract, status=status, due_on=due, kobo=200)
    a_payout(session, contract, status=S.REVERSED, due_on=due, kobo=150, paid_at=lagos_noon(due))
    for status in (S.CANCELLED, S.REJECTED):
        a_payout(session, contract, status=status, due_on=due)
    a_payout(session, contract, status=S.COMPLETED, due_on=due, kobo=0, paid_at=lagos_noon(due))
    a_payout(session, contract, status=S.DRAFT, due_on=date(2026, 11, 30))
    a_payout(session, contract, status=S.FAILED, due_on=date(2026, 7, 1))

    found = owners(session, now, until=date(2026, 11, 30))
    left_out = {"cancelled": 1, "rejected": 1, "nothing to pay": 1, "not due yet": 1}
    assert counts(found.payouts_completed) == (3, 6, left_out)
    assert found.payouts_completed.rate == pytest.approx(0.5)
    assert (found.value_completed.numerator, found.value_completed.denominator) == (450, 1000)
    assert found.value_completed.interval is None
    assert (found.payouts_on_time.numerator, found.payouts_on_time.denominator) == (2, 6)

    elsewhere = hospital(session, "PHC").id
    assert owners(session, now, scope=only(elsewhere)).payouts_completed.rate is None
    assert owners(session, now, hospital_id=elsewhere).payouts_completed.denominator == 0


def test_contracts_that_ended_and_went_on(session, ikeja, now):
    """Of four that ran out two were followed within thirty days, one too late, one not at all."""
    ended = now.date() - 60 * DAY
    for number, gap in enumerate((1, 30, 31, None)):
        owner = an_owner(session, now=now, at=ikeja, name=f"Owner {number}", phone=None)
        a_contract(session, owner, now=now, at=ikeja, ends_on=ended)
        if gap:
            a_contract(session, owner, now=now, at=ikeja, starts_on=ended + gap * DAY)
    for number, (ends_on, status) in enumerate(
        (
            (now.date() - 30 * DAY, ContractStatus.ACTIVE),
            (ended, ContractStatus.TERMINATED),
            (ended, ContractStatus.CANCELLED),
            (None, ContractStatus.ACTIVE),
        )
    ):
        owner = an_owner(session, now=now, at=ikeja, name=f"Other {number}", phone=None)
        contract = a_contract(session, owner, now=now, at=ikeja, ends_on=ends_on)
        session.execute(update(Contract).where(Contract.id == contract.id).values(status=status))

    assert counts(owners(session, now).renewal) == (
        2,
        4,
        {"not decided yet": 1, "terminated": 1, "cancelled": 1},
    )


def an_answer(session, address, at) -> None:
    session.add(
        Message(
            id=uuid7(),
            direction=Direction.IN,
            channel=address.channel,
            purpose=Purpose.REPLY,
            status=MessageStatus.ANSWERED,
            address_id=address.id,
            conversation_id=talk_with(session, address.id),
            due_at=at,
            status_at=at,
        )
    )
    session.flush()


def test_owners_read_or_answer_what_reached_them(session, owner, now):
    """On WhatsApp one of three is read; by text one of two is answered within a week."""
    phone = people.best_address(session, owner.id)
    sms = people.add_address(session, owner, Channel.SMS, "+2349140000022", now=now)
    week_ago = now - 20 * DAY
    for status in (MessageStatus.READ, MessageStatus.DELIVERED, MessageStatus.DELIVERED):
        a_message(session, phone, week_ago, status=status, owner_id=owner.id)
    a_message(session, phone, week_ago, status=MessageStatus.FAILED, owner_id=owner.id)
    a_message(session, phone, week_ago, owner_id=owner.id, is_test=True)
    a_message(session, sms, week_ago, owner_id=owner.id)
    a_message(session, sms, now - 40 * DAY, owner_id=owner.id)
    an_answer(session, sms, week_ago + 6 * DAY)

    engagement = owners(session, now).engagement
    assert counts(engagement[Channel.WHATSAPP]) == (1, 3, {"test": 1})
    assert counts(engagement[Channel.SMS]) == (1, 2, {})
    assert owners(session, now, scope=only(hospital(session, "PHC").id)).engagement == {}
