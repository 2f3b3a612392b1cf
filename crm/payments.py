"""Payments of patients, as the cashier or a provider reports them; settled ones earn points."""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from crm import loyalty
from crm.kit.errors import DomainError, NotFound
from crm.kit.ids import uuid7
from crm.kit.paging import Found, PageRequest, keyset
from crm.kit.permissions import Scope
from crm.loyalty import Award, Reversal
from crm.models import Payment, PaymentRefund, PaymentStatus

CASHIER = "cashier"
_RULE, _SOURCE = "payment", "payment"


class DifferentPayment(DomainError):
    """The reference is known, for another amount, patient or hospital."""

    code = "different_payment"


class RefundTooLarge(DomainError):
    """More would be given back than was paid; `facts["left_kobo"]` is what is left."""

    code = "refund_too_large"
    status = 422


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A payment as it is reported."""

    provider: str
    reference: str
    hospital_id: UUID
    patient_id: UUID
    amount_kobo: int
    at: datetime
    invoice: str | None = None


def settle(
    session: Session, told: Settled, *, by_id: UUID | None, now: datetime
) -> tuple[Payment, Award | None]:
    """Write down a payment and give its points; told twice, it counts once.

    No points come back when it was known, is too small, or the account is frozen.
    Raises DifferentPayment.
    """
    payment = _inserted(session, told, by_id=by_id, now=now)
    if payment is None:
        return _known(session, told), None
    award = loyalty.award(
        session,
        patient_id=payment.patient_id,
        rule=_RULE,
        source_type=_SOURCE,
        source_id=payment.id,
        now=now,
        amount_kobo=payment.amount_kobo,
    )
    return payment, award


def refund(
    session: Session,
    payment: Payment,
    *,
    reference: str,
    amount_kobo: int,
    at: datetime,
    by_id: UUID | None,
    now: datetime,
) -> tuple[Payment, Reversal | None]:
    """Write down money given back and take its points back; told twice, it counts once.

    Raises RefundTooLarge, DifferentPayment.
    """
    session.refresh(payment, with_for_update={"key_share": True})
    if _is_known(session, payment, reference, amount_kobo):
        return payment, None
    left = payment.amount_kobo - payment.refunded_kobo
    if amount_kobo > left:
        raise RefundTooLarge("That is more than is left of the payment.", left_kobo=left)
    session.add(
        PaymentRefund(
            id=uuid7(),
            payment_id=payment.id,
            reference=reference,
            amount_kobo=amount_kobo,
            refunded_at=at,
            recorded_by=by_id,
        )
    )
    payment.refunded_kobo += amount_kobo
    is_all = payment.refunded_kobo == payment.amount_kobo
    payment.status = PaymentStatus.REFUNDED if is_all else PaymentStatus.PART_REFUNDED
    payment.updated_at = now
    session.flush()
    return payment, _taken_back(session, payment, by_id=by_id, now=now)


def find(session: Session, provider: str, reference: str, *, scope: Scope) -> Payment:
    """The payment of this reference. Raises NotFound, also outside the scope."""
    query = select(Payment).where(Payment.provider == provider, Payment.reference == reference)
    return _one(session.scalars(query).one_or_none(), scope)


def get(session: Session, payment_id: UUID, *, scope: Scope) -> Payment:
    """One payment. Raises NotFound, also outside the scope."""
    return _one(session.get(Payment, payment_id), scope)


def search(
    session: Session,
    *,
    scope: Scope,
    page: PageRequest,
    patient_id: UUID | None = None,
    hospital_id: UUID | None = None,
    status: PaymentStatus | None = None,
) -> Found[Payment]:
    """The payments at the hospitals of the scope, newest first."""
    query = select(Payment).where(scope.where(Payment.hospital_id))
    for column, wanted in (
        (Payment.patient_id, patient_id),
        (Payment.hospital_id, hospital_id),
        (Payment.status, status),
    ):
        if wanted is not None:
            query = query.where(column == wanted)
    return keyset(session, query, page, Payment.id.desc())


def refunds_of(session: Session, payment: Payment) -> list[PaymentRefund]:
    """What was given back, oldest first."""
    query = select(PaymentRefund).where(PaymentRefund.payment_id == payment.id)
    return list(session.scalars(query.order_by(PaymentRefund.id)))


def _one(payment: Payment | None, scope: Scope) -> Payment:
    if payment is None or not scope.covers(payment.hospital_id):
        raise NotFound("There is no such payment.")
    return payment


def _inserted(
    session: Session, told: Settled, *, by_id: UUID | None, now: datetime
) -> Payment | None:
    return session.scalar(
        insert(Payment)
        .values(
            id=uuid7(),
            hospital_id=told.hospital_id,
            patient_id=told.patient_id,
            provider=told.provider,
            reference=told.reference,
            invoice=told.invoice,
            amount_kobo=told.amount_kobo,
            status=PaymentStatus.SETTLED,
            settled_at=told.at,
            recorded_by=by_id,
            created_at=now,
            updated_at=now,
        )
        .on_conflict_do_nothing(index_elements=["provider", "reference"])
        .returning(Payment)
    )


def _known(session: Session, told: Settled) -> Payment:
    payment = session.scalars(
        select(Payment).where(
            Payment.provider == told.provider, Payment.reference == told.reference
        )
    ).one()
    same = (told.amount_kobo, told.patient_id, told.hospital_id)
    if (payment.amount_kobo, payment.patient_id, payment.hospital_id) != same:
        raise DifferentPayment("This reference belongs to another payment.")
    return payment


def _is_known(session: Session, payment: Payment, reference: str, amount_kobo: int) -> bool:
    known = session.scalars(
        select(PaymentRefund.amount_kobo).where(
            PaymentRefund.payment_id == payment.id, PaymentRefund.reference == reference
        )
    ).one_or_none()
    if known not in {None, amount_kobo}:
        raise DifferentPayment("This reference belongs to another refund.")
    return known is not None


def _taken_back(
    session: Session, payment: Payment, *, by_id: UUID | None, now: datetime
) -> Reversal | None:
    return loyalty.reverse(
        session,
        rule=_RULE,
        source_type=_SOURCE,
        source_id=payment.id,
        now=now,
        reason="payment refunded",
        left=Fraction(payment.amount_kobo - payment.refunded_kobo, payment.amount_kobo),
        actor_id=by_id,
    )
