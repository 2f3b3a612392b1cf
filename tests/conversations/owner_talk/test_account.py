"""Owners ask about their money, with proof: balance, payouts, contract, statement."""

import re
from datetime import timedelta
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from crm.contracts import Terms
from crm.models import (
    ContractModel,
    PayoutStatus,
    TaxCategory,
)
from tests.conversations.estates import earned, own, pay, step
from tests.conversations.owner_talk.account import MENU, PROVEN, TIERS, segments, talk_of
from tests.people import DANLADI


def test_the_balance_after_a_proof_and_nothing_is_asked_twice(talk, stack):
    id_ = own(stack, DANLADI)
    earned(stack, 12_500_000)
    talk(f"""
        Danladi: hi
        {MENU.strip()}
        Danladi: 1
        Bot: This is about money, so first: what are the last 4 digits of the bank account...
        Danladi: 4321
        Bot: Waiting for approval: NGN 1,125,000.00. Nothing was paid...
        Danladi: payout oct
        Bot: October 2026, GrandPro Ikeja: NGN 1,125,000.00, waiting for approval. Reference...
             Share of the revenue: NGN 1,250,000.00. 10% of the revenue received, NGN 12,500,000.00.
             Withholding tax: -NGN 125,000.00. 10% of NGN 1,250,000.00, kept for the tax office...
             1 Statement
             2 Something is wrong
        Danladi: contract
        Bot: GrandPro Ikeja: you get 10% of the revenue received. In force since 1 Jan 2026...
    """)
    assert talk_of(stack, DANLADI).owner_id == id_


def test_what_the_bank_did_not_take_is_not_called_on_its_way(talk, stack):
    id_ = own(stack, DANLADI)
    earned(stack, 12_500_000)
    for to in (PayoutStatus.APPROVED, PayoutStatus.PROCESSING, PayoutStatus.FAILED):
        step(stack, id_, to)
    stack.later(timedelta(days=4))
    talk("""
        Danladi: bal
        Bot: This is about money...
        Danladi: 4321
        Bot: Not taken by the bank, we try again: NGN 1,125,000.00. Nothing was paid...
    """)


def test_after_a_payment_the_balance_says_what_came_last(talk, stack):
    id_ = own(stack, DANLADI)
    earned(stack, 12_500_000)
    pay(stack, id_)
    stack.later(timedelta(minutes=5))
    talk("""
        Danladi: my balance
        Bot: ...Last paid: NGN 1,125,000.00 on 22 Nov 2026, for October 2026. Send PAYOUT...
    """)


RENT = Terms(model=ContractModel.FIXED, fixed_kobo=100_000_000, tax_category=TaxCategory.RENT)
RENT_AND_SHARE = Terms(
    model=ContractModel.HYBRID,
    fixed_kobo=50_000_000,
    share_bps=250,
    minimum_guarantee_kobo=75_000_000,
    tax_category=TaxCategory.RENT,
)


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        (RENT, "NGN 1,000,000.00 a month. In force since 1 Jan 2026, without an end."),
        (
            RENT_AND_SHARE,
            (
                "NGN 500,000.00 a month and 2.5% of the revenue received. "
                "At least NGN 750,000.00 a month is guaranteed. In force since ..."
            ),
        ),
        (
            TIERS,
            (
                "a share of the revenue billed: 10% up to NGN 5,000,000.00, "
                "8% up to NGN 10,000,000.00, "
                "5% above that, each part at its own rate. At least NGN 600,000.00 a month is "
                "guaranteed. At most NGN 5,000,000.00 a month is paid. In force since ..."
            ),
        ),
    ],
)
def test_each_kind_of_contract_is_said_in_a_sentence(talk, stack, terms, said):
    own(stack, DANLADI, terms=terms)
    talk(f"{PROVEN}\n    Danladi: contract\n    Bot: GrandPro Ikeja: you get {said}")


def test_a_payout_of_many_lines_comes_in_pages_of_three_parts(talk, stack):
    own(stack, DANLADI, terms=TIERS)
    earned(stack, 30_000_000)
    talk(
        PROVEN
        + """
    Danladi: PAYOUT
    Bot: October 2026, GrandPro Ikeja: ...
         1 More
         2 Statement
         3 Something is wrong
    Danladi: 1
    Bot: ...Diesel for the generator...
    """
    )
    assert max(segments(stack, DANLADI)) <= 3


def test_a_statement_opens_by_its_link_for_a_week(talk, stack):
    own(stack, DANLADI)
    earned(stack, 12_500_000)
    talk(
        PROVEN
        + """
    Danladi: abeg send my statement for october
    Bot: Your statement for October 2026, GrandPro Ikeja: http...pdf
         It opens without signing in, for 7 days. Please do not pass it on.
    """
    )
    link = re.search(r"http\S+", stack.heard_by(DANLADI)[-1].body)[0]
    with urlopen(link) as answer:
        assert answer.headers["Content-Type"] == "application/pdf"
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert answer.read(5) == b"%PDF-"
    assert status_of(link.replace("/statements/", "/statements/0")) == 404
    stack.clock.move(timedelta(days=7, minutes=1))
    assert status_of(link) == 410


def test_the_link_to_a_payout_that_was_rejected_leads_nowhere(talk, stack):
    id_ = own(stack, DANLADI)
    earned(stack, 12_500_000)
    talk(
        PROVEN
        + """
    Danladi: statement
    Bot: Your statement for October 2026...
    """
    )
    link = re.search(r"http\S+", stack.heard_by(DANLADI)[-1].body)[0]
    step(stack, id_, PayoutStatus.REJECTED)
    assert status_of(link) == 404


def status_of(link: str) -> int:
    try:
        with urlopen(link) as answer:
            return answer.status
    except HTTPError as refused:
        return refused.code
