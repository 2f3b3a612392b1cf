"""Bank accounts of owners: one to be paid into at a time, and a week to notice a wrong change."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm import audit, owners
from crm.audit import Act
from crm.kit import nuban
from crm.kit.crypto import Vault
from crm.kit.errors import DomainError, Invalid, NotFound
from crm.kit.ids import uuid7
from crm.kit.permissions import Actor, Permission, Scope
from crm.models import BankAccount, Owner

WHERE = "bank_accounts.number"
COOLING = timedelta(days=7)


class AccountKnown(DomainError):
    """The owner is paid into this account already."""

    code = "account_known"


class AccountReplaced(DomainError):
    """Another account has taken the place of this one."""

    code = "account_replaced"


class SamePerson(DomainError):
    """Whoever wrote an account down may not be the one who verifies it."""

    code = "four_eyes"
    status = 403


def active(session: Session, owner_id: UUID) -> BankAccount | None:
    """The account an owner is paid into."""
    return session.scalar(
        select(BankAccount).where(BankAccount.owner_id == owner_id, BankAccount.is_active)
    )


def of_owner(session: Session, owner_id: UUID) -> Sequence[BankAccount]:
    """Every account an owner ever had, the active one first, then the newest."""
    return session.scalars(
        select(BankAccount)
        .where(BankAccount.owner_id == owner_id)
        .order_by(BankAccount.is_active.desc(), BankAccount.id.desc())
    ).all()


def get(session: Session, account_id: UUID, *, scope: Scope) -> BankAccount:
    """The account. Raises NotFound, also when its owner is outside the scope."""
    account = session.scalar(
        select(BankAccount)
        .join(Owner, Owner.id == BankAccount.owner_id)
        .where(BankAccount.id == account_id, owners.visible(scope))
    )
    if account is None:
        raise NotFound("There is no such bank account.")
    return account


def number(session: Session, account: BankAccount) -> str:
    """The ten digits, for a bank file. Never log them."""
    vault: Vault = session.info["vault"]
    return vault.open(account.number_sealed, where=WHERE, row=account.id)


def reveal(session: Session, account: BankAccount, *, reason: str, by: Actor, now: datetime) -> str:
    """The ten digits for a person who says why; the look is written down."""
    act = Act(
        actor=by,
        action="bank_accounts.reveal",
        entity="bank_account",
        entity_id=account.id,
        fields=["number"],
        purpose=reason,
    )
    audit.record(session, act, now=now)
    return number(session, account)


def cools_until(account: BankAccount) -> datetime | None:
    """Until when payouts wait because the account changed; None for an owner's first."""
    return account.changed_at and account.changed_at + COOLING


def is_cooling(account: BankAccount, *, now: datetime) -> bool:
    """True in the week after the account took the place of another."""
    until = cools_until(account)
    return until is not None and now < until


def warnings(session: Session, account: BankAccount) -> list[str]:
    """What somebody should look at before money goes there: `check_digit`, `shared`."""
    found = []
    if nuban.is_doubtful(account.bank_code, number(session, account)):
        found.append("check_digit")
    if _is_shared(session, account):
        found.append("shared")
    return found


def change(
    session: Session,
    owner_id: UUID,
    *,
    bank_code: str,
    number: str,
    account_name: str,
    by: Actor,
    now: datetime,
) -> BankAccount:
    """Pay the owner into this account from now on, and tell them wherever they are reached.

    It must be verified, and when it takes the place of another, payouts wait a week. Raises
    NotFound, Gone, Invalid, AccountKnown.
    """
    _refuse_if_unreadable(bank_code, number)
    owner = owners.lock(session, owner_id, by=by)
    before = of_owner(session, owner.id)
    index = session.info["vault"].index(number, domain=WHERE)
    _replace(session, before, bank_code, index, now)
    account = _made(session, owner.id, bank_code, number, account_name, by=by, now=now)
    account.changed_at = now if before else None
    session.add(account)
    session.flush()
    if before:
        owners.tell_everywhere(
            session, owner, "bank_account_changed", last4=account.number_last4, now=now
        )
    return account


def verify(
    session: Session, account_id: UUID, *, verified_name: str, by: Actor, now: datetime
) -> BankAccount:
    """Note whose account the bank says it is; a second person does, a second time changes nothing.

    Raises NotFound, AccountReplaced, SamePerson.
    """
    account = get(session, account_id, scope=by.scope(Permission.BANK_ACCOUNTS_WRITE))
    session.refresh(account, with_for_update=True)
    if not account.is_active:
        raise AccountReplaced("The owner is paid into another account now.")
    if account.verified_at is not None:
        return account
    if account.created_by is not None and account.created_by == by.id:
        raise SamePerson("Somebody else must verify an account that you wrote down.")
    account.verified_name, account.verified_at, account.verified_by = verified_name, now, by.id
    account.updated_at = now
    session.flush()
    return account


def _refuse_if_unreadable(bank_code: str, digits: str) -> None:
    if not nuban.is_bank_code(bank_code):
        raise Invalid("bank_code", "A bank code has 3, 5 or 6 digits.", code="bank_code_invalid")
    if not nuban.is_number(digits):
        raise Invalid("number", "An account number has 10 digits.", code="number_invalid")


def _replace(
    session: Session, before: Sequence[BankAccount], bank_code: str, index: bytes, now: datetime
) -> None:
    for account in before:
        if not account.is_active:
            continue
        if (account.bank_code, account.number_index) == (bank_code, index):
            raise AccountKnown("The owner is paid into this account already.")
        account.is_active, account.updated_at = False, now
    session.flush()


def _made(
    session: Session,
    owner_id: UUID,
    bank_code: str,
    digits: str,
    account_name: str,
    *,
    by: Actor,
    now: datetime,
) -> BankAccount:
    vault: Vault = session.info["vault"]
    id_ = uuid7()
    return BankAccount(
        id=id_,
        owner_id=owner_id,
        bank_code=bank_code,
        number_sealed=vault.seal(digits, where=WHERE, row=id_),
        number_index=vault.index(digits, domain=WHERE),
        number_last4=digits[-4:],
        account_name=account_name,
        created_by=by.id,
        is_active=True,
        created_at=now,
        updated_at=now,
    )


def _is_shared(session: Session, account: BankAccount) -> bool:
    """True when another owner is paid into the same account."""
    other = select(BankAccount.id).where(
        BankAccount.number_index == account.number_index,
        BankAccount.bank_code == account.bank_code,
        BankAccount.owner_id != account.owner_id,
        BankAccount.is_active,
    )
    return session.scalar(other.limit(1)) is not None
