"""Points accounts: one for each patient, opened when the first points come in or by hand."""

import secrets
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text, update
from sqlalchemy.orm import Session

from crm import patients
from crm.kit import driver
from crm.kit.errors import NotFound
from crm.kit.ids import uuid7
from crm.kit.permissions import Scope
from crm.loyalty.refusals import AccountFrozen, NotEnrolled
from crm.models import LoyaltyAccount, LoyaltyStatus

LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # none that is read as another
CODE_LENGTH = 8

OPEN = """
    insert into loyalty_points (
        id, patient_id, referral_code, tier_since, created_at, updated_at
    )
    values (%(account_id)s, %(patient_id)s, %(code)s, %(now)s, %(now)s, %(now)s)
    on conflict (patient_id) do nothing
"""
"""Opens the account that `new` describes, unless there is one."""
_LOCK = text("""
    select id, patient_id, status, seq, available, qualifying, tier, owed
    from loyalty_points where id = :id for no key update
""")


def enrol(session: Session, patient_id: UUID, *, now: datetime) -> LoyaltyAccount:
    """The patient's account, opened when there is none. Safe when two ask at once."""
    open_(session, patient_id, now=now)
    return of(session, patient_id)


def open_(session: Session, patient_id: UUID, *, now: datetime) -> None:
    """See to it that the patient has an account."""
    driver.run(session, OPEN, new(patient_id, now=now))


def new(patient_id: UUID, *, now: datetime) -> dict[str, Any]:
    """A new account of the patient's, as the statement that opens it asks for it."""
    return {"account_id": uuid7(), "patient_id": patient_id, "code": new_code(), "now": now}


def new_code() -> str:
    """A referral code nobody has: 39 bits of chance, and the database says when it was taken."""
    return "".join(secrets.choice(LETTERS) for _ in range(CODE_LENGTH))


def of(session: Session, patient_id: UUID) -> LoyaltyAccount:
    """The patient's account as the ledger has it now. Raises NotEnrolled."""
    account = session.scalars(
        select(LoyaltyAccount)
        .where(LoyaltyAccount.patient_id == patient_id)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if account is None:
        raise NotEnrolled("This patient does not collect points yet.")
    return account


def get(session: Session, patient_id: UUID, *, scope: Scope) -> LoyaltyAccount:
    """The same for somebody who may see the patient. Raises NotFound, NotEnrolled."""
    patients.get(session, patient_id, scope=scope)
    return of(session, patient_id)


def locked(session: Session, account_id: UUID) -> Row[Any]:
    """The account's row, ours until the transaction ends. Raises NotFound."""
    row = session.execute(_LOCK, {"id": account_id}).one_or_none()
    if row is None:
        raise NotFound("There is no such account.")
    return row


def refuse_unless_active(status: str) -> None:
    """Raise AccountFrozen when points may not move."""
    if status != LoyaltyStatus.ACTIVE:
        raise AccountFrozen(f"This account is {status}.", account_status=status)


def freeze(
    session: Session, account: LoyaltyAccount, *, reason: str, now: datetime
) -> LoyaltyAccount:
    """Stop points from coming in and going out, until thawed; expiry and reversals go on."""
    return _turn(session, account, LoyaltyStatus.ACTIVE, LoyaltyStatus.FROZEN, reason, now=now)


def thaw(
    session: Session, account: LoyaltyAccount, *, reason: str, now: datetime
) -> LoyaltyAccount:
    """Let points move again."""
    return _turn(session, account, LoyaltyStatus.FROZEN, LoyaltyStatus.ACTIVE, reason, now=now)


def _turn(
    session: Session,
    account: LoyaltyAccount,
    expected: LoyaltyStatus,
    status: LoyaltyStatus,
    reason: str,
    *,
    now: datetime,
) -> LoyaltyAccount:
    """Change the status; saying so twice changes nothing, and a closed account stays closed."""
    session.execute(
        update(LoyaltyAccount)
        .where(LoyaltyAccount.id == account.id, LoyaltyAccount.status == expected)
        .values(status=status, status_reason=reason, updated_at=now)
        .execution_options(synchronize_session=False)
    )
    account = of(session, account.patient_id)
    if account.status == LoyaltyStatus.CLOSED:
        raise AccountFrozen("This account is closed.", account_status=account.status)
    return account
