"""Eight owners with their contracts, their accounts and the ways that reach them."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from bot.channels.carrier import Channel
from crm import addresses, bank_accounts
from crm.contracts.terms import Terms
from crm.demo.agreements import AGREEMENTS, Agreement
from crm.demo.house import House
from crm.demo.loading import Row, load
from crm.kit import nuban
from crm.kit.clock import at_lagos
from crm.kit.permissions import Role
from crm.models import (
    Address,
    BankAccount,
    Consent,
    Contract,
    ContractVersion,
    Hospital,
    Owner,
    OwnerAddress,
    OwnerKind,
)
from crm.owners.reading import TIN

MONTHS = 18
FIRST_RATES = date(2025, 1, 1)
"""No rate of tax is known before."""
UNVERIFIED = 5
"""Whose account nobody has verified yet."""
CHANGED = {6: timedelta(days=2), UNVERIFIED: timedelta(days=9)}
"""Whose account took the place of another, and how long ago."""
ON_THE_PAGE = 1
"""Who has a phone on the sandbox's page, by text message; the account is told in the tour."""
_TOLD = ("058", "201406432")
_BANKS = ("058", "044", "011", "033", "057")
_Tables = dict[type[Any], list[Row]]


@dataclass(frozen=True, slots=True)
class Holding:
    """An owner's contract, and how the owner is reached."""

    owner_id: UUID
    contract_id: UUID
    hospital_id: UUID
    address_id: UUID
    channel: Channel


@dataclass(frozen=True, slots=True)
class Estate:
    """The owners as the rest of the demo needs them."""

    holdings: list[Holding]
    first_month: date

    def months(self, today: date) -> list[date]:
        """The months from the first on that are over."""
        found, month = list[date](), self.first_month
        while month < today.replace(day=1):
            found.append(month)
            month = (month + timedelta(days=32)).replace(day=1)
        return found


def build(house: House) -> Estate:
    """Write down owners, contracts and accounts."""
    first_month = max(_back(house.today, MONTHS), FIRST_RATES)
    models = (Owner, Address, OwnerAddress, Consent, Contract, ContractVersion, BankAccount)
    tables: _Tables = {model: [] for model in models}
    holdings = [
        _holding(house, tables, number, agreement, first_month)
        for number, agreement in enumerate(AGREEMENTS)
    ]
    for model, rows in tables.items():
        load(house.session, model, rows)
    return Estate(holdings, first_month)


def _back(day: date, number: int) -> date:
    """The first day of the month so many months before."""
    year, month = divmod(day.year * 12 + day.month - 1 - number, 12)
    return date(year, month + 1, 1)


def _holding(
    house: House, tables: _Tables, number: int, agreement: Agreement, first_month: date
) -> Holding:
    hospital = next(h for h in house.hospitals if h.code == agreement.hospital)
    since = at_lagos(first_month) + timedelta(hours=9)
    is_company = agreement.kind is OwnerKind.COMPANY
    channel = Channel.EMAIL if is_company else Channel.WHATSAPP
    if number == ON_THE_PAGE:
        channel = Channel.SMS
    owner_id, contract_id = house.chance.id_at(since), house.chance.id_at(since)
    tables[Owner].append(_owner(house, owner_id, agreement, hospital, channel, since))
    address_id = _reach(house, tables, owner_id, number, channel, since)
    tables[Contract].append(_contract(contract_id, owner_id, hospital, agreement.terms, since))
    tables[ContractVersion].append(_version(house, contract_id, agreement.terms, since))
    tables[BankAccount] += _accounts(house, owner_id, agreement.name, number, since)
    return Holding(owner_id, contract_id, hospital.id, address_id, channel)


def _owner(  # noqa: PLR0917 -- one row
    house: House,
    owner_id: UUID,
    agreement: Agreement,
    hospital: Hospital,
    channel: Channel,
    since: datetime,
) -> Row:
    tin = f"{house.chance.digits(8)}-0001" if agreement.has_tin else None
    return {
        "id": owner_id,
        "hospital_id": hospital.id,
        "kind": agreement.kind,
        "name": agreement.name,
        "resident": True,
        "has_tin": agreement.has_tin,
        "tin_sealed": tin and house.vault.seal(tin, where=TIN, row=owner_id),
        "state": hospital.state,
        "preferred_channel": channel,
        "created_at": since,
        "updated_at": since,
    }


def _reach(  # noqa: PLR0917 -- one family of rows
    house: House, tables: _Tables, owner_id: UUID, number: int, channel: Channel, since: datetime
) -> UUID:
    """A phone for each, an e-mail for companies; the agreement to be written to. The preferred."""
    phone = f"+23491420{number:05d}"
    values = {Channel.SMS if channel is Channel.SMS else Channel.WHATSAPP: phone}
    if channel is Channel.EMAIL:
        values[Channel.EMAIL] = f"owner{number}@owners.example"
    made = {
        each: _address(house, tables, owner_id, each, value, since)
        for each, value in values.items()
    }
    return made[channel]


def _address(  # noqa: PLR0917 -- one family of rows
    house: House, tables: _Tables, owner_id: UUID, channel: Channel, value: str, since: datetime
) -> UUID:
    id_ = house.chance.id_at(since)
    sealed = house.vault.seal(value, where=addresses.WHERE, row=id_)
    index = addresses.index_of(house.vault, value)
    made = {"created_at": since, "updated_at": since}
    tables[Address].append(
        {"id": id_, "channel": channel, "value_sealed": sealed, "value_index": index, **made}
    )
    tables[OwnerAddress].append({"address_id": id_, "owner_id": owner_id, "since": since})
    tables[Consent].append(
        {
            "id": house.chance.id_at(since),
            "address_id": id_,
            "purpose": "care",
            "is_granted": True,
            "wording": "owners-2026-11",
            "language": "en",
            "source": "contract",
            "at": since,
        }
    )
    return id_


def _contract(id_: UUID, owner_id: UUID, hospital: Hospital, terms: Terms, since: datetime) -> Row:
    return {
        "id": id_,
        "owner_id": owner_id,
        "hospital_id": hospital.id,
        **terms.check().as_json(),
        "starts_on": since.date(),
        "ends_on": None,
        "created_at": since,
        "updated_at": since,
    }


def _version(house: House, contract_id: UUID, terms: Terms, since: datetime) -> Row:
    return {
        "contract_id": contract_id,
        "version": 1,
        "effective_from": since.date(),
        "terms": terms.as_json(),
        "created_by": house.staff[Role.FINANCE].id,
        "created_at": since,
    }


def _accounts(house: House, owner_id: UUID, name: str, number: int, since: datetime) -> list[Row]:
    """Each a verified one; two have changed, one only the other day, one to one not verified."""
    if number not in CHANGED:
        told = _TOLD if number == ON_THE_PAGE else None
        return [_account(house, owner_id, name, since, told=told)]
    changed_at, is_verified = house.now - CHANGED[number], number != UNVERIFIED
    old = _account(house, owner_id, name, since, is_active=False)
    new = _account(
        house, owner_id, name, changed_at, is_verified=is_verified, changed_at=changed_at
    )
    return [old, new]


def _account(
    house: House,
    owner_id: UUID,
    name: str,
    since: datetime,
    *,
    is_active: bool = True,
    is_verified: bool = True,
    changed_at: datetime | None = None,
    told: tuple[str, str] | None = None,
) -> Row:
    bank, serial = told or (house.chance.choice(_BANKS), house.chance.digits(9))
    digits = f"{serial}{nuban.check_digit(bank, serial)}"
    id_, where = house.chance.id_at(since), bank_accounts.WHERE
    verified = {
        "verified_name": name.upper(),
        "verified_at": since,
        "verified_by": house.staff[Role.FINANCE_APPROVER].id,
    }
    return {
        "id": id_,
        "owner_id": owner_id,
        "bank_code": bank,
        "number_sealed": house.vault.seal(digits, where=where, row=id_),
        "number_index": house.vault.index(digits, domain=where),
        "number_last4": digits[-4:],
        "account_name": name.upper(),
        **(verified if is_verified else dict.fromkeys(verified)),
        "created_by": house.staff[Role.FINANCE].id,
        "is_active": is_active,
        "changed_at": changed_at,
        "created_at": since,
        "updated_at": since,
    }
