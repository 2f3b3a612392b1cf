"""The owners of hospitals, what was agreed with them, and the accounts they are paid into."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    PrimaryKeyConstraint,
    Text,
    func,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.channels.carrier import Channel
from crm.models.base import Base, Dated, Identified, words


class OwnerKind(StrEnum):
    """What an owner is to the tax office."""

    INDIVIDUAL = "individual"
    COMPANY = "company"


class OwnerStatus(StrEnum):
    """Whether we deal with this owner."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    ERASED = "erased"


class Owner(Identified, Dated, Base):
    """Somebody on whose behalf the group runs a hospital. The name stays readable for searching.

    `hospital_id` is where the owner is at home; without one the owner is the group's own.
    """

    __tablename__ = "owners"
    __table_args__ = (
        CheckConstraint("tin_sealed is null or has_tin", name="tin"),
        Index("ix_owners_name_id", "name", "id"),
    )

    hospital_id: Mapped[UUID | None] = mapped_column(ForeignKey("hospitals.id"), index=True)
    kind: Mapped[OwnerKind] = mapped_column(words(OwnerKind))
    name: Mapped[str]
    status: Mapped[OwnerStatus] = mapped_column(words(OwnerStatus), server_default=text("'active'"))
    resident: Mapped[bool] = mapped_column(server_default=text("true"))
    """In Nigeria, for tax."""
    has_tin: Mapped[bool] = mapped_column(server_default=text("false"))
    tin_sealed: Mapped[bytes | None]
    """Tax identification number, sealed as owners.tin."""
    state: Mapped[str | None]
    language: Mapped[str] = mapped_column(server_default=text("'en'"))
    preferred_channel: Mapped[Channel] = mapped_column(
        words(Channel), server_default=text("'whatsapp'")
    )
    version: Mapped[int] = mapped_column(server_default=text("1"))


class OwnerAddress(Base):
    """Which addresses reach an owner."""

    __tablename__ = "owner_addresses"
    __table_args__ = (
        PrimaryKeyConstraint("address_id", "owner_id"),
        Index("ix_owner_addresses_owner_id", "owner_id"),
    )

    address_id: Mapped[UUID] = mapped_column(ForeignKey("addresses.id"))
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("owners.id"))
    since: Mapped[datetime] = mapped_column(server_default=func.now())


class ContractModel(StrEnum):
    """How the owner's share is worked out."""

    PERCENTAGE = "percentage"
    MARGINAL_TIERS = "marginal_tiers"
    """Each slice of the revenue at its own rate, as income tax does."""
    BAND_TIERS = "band_tiers"
    """All of the revenue at the rate of the band it falls into."""
    FIXED = "fixed"
    HYBRID = "hybrid"
    """A fixed rent and a percentage."""


class Basis(StrEnum):
    """Which revenue counts: what was received, or what was billed."""

    CASH = "cash"
    BILLED = "billed"


class TaxCategory(StrEnum):
    """What a payment is to the tax office; the rates are rows of `tax_rules`."""

    RENT = "rent"
    DIVIDEND = "dividend"
    INTEREST = "interest"
    ROYALTY = "royalty"
    PROFESSIONAL = "professional"
    GOODS = "goods"
    SERVICES = "services"
    CONSTRUCTION = "construction"
    DIRECTORS_FEES = "directors_fees"


class ContractStatus(StrEnum):
    """Where a contract stands; one that ran out stays active and is over by its dates."""

    ACTIVE = "active"
    TERMINATED = "terminated"
    """Ended early; `ends_on` is its last day."""
    CANCELLED = "cancelled"
    """Never counted: written by mistake."""


class Contract(Identified, Dated, Base):
    """What one owner gets from the revenue of one hospital, from `starts_on` to `ends_on`.

    Both days are included; money is per month. The terms here are the newest; `contract_versions`
    keeps each version with the day from which it counts. `tiers` are
    `{"up_to_kobo": int | null, "bps": int}` in rising order, the last without an upper end.
    `deductions` are taken in order: `{"code", "label", "amount_kobo" | "bps", "cap_kobo"}`, where
    bps are of the share and the cap is per month.
    """

    __tablename__ = "contracts"
    __table_args__ = (
        ExcludeConstraint(
            ("hospital_id", "="),
            ("owner_id", "="),
            (literal_column("daterange(starts_on, ends_on, '[]')"), "&&"),
            where=text("status <> 'cancelled'"),
            name="ex_contracts_period",
            using="gist",
        ),
        CheckConstraint("ends_on >= starts_on", name="dates"),
        CheckConstraint("share_bps between 0 and 10000", name="share"),
        CheckConstraint(
            "minimum_guarantee_kobo >= 0 and fixed_kobo >= 0"
            " and minimum_payout_kobo >= 0 and cap_kobo > 0",
            name="amounts",
        ),
        Index("ix_contracts_owner_id", "owner_id"),
        Index("ix_contracts_ends_on", "ends_on", postgresql_where=text("status = 'active'")),
    )

    owner_id: Mapped[UUID] = mapped_column(ForeignKey("owners.id"))
    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"))
    model: Mapped[ContractModel] = mapped_column(words(ContractModel))
    basis: Mapped[Basis] = mapped_column(words(Basis), server_default=text("'cash'"))
    share_bps: Mapped[int] = mapped_column(server_default=text("0"))
    tiers: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'"))
    minimum_guarantee_kobo: Mapped[int] = mapped_column(server_default=text("0"))
    is_guarantee_recoupable: Mapped[bool] = mapped_column(server_default=text("false"))
    cap_kobo: Mapped[int | None]
    fixed_kobo: Mapped[int] = mapped_column(server_default=text("0"))
    deductions: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'"))
    excluded_service_lines: Mapped[list[str]] = mapped_column(
        ARRAY(Text), server_default=text("'{}'")
    )
    """Revenue that is not shared, such as drugs passed on at cost."""
    tax_category: Mapped[TaxCategory] = mapped_column(words(TaxCategory))
    minimum_payout_kobo: Mapped[int] = mapped_column(server_default=text("0"))
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    status: Mapped[ContractStatus] = mapped_column(
        words(ContractStatus), server_default=text("'active'")
    )
    status_reason: Mapped[str | None]
    previous_id: Mapped[UUID | None] = mapped_column(ForeignKey("contracts.id"))
    """The contract that this one renews."""
    version: Mapped[int] = mapped_column(server_default=text("1"))


class ContractVersion(Base):
    """The terms as they were agreed, from `effective_from` on; rows are only ever added."""

    __tablename__ = "contract_versions"
    __table_args__ = (PrimaryKeyConstraint("contract_id", "version"),)

    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contracts.id"))
    version: Mapped[int]
    effective_from: Mapped[date]
    terms: Mapped[dict[str, Any]]
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime]


class BankAccount(Identified, Dated, Base):
    """Where an owner is paid: one active account at a time.

    `changed_at` is when it took the place of another: payouts wait a week after that. An owner's
    first account has none.
    """

    __tablename__ = "bank_accounts"
    __table_args__ = (
        Index(
            "uq_bank_accounts_owner_id",
            "owner_id",
            unique=True,
            postgresql_where=text("is_active"),
        ),
        Index("ix_bank_accounts_number_index", "number_index"),
        CheckConstraint("verified_by <> created_by", name="four_eyes"),
    )

    owner_id: Mapped[UUID] = mapped_column(ForeignKey("owners.id"))
    bank_code: Mapped[str]
    """The central bank's three digits, or five or six for a microfinance bank."""
    number_sealed: Mapped[bytes]
    """Ten digits, sealed as bank_accounts.number."""
    number_index: Mapped[bytes]
    number_last4: Mapped[str]
    account_name: Mapped[str]
    verified_name: Mapped[str | None]
    """What the bank answered when it was asked whose account this is."""
    verified_at: Mapped[datetime | None]
    verified_by: Mapped[UUID | None]
    created_by: Mapped[UUID | None]
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    changed_at: Mapped[datetime | None]
