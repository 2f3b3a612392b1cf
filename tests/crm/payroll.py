"""Payouts for tests: contracts, revenue and the people of finance."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import count

from sqlalchemy import text
from sqlalchemy.orm import Session

from crm import bank_accounts, payouts, revenue
from crm.kit.permissions import Actor, Role
from crm.models import (
    Contract,
    Hospital,
    Owner,
    Payout,
    PayoutKind,
    PayoutRun,
    PayoutStatus,
    RevenueKind,
)
from crm.payouts import running, runs
from crm.payouts.effects import Step
from tests.crm.estate import TEN_PER_CENT, a_contract, an_owner, hospital, staff

OCTOBER, LAST_OF_OCTOBER = date(2026, 10, 1), date(2026, 10, 31)
LONG_AGO = datetime(2026, 1, 2, 9, 0, tzinfo=UTC)
MUCH_LATER = datetime(2027, 6, 1, 9, 0, tzinfo=UTC)
_number = count(1)


@dataclass
class House:
    """One hospital, its owner with a verified account, and three people of finance."""

    hospital: Hospital
    owner: Owner
    contract: Contract
    ngozi: Actor
    """Drafts."""
    bayo: Actor
    """Approves."""
    folake: Actor
    """Approves too."""
    now: datetime


def a_house(session: Session, *, now: datetime, code: str = "IKJ", **terms) -> House:
    """An owner with ten per cent of the cash, unless terms say otherwise, and a safe account."""
    place = hospital(session, code)
    owner = an_owner(session, at=place, now=now, name=f"Alhaji {code}", phone=a_phone())
    an_account(session, owner, now=LONG_AGO)
    contract = a_contract(
        session, owner, at=place, now=now, terms=replace(TEN_PER_CENT, **terms).check()
    )
    return House(
        place,
        owner,
        contract,
        staff(Role.FINANCE, name="Ngozi"),
        staff(Role.FINANCE_APPROVER, name="Bayo"),
        staff(Role.FINANCE_APPROVER, name="Folake"),
        now,
    )


def a_phone() -> str:
    """A number nobody else has."""
    return f"+234914{next(_number):07d}"


def an_account(session: Session, owner: Owner, *, now: datetime, number: str = "0123456789"):
    """A verified account."""
    account = bank_accounts.change(
        session,
        owner.id,
        bank_code="058",
        number=number,
        account_name=owner.name,
        by=staff(Role.FINANCE),
        now=now,
    )
    return bank_accounts.verify(
        session, account.id, verified_name=owner.name, by=staff(Role.FINANCE), now=now
    )


def earn(
    session: Session,
    place: Hospital,
    kobo: int,
    *,
    on: date = date(2026, 10, 12),
    line: str = "Consultation",
    kind: RevenueKind = RevenueKind.CHARGE,
    **more,
):
    """One entry, billed and received on one day."""
    return revenue.record(
        session,
        hospital_id=place.id,
        service_line=line,
        kind=kind,
        amount_kobo=kobo,
        billed_on=on,
        collected_on=more.pop("collected_on", on),
        source="test",
        external_ref=f"T-{next(_number)}",
        by=staff(Role.FINANCE),
        now=MUCH_LATER,
        **more,
    )


def run_month(
    session: Session,
    *,
    by: Actor,
    now: datetime,
    period: date = OCTOBER,
    wish: runs.Wish | None = None,
    size: int = 500,
    submits: bool = False,
) -> PayoutRun:
    """Draft a month to its end."""
    run, _ = runs.begin(session, wish or runs.Wish(), period=period, by=by, now=now)
    after = None
    while True:
        after = running.advance(
            session, run, by=by, now=now, after=after, size=size, submits=submits
        )
        if after is None:
            return run


def payout_of(session: Session, contract: Contract, period: date = OCTOBER) -> Payout:
    """The payout that counts."""
    found = payouts.Filter(contract_id=contract.id, kind=PayoutKind.MONTHLY, period_from=period)
    everything = payouts.everything(session, found, scope=staff(Role.ADMIN).scope(_READ))
    [payout] = [p for p in everything if p.status not in payouts.DEAD and p.period_start == period]
    session.refresh(payout)
    return payout


_READ = payouts.permission(PayoutStatus.ON_HOLD)


def take(
    session: Session, payout: Payout, to: PayoutStatus, *, by: Actor, now: datetime, **more
) -> Payout:
    """Let a payout take a step, with whatever that step asks for."""
    asked = {"version": payout.version, "reason": "because it is a test", **more}
    if to is PayoutStatus.COMPLETED:
        asked = {"provider_reference": "TRF-1", "paid_at": now, **asked}
    return payouts.move(session, payout.id, Step(to=to, **asked), by=by, now=now)


def approved(session: Session, house: House, payout: Payout, *, now: datetime) -> Payout:
    """Submitted by the one who drafts, approved by another."""
    take(session, payout, PayoutStatus.PENDING_APPROVAL, by=house.ngozi, now=now)
    return take(session, payout, PayoutStatus.APPROVED, by=house.bayo, now=now)


def paid(session: Session, house: House, payout: Payout, *, now: datetime) -> Payout:
    """The whole way."""
    approved(session, house, payout, now=now)
    take(session, payout, PayoutStatus.PROCESSING, by=house.ngozi, now=now)
    return take(session, payout, PayoutStatus.COMPLETED, by=house.ngozi, now=now)


def check_all(session: Session) -> None:
    """Let the deferred checks of the database speak now."""
    session.flush()
    session.execute(text("set constraints all immediate"))
    session.execute(text("set constraints all deferred"))
