"""Files for the bank: what was approved, with a total to check and a fingerprint.

Making one sends its payouts on their way; it can be read again by its reference.
"""

import csv
import hashlib
import io
import secrets
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crm import bank_accounts
from crm.kit.clock import lagos_day
from crm.kit.errors import NotFound
from crm.kit.permissions import Actor, Permission, Scope
from crm.models import BankAccount, Payout, PayoutStatus
from crm.payouts import money, risks
from crm.payouts.reading import visible
from crm.payouts.refusals import NothingToPay
from crm.payouts.writing import note

HEADER = ("beneficiary", "account_number", "bank_code", "amount", "narration", "reference")
_LONGEST_NARRATION = 30
_LONGEST_NAME = 60
_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"

_S = PayoutStatus

Pair = tuple[Payout, BankAccount]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A payout that did not get into the file, and why."""

    payout_id: UUID
    reference: str
    code: str


@dataclass(frozen=True, slots=True)
class BankFile:
    """A file and what proves it: number, sum and SHA-256 of its bytes."""

    reference: str
    text: str
    count: int
    control_total_kobo: int
    left_out: Sequence[LeftOut] = ()

    @property
    def sha256(self) -> str:
        """The fingerprint of the file."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def make(
    session: Session,
    *,
    run_id: UUID | None = None,
    payout_ids: Collection[UUID] = (),
    by: Actor,
    now: datetime,
) -> BankFile:
    """Put what was approved of a run or a choice into a file, and send it on its way.

    A failed payout may be chosen for another try. Left out is what has no safe account by now.
    Raises NothingToPay.
    """
    found = _payable(session, run_id, payout_ids, by.scope(Permission.PAYOUTS_MOVE))
    reasons = {payout.id: _reason(payout, account, now=now) for payout, account in found}
    pairs = [(p, account) for p, account in found if account and not reasons[p.id]]
    if not pairs:
        raise NothingToPay("No approved payout with a safe account is left to pay.")
    file = replace(_file(session, _reference(now), pairs), left_out=_left_out(found, reasons))
    _send(session, file, [payout.id for payout, _ in pairs], by=by, now=now)
    return file


def read(session: Session, reference: str, *, scope: Scope) -> BankFile:
    """A file that was made, again. Raises NotFound, also when part of it is outside the scope."""
    pairs = session.execute(
        select(Payout, BankAccount)
        .join(BankAccount, BankAccount.id == Payout.bank_account_id)
        .where(Payout.bank_file == reference)
        .order_by(Payout.reference)
    ).all()
    if not pairs or not all(scope.is_staff and scope.covers(p.hospital_id) for p, _ in pairs):
        raise NotFound("There is no such file.")
    return _file(session, reference, [(payout, account) for payout, account in pairs])


def _payable(
    session: Session, run_id: UUID | None, payout_ids: Collection[UUID], scope: Scope
) -> list[tuple[Payout, BankAccount | None]]:
    """What may be paid, held until the file is made, with the account its owner has now."""
    found = (
        select(Payout, BankAccount)
        .outerjoin(BankAccount, (BankAccount.owner_id == Payout.owner_id) & BankAccount.is_active)
        .where(visible(scope), Payout.net_kobo > 0)
        .order_by(Payout.reference)
        .with_for_update(of=Payout)
    )
    if run_id is not None:
        found = found.where(Payout.run_id == run_id, Payout.status == _S.APPROVED)
    else:
        chosen = Payout.status.in_([_S.APPROVED, _S.FAILED])
        found = found.where(Payout.id.in_(payout_ids), chosen)
    return [(payout, account) for payout, account in session.execute(found)]


def _reason(payout: Payout, account: BankAccount | None, *, now: datetime) -> str | None:
    """Why a payout stays out of the file; None when nothing speaks against it."""
    doubts = risks.of_account(account, now=now)
    if doubts:
        return doubts[0].value
    is_other = account is not None and account.id != payout.bank_account_id
    return risks.Risk.BANK_CHANGED.value if is_other else None


def _left_out(
    found: Sequence[tuple[Payout, BankAccount | None]], reasons: Mapping[UUID, str | None]
) -> list[LeftOut]:
    return [
        LeftOut(payout.id, payout.reference, reason)
        for payout, _ in found
        if (reason := reasons[payout.id])
    ]


def _send(
    session: Session, file: BankFile, payout_ids: Sequence[UUID], *, by: Actor, now: datetime
) -> None:
    session.execute(
        update(Payout)
        .where(Payout.id.in_(payout_ids), Payout.status.in_([_S.APPROVED, _S.FAILED]))
        .values(
            status=_S.PROCESSING,
            status_reason=None,
            failure_code=None,
            bank_file=file.reference,
            version=Payout.version + 1,
            updated_at=now,
        )
        .execution_options(synchronize_session=False)
    )
    said = f"In bank file {file.reference}, SHA-256 {file.sha256}"
    note(session, payout_ids, _S.PROCESSING, by=by, now=now, reason=said)


def _reference(now: datetime) -> str:
    code = "".join(secrets.choice(_LETTERS) for _ in range(6))
    return f"BF{lagos_day(now):%Y%m%d}-{code}"


def _file(session: Session, reference: str, pairs: Sequence[Pair]) -> BankFile:
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(HEADER)
    writer.writerows(_row(session, payout, account) for payout, account in pairs)
    total = sum(payout.net_kobo for payout, _ in pairs)
    return BankFile(reference, file.getvalue(), len(pairs), total)


def _row(session: Session, payout: Payout, account: BankAccount) -> tuple[str, ...]:
    return (
        _folded(account.account_name)[:_LONGEST_NAME],
        bank_accounts.number(session, account),
        account.bank_code,
        money.plain(payout.net_kobo),
        f"GrandPro {payout.reference}"[:_LONGEST_NARRATION],
        payout.reference,
    )


def _folded(name: str) -> str:
    """Letters, digits and blanks alone: banks take no marks, and no cell may be a formula."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return " ".join("".join(c if c.isalnum() else " " for c in plain).split())
