"""What the hospitals earned, how far their books are closed, and what the tax office takes."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    UniqueConstraint,
    literal_column,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crm.models.base import Base, Dated, Identified, words
from crm.models.owner import OwnerKind, TaxCategory


class RevenueKind(StrEnum):
    """Whether money came, went back, or will never come."""

    CHARGE = "charge"
    REFUND = "refund"
    WRITE_OFF = "write_off"


class RevenueEntry(Identified, Dated, Base):
    """One amount of one hospital: charges above zero, refunds and write-offs below.

    `billed_on` and `collected_on` say what happened; `billing_recognised_on` and
    `cash_recognised_on` in which month it counts, by the basis of a contract. They differ when
    the books of that month were closed already: then it counts on the first open day after.
    """

    __tablename__ = "revenue_entries"
    __table_args__ = (
        UniqueConstraint("hospital_id", "source", "external_ref", name="uq_revenue_entries_ref"),
        CheckConstraint("(kind = 'charge') = (amount_kobo > 0) and amount_kobo <> 0", name="sign"),
        CheckConstraint(
            "(collected_on is null) = (cash_recognised_on is null)"
            " and cash_recognised_on >= collected_on and billing_recognised_on >= billed_on",
            name="recognised",
        ),
        Index("ix_revenue_entries_cash", "hospital_id", "cash_recognised_on"),
        Index("ix_revenue_entries_billing", "hospital_id", "billing_recognised_on"),
        Index("ix_revenue_entries_billed_on_id", "billed_on", "id"),
    )

    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"))
    service_line: Mapped[str]
    kind: Mapped[RevenueKind] = mapped_column(words(RevenueKind))
    amount_kobo: Mapped[int]
    billed_on: Mapped[date]
    collected_on: Mapped[date | None]
    billing_recognised_on: Mapped[date]
    cash_recognised_on: Mapped[date | None]
    source: Mapped[str]
    external_ref: Mapped[str]
    created_by: Mapped[UUID | None]


class RevenueClosing(Base):
    """How far a hospital's books are closed: nothing more counts on or before this day."""

    __tablename__ = "revenue_closings"

    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"), primary_key=True)
    closed_through: Mapped[date]


class TaxRule(Identified, Dated, Base):
    """A rate of withholding tax in basis points, from a day until a day, with its source in law."""

    __tablename__ = "tax_rules"
    __table_args__ = (
        ExcludeConstraint(
            ("category", "="),
            ("payee", "="),
            ("resident", "="),
            ("has_tin", "="),
            (literal_column("daterange(effective_from, effective_to, '[]')"), "&&"),
            name="ex_tax_rules_period",
            using="gist",
        ),
        CheckConstraint("bps between 0 and 10000", name="bps"),
        CheckConstraint("effective_to >= effective_from", name="dates"),
    )

    category: Mapped[TaxCategory] = mapped_column(words(TaxCategory))
    payee: Mapped[OwnerKind] = mapped_column(words(OwnerKind))
    resident: Mapped[bool]
    has_tin: Mapped[bool]
    bps: Mapped[int]
    effective_from: Mapped[date]
    effective_to: Mapped[date | None]
    legal_ref: Mapped[str]
