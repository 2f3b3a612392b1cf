"""What people think of us: patients after a visit, owners by quarter, and what we did then."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from crm.models.base import Base, Dated, Identified, Small, words


class InvitationStatus(StrEnum):
    """What became of an invitation; a skipped one says why in `skip_reason`."""

    PENDING = "pending"
    POSTED = "posted"
    SKIPPED = "skipped"


class Topic(StrEnum):
    """What feedback is about."""

    WAITING_TIME = "waiting_time"
    STAFF_COURTESY = "staff_courtesy"
    DOCTOR_COMMUNICATION = "doctor_communication"
    CLEANLINESS = "cleanliness"
    BILLING = "billing"
    PHARMACY = "pharmacy"
    FACILITIES = "facilities"
    TELEMEDICINE = "telemedicine"
    OTHER = "other"


class AnswerSource(StrEnum):
    """By which way an answer came; `desk` and `call` were written down by staff."""

    WHATSAPP = "whatsapp"
    SMS = "sms"
    EMAIL = "email"
    WEB = "web"
    DESK = "desk"
    CALL = "call"


_TOPICS = ", ".join(f"'{topic}'" for topic in Topic)


class FeedbackInvitation(Identified, Dated, Base):
    """The one question after a visit, asked or not: the row that lets a visit be rated once.

    Who answers without having been asked gets a row too, skipped from the start.
    """

    __tablename__ = "feedback_invitations"
    __table_args__ = (
        CheckConstraint("(status = 'posted') = (posted_at is not null)", name="posted"),
        CheckConstraint("(status = 'skipped') = (skip_reason is not null)", name="skipped"),
        Index(
            "ix_feedback_invitations_due_at",
            "due_at",
            postgresql_where=text("status = 'pending'"),
        ),
        Index("ix_feedback_invitations_patient_id", "patient_id", "due_at"),
        Index(
            "ix_feedback_invitations_awaited",
            "address_id",
            "posted_at",
            postgresql_where=text("status = 'posted' and answered_at is null"),
        ),
        Index("ix_feedback_invitations_hospital_id", "hospital_id", "posted_at"),
    )

    appointment_id: Mapped[UUID] = mapped_column(ForeignKey("appointments.id"), unique=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient_profiles.id"))
    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"))
    due_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    status: Mapped[InvitationStatus] = mapped_column(
        words(InvitationStatus), server_default=text("'pending'")
    )
    skip_reason: Mapped[str | None]
    address_id: Mapped[UUID | None] = mapped_column(ForeignKey("addresses.id"))
    message_id: Mapped[UUID | None]
    posted_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]


class PatientFeedback(Identified, Base):
    """What somebody said of a visit. An anonymous row holds no patient, visit, doctor or hour."""

    __tablename__ = "patient_feedback"
    __table_args__ = (
        CheckConstraint("rating between 1 and 5", name="rating"),
        CheckConstraint("nps between 0 and 10", name="nps"),
        CheckConstraint(f"categories <@ array[{_TOPICS}]::text[]", name="categories"),
        CheckConstraint(
            "not is_anonymous or num_nonnulls(patient_id, appointment_id, service_id,"
            " practitioner_id) = 0",
            name="anonymous",
        ),
        CheckConstraint(
            "is_anonymous or num_nonnulls(patient_id, appointment_id) = 2", name="named"
        ),
        Index("ix_patient_feedback_hospital_id", "hospital_id", "said_at", "id"),
        Index("ix_patient_feedback_patient_id", "patient_id", "said_at"),
    )

    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"))
    patient_id: Mapped[UUID | None] = mapped_column(ForeignKey("patient_profiles.id"))
    appointment_id: Mapped[UUID | None] = mapped_column(ForeignKey("appointments.id"), unique=True)
    service_id: Mapped[UUID | None] = mapped_column(ForeignKey("services.id"))
    practitioner_id: Mapped[UUID | None] = mapped_column(ForeignKey("practitioners.id"))
    rating: Mapped[int] = mapped_column(Small)
    nps: Mapped[int | None] = mapped_column(Small)
    categories: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    comment_sealed: Mapped[bytes | None]
    """Sealed as patient_feedback.comment."""
    is_anonymous: Mapped[bool] = mapped_column(server_default=text("false"))
    may_contact: Mapped[bool] = mapped_column(server_default=text("true"))
    source: Mapped[AnswerSource] = mapped_column(words(AnswerSource))
    said_at: Mapped[datetime]
    """The moment; of an anonymous row the beginning of its Lagos day."""
    edited_at: Mapped[datetime | None]


class OwnerSurvey(Identified, Dated, Base):
    """A quarter's invitation to one owner about one contract, with at most one nudge."""

    __tablename__ = "owner_survey_invitations"
    __table_args__ = (
        UniqueConstraint(
            "owner_id", "contract_id", "period", name="uq_owner_survey_invitations_once"
        ),
        CheckConstraint("period ~ '^[0-9]{4}-Q[1-4]$'", name="period"),
        CheckConstraint("(status = 'posted') = (posted_at is not null)", name="posted"),
        CheckConstraint("(status = 'skipped') = (skip_reason is not null)", name="skipped"),
        Index(
            "ix_owner_survey_invitations_due_at",
            "due_at",
            postgresql_where=text("status = 'pending'"),
        ),
        Index(
            "ix_owner_survey_invitations_awaited",
            "address_id",
            "posted_at",
            postgresql_where=text("status = 'posted' and answered_at is null"),
        ),
        Index(
            "ix_owner_survey_invitations_nudge",
            "posted_at",
            postgresql_where=text(
                "status = 'posted' and answered_at is null and nudged_at is null"
            ),
        ),
    )

    owner_id: Mapped[UUID] = mapped_column(ForeignKey("owners.id"))
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contracts.id"))
    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"))
    period: Mapped[str]
    due_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    status: Mapped[InvitationStatus] = mapped_column(
        words(InvitationStatus), server_default=text("'pending'")
    )
    skip_reason: Mapped[str | None]
    address_id: Mapped[UUID | None] = mapped_column(ForeignKey("addresses.id"))
    message_id: Mapped[UUID | None]
    posted_at: Mapped[datetime | None]
    nudged_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]


class OwnerSatisfaction(Identified, Dated, Base):
    """What an owner thinks of us in one quarter. `overall` comes first, the rest may be missing."""

    __tablename__ = "owner_satisfaction"
    __table_args__ = (
        UniqueConstraint(
            "owner_id",
            "contract_id",
            "period",
            name="uq_owner_satisfaction_once",
            postgresql_nulls_not_distinct=True,
        ),
        CheckConstraint("period ~ '^[0-9]{4}-Q[1-4]$'", name="period"),
        CheckConstraint("overall between 1 and 5", name="overall"),
        CheckConstraint("payout_timeliness between 1 and 5", name="payout_timeliness"),
        CheckConstraint("communication between 1 and 5", name="communication"),
        CheckConstraint("transparency between 1 and 5", name="transparency"),
        CheckConstraint("support between 1 and 5", name="support"),
        CheckConstraint("nps between 0 and 10", name="nps"),
        Index("ix_owner_satisfaction_said_at", "said_at"),
    )

    owner_id: Mapped[UUID] = mapped_column(ForeignKey("owners.id"))
    contract_id: Mapped[UUID | None] = mapped_column(ForeignKey("contracts.id"))
    hospital_id: Mapped[UUID | None] = mapped_column(ForeignKey("hospitals.id"))
    """The contract's hospital, else the owner's own."""
    period: Mapped[str]
    overall: Mapped[int] = mapped_column(Small)
    payout_timeliness: Mapped[int | None] = mapped_column(Small)
    communication: Mapped[int | None] = mapped_column(Small)
    transparency: Mapped[int | None] = mapped_column(Small)
    support: Mapped[int | None] = mapped_column(Small)
    nps: Mapped[int | None] = mapped_column(Small)
    comment_sealed: Mapped[bytes | None]
    """Sealed as owner_satisfaction.comment."""
    source: Mapped[AnswerSource] = mapped_column(words(AnswerSource))
    said_at: Mapped[datetime]


class Severity(StrEnum):
    """How soon somebody must have been in touch."""

    URGENT = "urgent"
    LOW_SCORE = "low_score"
    DISPUTE = "dispute"
    """An owner says that a payout is wrong."""


class RootCause(StrEnum):
    """What it came from, found out at the end."""

    PROCESS = "process"
    STAFFING = "staffing"
    CONDUCT = "conduct"
    COMMUNICATION = "communication"
    CLINICAL = "clinical"
    BILLING = "billing"
    PAYOUT = "payout"
    FACILITIES = "facilities"
    SUPPLIES = "supplies"
    SYSTEM = "system"
    NOT_OURS = "not_ours"


class FollowUp(Identified, Dated, Base):
    """Something went wrong for somebody: due until first contact, closed with its root cause."""

    __tablename__ = "follow_ups"
    __table_args__ = (
        CheckConstraint("num_nonnulls(feedback_id, satisfaction_id, payout_id) = 1", name="about"),
        CheckConstraint("(resolved_at is null) = (root_cause is null)", name="resolved"),
        CheckConstraint("assignee_id <> named_user_id", name="assignee"),
        CheckConstraint("resolved_by <> named_user_id", name="resolver"),
        Index(
            "ix_follow_ups_waiting",
            "due_at",
            postgresql_where=text("first_contact_at is null and resolved_at is null"),
        ),
        Index("ix_follow_ups_hospital_id", "hospital_id", "opened_at", "id"),
        Index(
            "uq_follow_ups_payout_id",
            "payout_id",
            unique=True,
            postgresql_where=text("payout_id is not null and resolved_at is null"),
        ),
    )

    hospital_id: Mapped[UUID | None] = mapped_column(ForeignKey("hospitals.id"))
    feedback_id: Mapped[UUID | None] = mapped_column(ForeignKey("patient_feedback.id"), unique=True)
    satisfaction_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("owner_satisfaction.id"), unique=True
    )
    payout_id: Mapped[UUID | None] = mapped_column(ForeignKey("owner_payouts.id"))
    """The payout that its owner disputes; one at a time."""
    words_sealed: Mapped[bytes | None]
    """What was said, where no row of its own keeps it. Sealed as follow_ups.words."""
    severity: Mapped[Severity] = mapped_column(words(Severity))
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    assignee_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    named_user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    """The member of staff it complains of, who neither sees nor closes it."""
    first_contact_at: Mapped[datetime | None]
    contact_note_sealed: Mapped[bytes | None]
    """Sealed as follow_ups.contact_note."""
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    root_cause: Mapped[RootCause | None] = mapped_column(words(RootCause))
    resolution_sealed: Mapped[bytes | None]
    """Sealed as follow_ups.resolution."""
    version: Mapped[int] = mapped_column(server_default=text("1"))

    @property
    def status(self) -> str:
        """`open` until first contact, `contacted` until the end, then `resolved`."""
        if self.resolved_at is not None:
            return "resolved"
        return "contacted" if self.first_contact_at is not None else "open"

    def is_breached(self, now: datetime) -> bool:
        """True when first contact came, or is still missing, after it was due."""
        return (self.first_contact_at or self.resolved_at or now) > self.due_at
