"""The people: patients, the addresses that reach them, what they agreed to."""

from datetime import datetime, time
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKey,
    Index,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from bot.channels.carrier import Channel
from crm.models.base import Base, Dated, Identified, Small, words


class PatientStatus(StrEnum):
    """Whether we may speak to, and of, this patient."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    DECEASED = "deceased"
    MERGED = "merged"
    ERASED = "erased"


class Gender(StrEnum):
    """What the patient says."""

    FEMALE = "female"
    MALE = "male"
    OTHER = "other"
    UNDISCLOSED = "undisclosed"


class BloodGroup(StrEnum):
    """ABO and rhesus."""

    A_POSITIVE = "A+"
    A_NEGATIVE = "A-"
    B_POSITIVE = "B+"
    B_NEGATIVE = "B-"
    AB_POSITIVE = "AB+"
    AB_NEGATIVE = "AB-"
    O_POSITIVE = "O+"
    O_NEGATIVE = "O-"


class Genotype(StrEnum):
    """Of haemoglobin; sickle cell disease is common enough that every form asks."""

    AA = "AA"
    AS = "AS"
    SS = "SS"
    AC = "AC"
    SC = "SC"
    CC = "CC"


class Patient(Identified, Dated, Base):
    """A person in our care. The name stays readable because the desk searches by it.

    What ends in `_sealed` is sealed as patient_profiles.<name>, what ends in `_index` finds it.
    """

    __tablename__ = "patient_profiles"
    __table_args__ = (
        UniqueConstraint("home_hospital_id", "mrn"),
        CheckConstraint("(status = 'merged') = (merged_into is not null)", name="merged"),
        CheckConstraint("guardian_id <> id", name="guardian"),
        CheckConstraint(
            "(quiet_start is null) = (quiet_end is null) and quiet_start <> quiet_end",
            name="quiet",
        ),
        Index("ix_patient_profiles_by_name", "name_folded", "id"),
        Index(
            "ix_patient_profiles_name_words",
            "name_folded",
            postgresql_using="gin",
            postgresql_ops={"name_folded": "gin_trgm_ops"},
        ),
        Index("ix_patient_profiles_nhis_index", "nhis_index"),
        Index("ix_patient_profiles_guardian_id", "guardian_id"),
    )

    home_hospital_id: Mapped[UUID | None] = mapped_column(ForeignKey("hospitals.id"), index=True)
    mrn: Mapped[str | None]
    """The hospital number on the folder."""
    full_name: Mapped[str]
    name_folded: Mapped[str] = mapped_column(Computed("fold_name(full_name)", persisted=True))
    """The name without capitals, tone marks and hooks, kept by the database."""
    born_on_sealed: Mapped[bytes | None]
    """ISO date."""
    birth_year: Mapped[int | None] = mapped_column(Small)
    """In the clear, so that a campaign can speak to an age; nobody is found by it."""
    is_birth_estimated: Mapped[bool] = mapped_column(server_default=text("false"))
    gender: Mapped[Gender | None] = mapped_column(words(Gender))
    nin_sealed: Mapped[bytes | None]
    nin_index: Mapped[bytes | None] = mapped_column(unique=True)
    nhis_sealed: Mapped[bytes | None]
    nhis_index: Mapped[bytes | None]
    home_sealed: Mapped[bytes | None]
    """JSON: line, city, lga of where they live."""
    state: Mapped[str | None]
    emergency_contact_sealed: Mapped[bytes | None]
    """JSON: name, relation, phone."""
    blood_group: Mapped[BloodGroup | None] = mapped_column(words(BloodGroup))
    genotype: Mapped[Genotype | None] = mapped_column(words(Genotype))
    allergies_sealed: Mapped[bytes | None]
    """JSON: a list of words."""
    clinical_notes_sealed: Mapped[bytes | None]
    guardian_id: Mapped[UUID | None] = mapped_column(ForeignKey("patient_profiles.id"))
    """Who speaks for a minor."""
    language: Mapped[str] = mapped_column(server_default=text("'en'"))
    preferred_channel: Mapped[Channel | None] = mapped_column(words(Channel))
    quiet_start: Mapped[time | None]
    quiet_end: Mapped[time | None]
    """Lagos wall clock; a start after the end reaches over midnight."""
    status: Mapped[PatientStatus] = mapped_column(
        words(PatientStatus), server_default=text("'active'")
    )
    merged_into: Mapped[UUID | None] = mapped_column(ForeignKey("patient_profiles.id"))
    legal_hold: Mapped[str | None]
    """Why this record may not be erased."""
    is_synthetic: Mapped[bool] = mapped_column(server_default=text("false"))
    version: Mapped[int] = mapped_column(server_default=text("1"))

    @property
    def first_name(self) -> str:
        """What we call them: the first of their names."""
        return self.full_name.split()[0]

    @property
    def last_name(self) -> str:
        """The names after the first."""
        return self.full_name.partition(" ")[2]


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
    CARE = "care"
    REMINDER = "reminder"
    NOTICE = "notice"
    SURVEY = "survey"
    LOYALTY = "loyalty"
    MARKETING = "marketing"


class Consent(Identified, Base):
    """One act of agreeing or withdrawing; rows are only ever added (a trigger refuses the rest)."""

    __tablename__ = "consents"
    __table_args__ = (
        Index("ix_consents_address_id_id", "address_id", "id"),
        Index("ix_consents_patient_id", "patient_id"),
    )

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
    BOUNCE = "bounce"
    SPAM = "spam"


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
