"""Payments as the cashier or a provider reports them; settled ones earn points."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from crm import hospitals, patients, payments
from crm.api.kit import Body, Data, Door, Out, Page, Query, call, idempotent, needs
from crm.api.kit.fields import Code, Kobo, Moment
from crm.kit.permissions import Permission
from crm.models import Payment, PaymentRefund, PaymentStatus
from crm.payments import CASHIER, Settled

door = Door("payments", __name__)

Reference = Annotated[str, StringConstraints(min_length=1, max_length=120)]


class PaymentEventBody(Body):
    """Something that happened to a payment, known by its provider's reference.

    `settled` names hospital, patient and amount; `refunded` its own reference and the amount.
    """

    event: Literal["settled", "refunded"]
    provider: Code = CASHIER
    reference: Reference
    amount_kobo: Annotated[Kobo, Field(ge=1)]
    at: Moment | None = None
    hospital_id: UUID | None = None
    patient_id: UUID | None = None
    invoice: Reference | None = None
    refund_reference: Reference | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.event == "settled" and not (self.hospital_id and self.patient_id):
            raise ValueError("a settled payment names hospital_id and patient_id")
        if self.event == "refunded" and not self.refund_reference:
            raise ValueError("a refund has a refund_reference of its own")
        return self


class PaymentFilter(Query):
    """Which payments."""

    patient_id: UUID | None = None
    hospital_id: UUID | None = None
    status: PaymentStatus | None = None


class PaymentRefundOut(Out):
    """Money given back."""

    reference: str
    amount_kobo: int
    refunded_at: datetime


class PaymentOut(Out):
    """A payment as it stands."""

    id: UUID
    hospital_id: UUID
    patient_id: UUID
    provider: str
    reference: str
    invoice: str | None
    status: PaymentStatus
    amount_kobo: int
    refunded_kobo: int
    currency: Literal["NGN"] = "NGN"
    settled_at: datetime


class PaymentDetailOut(PaymentOut):
    """A payment with what was given back."""

    refunds: list[PaymentRefundOut]

    @classmethod
    def of(cls, row: Payment, refunds: list[PaymentRefund]) -> Self:
        """The shape of a row and its refunds."""
        given_back = [PaymentRefundOut.model_validate(each) for each in refunds]
        return cls(**PaymentOut.model_validate(row).model_dump(), refunds=given_back)


class PaymentEventOut(Out):
    """The payment, and the points this event brought (below zero: took back or made owed)."""

    payment: PaymentOut
    points: int


@door.post("/payments/events")
@needs(Permission.PAYMENTS_WRITE)
@idempotent
@door.input(PaymentEventBody)
@door.output(Data[PaymentEventOut], status_code=201)
def report(json_data: PaymentEventBody) -> Data[PaymentEventOut]:
    """Tell of a payment settled or refunded; told twice, it counts once."""
    tell = _settled if json_data.event == "settled" else _refunded
    payment, points = tell(json_data)
    call.concerns("payment", payment.id, hospital_id=payment.hospital_id)
    return Data(data=PaymentEventOut(payment=PaymentOut.model_validate(payment), points=points))


@door.get("/payments")
@needs(Permission.PAYMENTS_READ)
@door.input(PaymentFilter, location="query")
@door.output(Page[PaymentOut])
def index(query_data: PaymentFilter) -> Page[PaymentOut]:
    """The payments at one's hospitals, newest first."""
    found = payments.search(
        call.session,
        scope=call.scope,
        page=query_data.page(),
        patient_id=query_data.patient_id,
        hospital_id=query_data.hospital_id,
        status=query_data.status,
    )
    return Page[PaymentOut].of(found, PaymentOut.model_validate)


@door.get("/payments/<uuid:payment_id>")
@needs(Permission.PAYMENTS_READ)
@door.output(Data[PaymentDetailOut])
def show(payment_id: UUID) -> Data[PaymentDetailOut]:
    """One payment with what was given back."""
    payment = payments.get(call.session, payment_id, scope=call.scope)
    call.concerns("payment", payment.id, hospital_id=payment.hospital_id)
    refunds = payments.refunds_of(call.session, payment)
    return Data(data=PaymentDetailOut.of(payment, refunds))


def _settled(body: PaymentEventBody) -> tuple[Payment, int]:
    assert body.hospital_id is not None  # noqa: S101 -- the body's own check
    assert body.patient_id is not None  # noqa: S101 -- the body's own check
    hospitals.get(call.session, body.hospital_id, scope=call.scope)
    patients.get(call.session, body.patient_id, scope=call.scope)
    told = Settled(
        provider=body.provider,
        reference=body.reference,
        hospital_id=body.hospital_id,
        patient_id=body.patient_id,
        amount_kobo=body.amount_kobo,
        at=body.at or call.now,
        invoice=body.invoice,
    )
    payment, award = payments.settle(call.session, told, by_id=call.actor.id, now=call.now)
    return payment, award.points if award else 0


def _refunded(body: PaymentEventBody) -> tuple[Payment, int]:
    payment = payments.find(call.session, body.provider, body.reference, scope=call.scope)
    payment, taken = payments.refund(
        call.session,
        payment,
        reference=body.refund_reference or "",
        amount_kobo=body.amount_kobo,
        at=body.at or call.now,
        by_id=call.actor.id,
        now=call.now,
    )
    return payment, -(taken.points + taken.owed) if taken else 0
