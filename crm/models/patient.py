"""The people: patients, the addresses that reach them, what they agreed to."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.channels.carrier import Channel
from crm.models.base import Base, Dated, Identified, words


class PatientStatus(StrEnum):
    """Whether we may speak to, and of, this patient."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    DECEASED = "deceased"
    MERGED = "merged"
    ERASED = "erased"


class Patient(Identified, Dated, Base):
    """A person in our care. The name stays readable because the desk searches by it."""

    __tablename__ = "patient_profiles"

    home_hospital_id: Mapped[UUID | None] = mapped_column(ForeignKey("hospitals.id"), index=True)
    full_name: Mapped[str]
    born_on_sealed: Mapped[bytes | None]
    """ISO date, sealed as patient_profiles.born_on."""
    state: Mapped[str | None]
    language: Mapped[str] = mapped_column(server_default=text("'en'"))
    status: Mapped[PatientStatus] = mapped_column(
        words(PatientStatus), server_default=text("'active'")
    )
    is_synthetic: Mapped[bool] = mapped_column(server_default=text("false"))

    @property
    def first_name(self) -> str:
        """What we call them: the first of their names."""
        return self.full_name.split()[0]


class Address(Identified, Dated, Base):
    """A way to reach people: a channel and a value, kept sealed and found by its blind index.

    Families share phones and people have several, so addresses and patients are many to many.
    """

    __tablename__ = "addresses"
    __table_args__ = (UniqueConstraint("channel", "value_index"),)

    channel: Mapped[Channel] = mapped_column(words(Channel))
    value_sealed: Mapped[bytes]
    """E.164, or a WhatsApp business-scoped id, sealed as addresses.value."""
    value_index: Mapped[bytes]


class HolderRole(StrEnum):
    """What the person holding the phone is to the patient."""

    SELF = "self"
    FAMILY = "family"


class AddressHolder(Base):
    """Which patients an address speaks for."""

    __tablename__ = "address_holders"
    __table_args__ = (Index("ix_address_holders_patient_id", "patient_id"),)

    address_id: Mapped[UUID] = mapped_column(ForeignKey("addresses.id"), primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient_profiles.id"), primary_key=True)
    role: Mapped[HolderRole] = mapped_column(words(HolderRole), server_default=text("'self'"))
    since: Mapped[datetime] = mapped_column(server_default=func.now())


class Purpose(StrEnum):
    """Why a message is sent, which decides what consent and what hours it needs."""

    REPLY = "reply"
    ALERT = "alert"
    REMINDER = "reminder"
    NOTICE = "notice"
    SURVEY = "survey"
    MARKETING = "marketing"


class Consent(Identified, Base):
    """One act of agreeing or withdrawing; rows are only ever added (a trigger refuses the rest)."""

    __tablename__ = "consents"
    __table_args__ = (Index("ix_consents_address_id_id", "address_id", "id"),)

    patient_id: Mapped[UUID | None] = mapped_column(ForeignKey("patient_profiles.id"))
    address_id: Mapped[UUID] = mapped_column(ForeignKey("addresses.id"))
    purpose: Mapped[str]
    """"care" for the records themselves, else a Purpose, or "all" for a STOP or START."""
    is_granted: Mapped[bool]
    wording: Mapped[str]
    """Version of the words the person saw, such as "care-2026-11"."""
    language: Mapped[str]
    source: Mapped[str]
    proof_message_id: Mapped[UUID | None]
    at: Mapped[datetime]


class SuppressionReason(StrEnum):
    """Why an address hears nothing it did not ask for."""

    STOP = "stop"
    CARRIER = "carrier"
    INVALID = "invalid"


class Suppression(Identified, Base):
    """An address that must not be written to, until lifted."""

    __tablename__ = "suppressions"
    __table_args__ = (
        Index(
            "uq_suppressions_address_id",
            "address_id",
            unique=True,
            postgresql_where=text("lifted_at is null"),
        ),
    )

    address_id: Mapped[UUID] = mapped_column(ForeignKey("addresses.id"))
    reason: Mapped[SuppressionReason] = mapped_column(words(SuppressionReason))
    since: Mapped[datetime]
    lifted_at: Mapped[datetime | None]
