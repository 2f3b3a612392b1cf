"""Money patients paid, as the cashier or a payment provider reports it."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from crm.models.base import Base, Dated, Identified, words


class PaymentStatus(StrEnum):
    """Where a payment stands; `part-refunded` keeps the rest."""

    SETTLED = "settled"
    PART_REFUNDED = "part-refunded"
    REFUNDED = "refunded"


class Payment(Identified, Dated, Base):
    """One settled payment, known by its reference at whoever took it."""

    __tablename__ = "payments"
    __table_args__ = (
        UniqueConstraint("provider", "reference"),
        CheckConstraint("amount_kobo > 0", name="amount_kobo"),
        CheckConstraint("refunded_kobo between 0 and amount_kobo", name="refunded_kobo"),
        CheckConstraint("(status = 'settled') = (refunded_kobo = 0)", name="settled"),
        CheckConstraint("(status = 'refunded') = (refunded_kobo = amount_kobo)", name="refunded"),
        Index("ix_payments_patient_id_id", "patient_id", "id"),
        Index("ix_payments_hospital_id_id", "hospital_id", "id"),
    )

    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"))
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient_profiles.id"))
    provider: Mapped[str]
    """"cashier", or the name of a payment provider."""
    reference: Mapped[str]
    invoice: Mapped[str | None]
    amount_kobo: Mapped[int]
    refunded_kobo: Mapped[int] = mapped_column(server_default=text("0"))
    status: Mapped[PaymentStatus] = mapped_column(words(PaymentStatus))
    settled_at: Mapped[datetime]
    recorded_by: Mapped[UUID | None]


class PaymentRefund(Identified, Base):
    """Money given back; its reference keeps a report that comes twice from counting twice."""

    __tablename__ = "payment_refunds"
    __table_args__ = (
        UniqueConstraint("payment_id", "reference"),
        CheckConstraint("amount_kobo > 0", name="amount_kobo"),
    )

    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payments.id"))
    reference: Mapped[str]
    amount_kobo: Mapped[int]
    refunded_at: Mapped[datetime]
    recorded_by: Mapped[UUID | None]
