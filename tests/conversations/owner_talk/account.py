"""What the talks of owners have in common: the menu, the proof, and what was written down."""

from sqlalchemy import select

from crm import follow_ups
from crm.contracts import Deduction, Terms, Tier
from crm.models import (
    Basis,
    ContractModel,
    Conversation,
    FollowUp,
    Message,
    Purpose,
    TaxCategory,
)
from crm.outbox import unseal

MENU = """
    Bot: Your GrandPro account. Pick one:
         1 My balance
         2 My payouts
         3 Statement
         4 My contract
         5 Something is wrong
         6 Book a visit
         7 Talk to a person
         8 Change language
"""
PROVEN = """
    Danladi: bal
    Bot: This is about money...last 4 digits of the bank account...
    Danladi: 4321
    Bot: ...Send CONTRACT for what we agreed...
"""
TIERS = Terms(
    model=ContractModel.MARGINAL_TIERS,
    tiers=(Tier(500_000_000, 1_000), Tier(1_000_000_000, 800), Tier(None, 500)),
    minimum_guarantee_kobo=60_000_000,
    cap_kobo=500_000_000,
    basis=Basis.BILLED,
    tax_category=TaxCategory.RENT,
    deductions=(
        Deduction("generator", "Diesel for the generator", amount_kobo=7_500_000),
        Deduction("repairs", "Repairs of the theatre roof", amount_kobo=12_000_000),
        Deduction("levy", "Estate levy", bps=150),
    ),
)


def follow_ups_of(stack):
    with stack.wiring.transaction() as session:
        found = session.scalars(select(FollowUp).order_by(FollowUp.opened_at)).all()
        return [(row, follow_ups.words_of(session, row)) for row in found]


def talk_of(stack, person) -> Conversation:
    with stack.wiring.transaction() as session:
        query = select(Conversation).order_by(Conversation.heard_at.desc().nulls_last())
        return session.scalars(query).first()


def segments(stack, person):
    return [message.segments for message in stack.heard_by(person)]


def alerts(stack):
    with stack.wiring.transaction() as session:
        rows = session.scalars(select(Message).where(Message.purpose == Purpose.ALERT)).all()
        vault = session.info["vault"]
        return [unseal(vault, row.body_sealed, row=row.id).text for row in rows]
