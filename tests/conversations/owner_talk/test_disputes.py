"""Owners say what is wrong with a payout: it waits, and finance knows why."""

from datetime import timedelta

from crm import follow_ups
from crm.follow_ups import Wanted
from crm.kit.paging import PageRequest
from crm.kit.permissions import EVERYTHING, Role
from crm.models import (
    PayoutStatus,
    Severity,
)
from tests.conversations.estates import earned, own, pay, payout_of
from tests.conversations.owner_talk.account import MENU, PROVEN, alerts, follow_ups_of
from tests.crm.estate import staff
from tests.people import DANLADI


def test_a_disputed_payout_waits_and_finance_knows_why(talk, stack):
    id_ = own(stack, DANLADI)
    earned(stack, 12_500_000)
    talk(
        PROVEN
        + """
    Danladi: dispute
    Bot: October 2026, NGN 1,125,000.00. Which line is wrong?
         1 Share of the revenue - NGN 1,250,000.00
         2 Withholding tax - NGN -125,000.00
         3 The whole amount - NGN 1,125,000.00
    Danladi: 1
    Bot: What is wrong with it? Please write it in a few words.
    Danladi: 2
    Bot: Please write in a few words what is wrong, or send MENU.
    Danladi: The amount is wrong, theatre income of 12 October is missing
    Bot: Thank you. Finance knows what you say of your payout for October 2026, PO2610-...
    Bot: GrandPro HMSO: your payout for October 2026, NGN 1,125,000.00, waits while we...
    """
    )
    [(row, words)] = follow_ups_of(stack)
    payout = payout_of(stack, id_)
    assert (row.payout_id, row.severity, row.hospital_id) == (
        payout.id,
        Severity.DISPUTE,
        payout.hospital_id,
    )
    assert (
        words
        == "Share of the revenue: The amount is wrong, theatre income of 12 October is missing"
    )
    assert (payout.status, payout.status_reason) == (
        PayoutStatus.ON_HOLD,
        "The owner disputes: Share of the revenue",
    )
    assert any(f"an owner disputes payout {payout.reference}" in text for text in alerts(stack))
    assert sees(stack, Role.FINANCE) == sees(stack, Role.ADMIN) == 1
    assert sees(stack, Role.COMMUNICATIONS) == 0


def sees(stack, role) -> int:
    with stack.wiring.transaction() as session:
        found = follow_ups.search(
            session,
            Wanted(),
            scope=EVERYTHING,
            by=staff(role),
            page=PageRequest(),
            now=stack.wiring.now(),
        )
        return len(found.items)


def test_a_paid_payout_is_disputed_twice_and_stays_paid(talk, stack):
    id_ = own(stack, DANLADI)
    earned(stack, 12_500_000)
    pay(stack, id_)
    stack.later(timedelta(hours=1))
    talk("""
        Danladi: the money no complete
        Bot: This is about money...
        Danladi: 4321
        Bot: October 2026, NGN 1,125,000.00. Which line is wrong?...
        Danladi: whole amount
        Bot: What is wrong with it?...
        Danladi: only 1,000,000 came to my bank
        Bot: Thank you. Finance knows...
        Danladi: payout
        Bot: October 2026...
        Danladi: something is wrong
        Bot: ...Which line is wrong?...
        Danladi: 2
        Bot: What is wrong with it?...
        Danladi: the tax is too high
        Bot: Thank you. Finance knows...
    """)
    [(_, words)] = follow_ups_of(stack)
    assert (
        words
        == "the whole amount: only 1,000,000 came to my bank\nWithholding tax: the tax is too high"
    )
    assert payout_of(stack, id_).status is PayoutStatus.COMPLETED
    assert len([text for text in alerts(stack) if "disputes" in text]) == 1


def test_menu_leaves_a_dispute_without_a_trace(talk, stack):
    own(stack, DANLADI)
    earned(stack, 12_500_000)
    talk(
        PROVEN
        + f"""
    Danladi: dispute
    Bot: ...Which line is wrong?...
    Danladi: 1
    Bot: What is wrong with it?...
    Danladi: menu
    {MENU.strip()}
    """
    )
    assert not follow_ups_of(stack)
