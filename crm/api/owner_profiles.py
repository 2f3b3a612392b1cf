"""Everything about one owner, put together from what each room knows and the caller may see."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from statistics import fmean
from typing import Self
from uuid import UUID

from bot.channels.carrier import Channel
from crm import bank_accounts, communications, contracts, owners, payouts, satisfaction
from crm.api.bank_accounts import BankAccountOut
from crm.api.contracts import ContractOut
from crm.api.kit import Out, call
from crm.communications import Wanted
from crm.kit import phones
from crm.kit.clock import lagos_day
from crm.kit.intervals import Nps
from crm.kit.paging import PageRequest
from crm.kit.permissions import Permission, Scope
from crm.models import (
    Contract,
    ContractStatus,
    Direction,
    MessageStatus,
    Owner,
    OwnerKind,
    OwnerStatus,
    Payout,
    PayoutStatus,
    PersonKind,
    Purpose,
)
from crm.owners import Reached

PARTS = ("contracts", "payouts", "satisfaction", "communications", "bank_accounts")

_SOON_DAYS = 90
_WAITING = (PayoutStatus.PENDING_APPROVAL, PayoutStatus.APPROVED, PayoutStatus.PROCESSING)
_MANY = PageRequest(100)
_FEW = PageRequest(10)


class OwnerAddressOut(Out):
    """A way to an owner; masked for those who may not see it in full."""

    id: UUID
    channel: Channel
    value: str

    @classmethod
    def of(cls, reached: Reached, *, is_masked: bool) -> Self:
        """From what reaches them."""
        value = _masked(reached) if is_masked else reached.value
        return cls(id=reached.address_id, channel=reached.channel, value=value)


class OwnerPart(Out):
    """Who the owner is."""

    id: UUID
    kind: OwnerKind
    name: str
    hospital_id: UUID | None
    addresses: list[OwnerAddressOut]
    tin_masked: str | None
    resident: bool
    status: OwnerStatus
    preferred_channel: Channel
    language: str
    state: str | None
    version: int
    created_at: datetime


class ContractPart(ContractOut):
    """A contract, and whether somebody should think of its renewal."""

    hospital: str
    renewal_status: str


class PayoutPart(Out):
    """A payout in one line."""

    id: UUID
    reference: str
    contract_id: UUID
    hospital_id: UUID
    period_start: date
    period_end: date
    gross_kobo: int
    net_kobo: int
    wht_kobo: int
    status: PayoutStatus
    due_on: date | None
    paid_at: datetime | None


class PayoutSummary(Out):
    """This year's payouts that were completed, and what is on its way."""

    ytd_gross_kobo: int
    ytd_net_kobo: int
    ytd_wht_kobo: int
    currency: str = "NGN"
    pending_count: int
    last_paid_at: datetime | None
    completion_rate: float | None


class SatisfactionPart(Out):
    """What the owner answered; `trend` is the last answer less the one before."""

    average: float | None
    nps: float | None
    responses: int
    last_at: datetime | None
    trend: int | None


class MessagePart(Out):
    """A message in one line, without its words."""

    id: UUID
    direction: Direction
    channel: Channel
    purpose: Purpose
    template: str | None
    status: MessageStatus
    at: datetime


class OwnerProfileOut(Out):
    """An owner; parts that were not asked for, or are not the caller's to see, are null."""

    owner: OwnerPart
    contracts: list[ContractPart] | None = None
    payout_summary: PayoutSummary | None = None
    recent_payouts: list[PayoutPart] | None = None
    satisfaction: SatisfactionPart | None = None
    communications: list[MessagePart] | None = None
    bank_accounts: list[BankAccountOut] | None = None


def compose(owner: Owner, parts: Collection[str], *, payout_limit: int) -> OwnerProfileOut:
    """The profile with these parts."""
    shown = OwnerProfileOut(owner=_owner(owner))
    if "contracts" in parts:
        shown.contracts = _contracts(owner)
    if "payouts" in parts and (scope := _scope(owner, Permission.PAYOUTS_READ)):
        shown.payout_summary = _summary(owner, scope)
        shown.recent_payouts = _payouts(owner, scope, payout_limit)
    if "satisfaction" in parts and (scope := _scope(owner, Permission.SATISFACTION_READ)):
        shown.satisfaction = _satisfaction(owner, scope)
    if "communications" in parts and (scope := _scope(owner, Permission.MESSAGES_READ)):
        shown.communications = _messages(owner, scope)
    if "bank_accounts" in parts:
        accounts = bank_accounts.of_owner(call.session, owner.id)
        shown.bank_accounts = [BankAccountOut.of(account) for account in accounts]
    return shown


def _scope(owner: Owner, permission: Permission) -> Scope | None:
    """In which scope the caller may see a part; owners see their own in full."""
    is_self = call.actor.owner_id == owner.id
    return call.actor.scope(permission) if is_self or call.may(permission) else None


def _owner(owner: Owner) -> OwnerPart:
    is_masked = call.actor.owner_id != owner.id and not call.may(Permission.OWNERS_REVEAL)
    reached = owners.reached_at(call.session, owner.id)
    facts = {name: getattr(owner, name) for name in _COLUMNS}
    addresses = [OwnerAddressOut.of(each, is_masked=is_masked) for each in reached]
    tin = owners.tin(call.session, owner)
    return OwnerPart(**facts, addresses=addresses, tin_masked=tin and f"****{tin[-4:]}")


_COLUMNS = OwnerPart.model_fields.keys() - {"addresses", "tin_masked"}


def _masked(reached: Reached) -> str:
    if reached.channel is not Channel.EMAIL:
        return phones.mask(reached.value)
    name, _, place = reached.value.partition("@")
    return f"{name[:1]}****@{place}"


def _contracts(owner: Owner) -> list[ContractPart]:
    found = contracts.search(call.session, scope=call.scope, owner_id=owner.id, page=_MANY).items
    followed = contracts.followed(call.session, [contract.id for contract in found])
    places = contracts.places(call.session, found)
    return [
        ContractPart(
            **ContractOut.of(contract).model_dump(),
            hospital=places[contract.hospital_id],
            renewal_status=_renewal(contract, is_followed=contract.id in followed),
        )
        for contract in found
    ]


def _renewal(contract: Contract, *, is_followed: bool) -> str:
    if contract.status is not ContractStatus.ACTIVE:
        return contract.status.value
    if contract.ends_on is None:
        return "open_ended"
    if is_followed:
        return "renewed"
    days = (contract.ends_on - lagos_day(call.now)).days
    return "ended" if days < 0 else "due" if days <= _SOON_DAYS else "running"


def _summary(owner: Owner, scope: Scope) -> PayoutSummary:
    year = lagos_day(call.now).replace(month=1, day=1)
    done = (PayoutStatus.COMPLETED,)
    of_year = payouts.Filter(owner_id=owner.id, statuses=done, period_from=year)
    sums = payouts.totals(call.session, of_year, scope=scope).figures
    every = payouts.Filter(owner_id=owner.id)
    counts = payouts.totals(call.session, every, scope=scope).by_status
    last = _found(payouts.Filter(owner_id=owner.id, statuses=done), scope, 1)
    return PayoutSummary(
        ytd_gross_kobo=sums["gross_kobo"],
        ytd_net_kobo=sums["net_kobo"],
        ytd_wht_kobo=sums["wht_kobo"],
        pending_count=sum(counts.get(status.value, 0) for status in _WAITING),
        last_paid_at=last[0].paid_at if last else None,
        completion_rate=_completion(counts),
    )


def _completion(counts: Mapping[str, int]) -> float | None:
    """How many of those that were sent arrived."""
    done = counts.get(PayoutStatus.COMPLETED.value, 0)
    lost = sum(counts.get(s.value, 0) for s in (PayoutStatus.FAILED, PayoutStatus.REVERSED))
    return round(done / (done + lost), 4) if done + lost else None


def _payouts(owner: Owner, scope: Scope, limit: int) -> list[PayoutPart]:
    found = _found(payouts.Filter(owner_id=owner.id), scope, limit)
    return [PayoutPart.model_validate(payout) for payout in found]


def _found(wish: payouts.Filter, scope: Scope, limit: int) -> list[Payout]:
    return list(payouts.search(call.session, wish, scope=scope, page=PageRequest(limit)).items)


def _satisfaction(owner: Owner, scope: Scope) -> SatisfactionPart:
    said = satisfaction.of_owner(call.session, owner.id, scope=scope, page=_MANY).items
    nps = Nps.of(each.nps for each in said if each.nps is not None)
    return SatisfactionPart(
        average=round(fmean(each.overall for each in said), 2) if said else None,
        nps=nps.score,
        responses=len(said),
        last_at=said[0].said_at if said else None,
        trend=said[0].overall - said[1].overall if said[1:] else None,
    )


def _messages(owner: Owner, scope: Scope) -> list[MessagePart]:
    found = communications.search(
        call.session,
        PersonKind.OWNER,
        owner.id,
        Wanted(since=owner.created_at),
        scope=scope,
        page=_FEW,
        opens_bodies=False,
    )
    names = ("id", "direction", "channel", "purpose", "template", "status")
    return [
        MessagePart(**{name: getattr(line.row, name) for name in names}, at=line.row.due_at)
        for line in found.items
    ]
