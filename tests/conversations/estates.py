"""Owners who write to the house: their contracts, their accounts and what they were paid."""

from datetime import date
from uuid import UUID

from bot.channels.carrier import Channel
from crm import owners, payouts
from crm.contracts import Terms
from crm.kit.permissions import Role
from crm.models import Owner, Payout, PayoutStatus
from crm.payouts.effects import Step
from tests.crm.estate import TEN_PER_CENT, a_contract, an_owner, hospital, staff
from tests.crm.payroll import LONG_AGO, OCTOBER, an_account, earn, run_month
from tests.people import Person
from tests.stack import Stack

DIGITS = "4321"
"""The last four of every owner's account here."""
_NAIRA = 100
_S = PayoutStatus
NGOZI, BAYO = staff(Role.FINANCE, name="Ngozi"), staff(Role.FINANCE_APPROVER, name="Bayo")


def own(
    stack: Stack,
    person: Person,
    *,
    code: str = "IKJ",
    terms: Terms = TEN_PER_CENT,
    language: str = "en",
    name: str = "",
    has_account: bool = True,
) -> UUID:
    """Somebody who owns a hospital and is reached on this phone. Returns the owner's id."""
    with stack.wiring.transaction() as session:
        place, now = hospital(session, code), stack.wiring.now()
        named = name or f"Chief {person.name}"
        owner = an_owner(session, now=now, at=place, name=named, phone=None, language=language)
        owner.preferred_channel = person.channel
        owners.add_address(session, owner, person.channel, person.number, now=now)
        if has_account:
            an_account(session, owner, now=LONG_AGO, number=f"012345{DIGITS}")
        a_contract(session, owner, now=now, at=place, terms=terms)
        return owner.id


def earned(stack: Stack, naira: int, *, code: str = "IKJ", month: date = OCTOBER) -> None:
    """What a hospital took in a month, and the payouts drafted from it and sent to the approver."""
    with stack.wiring.transaction() as session:
        place = hospital(session, code)
        earn(session, place, naira * _NAIRA, on=month.replace(day=12))
        run_month(session, by=NGOZI, now=stack.wiring.now(), period=month, submits=True)


def payout_of(stack: Stack, owner_id: UUID) -> Payout:
    """The newest payout of an owner."""
    with stack.wiring.transaction() as session:
        wish = payouts.Filter(owner_id=owner_id)
        return payouts.everything(session, wish, scope=BAYO.scope(payouts.permission(_S.ON_HOLD)))[
            0
        ]


def step(stack: Stack, owner_id: UUID, to: PayoutStatus) -> None:
    """Let the newest payout take a step, and let the notice go out."""
    found = payout_of(stack, owner_id)
    by = BAYO if to in {_S.APPROVED, _S.REVERSED, _S.REJECTED} else NGOZI
    asked = {"version": found.version, "reason": "because it is a test"}
    if to is _S.COMPLETED:
        asked |= {"provider_reference": "TRF-1", "paid_at": stack.wiring.now()}
    with stack.wiring.transaction() as session:
        payouts.move(session, found.id, Step(to=to, **asked), by=by, now=stack.wiring.now())
    stack.work()


def approve(stack: Stack, owner_id: UUID) -> None:
    """Approved by another than who drafted it."""
    step(stack, owner_id, _S.APPROVED)


def pay(stack: Stack, owner_id: UUID) -> None:
    """The whole way from approval to the bank's word for it."""
    for to in (_S.APPROVED, _S.PROCESSING, _S.COMPLETED):
        step(stack, owner_id, to)


def named(stack: Stack, owner_id: UUID) -> Owner:
    """The owner's row."""
    with stack.wiring.transaction() as session:
        return session.get_one(Owner, owner_id)


def is_text(person: Person) -> bool:
    """True for who writes by text message."""
    return person.channel is Channel.SMS
