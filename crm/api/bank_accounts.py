"""Bank accounts of owners: by their last four digits, unless somebody says why they need more."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StringConstraints

from crm import bank_accounts, owners
from crm.api.kit import Body, Data, Door, Out, call, idempotent, needs
from crm.api.kit.fields import Reason, Title
from crm.kit.permissions import Permission
from crm.models import BankAccount

door = Door("bank_accounts", __name__)

BankCode = Annotated[
    str,
    StringConstraints(pattern=r"^(\d{3}|\d{5}|\d{6})$"),
    Field(examples=["058"], description="Three digits of a bank, five or six of another."),
]
Nuban = Annotated[str, StringConstraints(pattern=r"^\d{10}$"), Field(examples=["1234567896"])]


class BankAccountBody(Body):
    """The account an owner is to be paid into from now on."""

    bank_code: BankCode
    number: Nuban
    account_name: Title


class AccountVerificationBody(Body):
    """The name that the bank gave when it was asked whose account this is."""

    verified_name: Title


class AccountRevealBody(Body):
    """Why somebody needs to see what is masked."""

    reason: Reason


class BankAccountOut(Out):
    """An account, masked. Payouts wait until `cools_until` after a change."""

    id: UUID
    owner_id: UUID
    bank_code: str
    number_last4: str
    account_name: str
    verified_name: str | None
    verified_at: datetime | None
    is_active: bool
    changed_at: datetime | None
    cools_until: datetime | None
    created_at: datetime

    @classmethod
    def of(cls, account: BankAccount) -> Self:
        """From its row."""
        names = cls.model_fields.keys() - {"cools_until"}
        facts = {name: getattr(account, name) for name in names}
        return cls.model_validate(facts | {"cools_until": bank_accounts.cools_until(account)})


class AccountNumberOut(Out):
    """The whole number."""

    number: str


@door.get("/owners/<uuid:owner_id>/bank-accounts")
@needs(Permission.OWNERS_READ)
@door.output(Data[list[BankAccountOut]])
def index(owner_id: UUID) -> Data[list[BankAccountOut]]:
    """Every account an owner ever had, the active one first."""
    owner = owners.get(call.session, owner_id, scope=call.scope)
    found = bank_accounts.of_owner(call.session, owner.id)
    return Data(data=[BankAccountOut.of(account) for account in found])


@door.post("/owners/<uuid:owner_id>/bank-accounts")
@needs(Permission.BANK_ACCOUNTS_WRITE)
@idempotent
@door.input(BankAccountBody)
@door.output(Data[BankAccountOut], status_code=201)
def create(owner_id: UUID, json_data: BankAccountBody) -> Data[BankAccountOut]:
    """Pay an owner into another account; the owner is told, and payouts wait a week.

    `meta.warnings` may hold `check_digit` (the number does not fit the bank) and `shared` (another
    owner is paid into the same account).
    """
    account = bank_accounts.change(
        call.session, owner_id, **json_data.model_dump(), by=call.actor, now=call.now
    )
    return _one(account, warnings=bank_accounts.warnings(call.session, account))


@door.post("/bank-accounts/<uuid:account_id>/verification")
@needs(Permission.BANK_ACCOUNTS_WRITE)
@idempotent
@door.input(AccountVerificationBody)
@door.output(Data[BankAccountOut])
def verify(account_id: UUID, json_data: AccountVerificationBody) -> Data[BankAccountOut]:
    """Note whose account the bank says it is; not for whoever wrote it down."""
    account = bank_accounts.verify(
        call.session,
        account_id,
        verified_name=json_data.verified_name,
        by=call.actor,
        now=call.now,
    )
    return _one(account)


@door.post("/bank-accounts/<uuid:account_id>/reveal")
@needs(Permission.OWNERS_REVEAL)
@door.input(AccountRevealBody)
@door.output(Data[AccountNumberOut])
def reveal(account_id: UUID, json_data: AccountRevealBody) -> Data[AccountNumberOut]:
    """The whole number, for a reason that is written down."""
    account = bank_accounts.get(call.session, account_id, scope=call.scope)
    call.concerns("bank_account", account.id)
    number = bank_accounts.reveal(
        call.session, account, reason=json_data.reason, by=call.actor, now=call.now
    )
    return Data(data=AccountNumberOut(number=number))


def _one(account: BankAccount, **meta: object) -> Data[BankAccountOut]:
    call.concerns("bank_account", account.id)
    return Data(data=BankAccountOut.of(account), meta=meta)
