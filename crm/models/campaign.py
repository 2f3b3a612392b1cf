"""Campaigns: one text to many people, and each of those people with what became of them."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from bot.channels.carrier import Channel
from crm.models.base import Base, Dated, Identified, Small, words
from crm.models.patient import Purpose


class CampaignKind(StrEnum):
    """What a campaign is about; it decides the purpose of its messages."""

    MARKETING = "marketing"
    HEALTH_EDUCATION = "health_education"
    SCREENING = "screening"
    SURVEY = "survey"
    LOYALTY = "loyalty"
    REACTIVATION = "reactivation"
    OWNER_NOTICE = "owner_notice"


class PersonKind(StrEnum):
    """Which of our people somebody is."""

    PATIENT = "patient"
    OWNER = "owner"


class CampaignStatus(StrEnum):
    """Where a campaign stands; see `MOVES`."""

    DRAFT = "draft"
    APPROVED = "approved"
    SCHEDULED = "scheduled"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FAILED = "failed"


class RecipientState(StrEnum):
    """Where one person's message stands; queued holds all that is on its way to the carrier."""

    PLANNED = "planned"
    EXCLUDED = "excluded"
    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED_TEMPORARY = "failed_temporary"
    FAILED_PERMANENT = "failed_permanent"
    CANCELLED = "cancelled"


class Campaign(Identified, Dated, Base):
    """One text to everybody whom the filter finds, on the first channel that reaches each.

    The counters say how many recipients are in each state; whoever moves recipients moves them
    too, so their sum is always the number of recipients.
    """

    __tablename__ = "communication_campaigns"
    __table_args__ = (
        CheckConstraint("approved_by <> created_by", name="four_eyes"),
        CheckConstraint("cardinality(channels) > 0", name="channels"),
        CheckConstraint("throttle_per_min > 0", name="throttle"),
        Index("ix_communication_campaigns_created_at_id", "created_at", "id"),
        Index(
            "ix_communication_campaigns_scheduled_at",
            "scheduled_at",
            postgresql_where=text("status = 'scheduled'"),
        ),
        Index(
            "ix_communication_campaigns_running",
            "id",
            postgresql_where=text("status = 'running'"),
        ),
    )

    hospital_id: Mapped[UUID | None] = mapped_column(ForeignKey("hospitals.id"))
    """Whose campaign it is; without one it is the group's."""
    name: Mapped[str]
    kind: Mapped[CampaignKind] = mapped_column(words(CampaignKind))
    audience: Mapped[PersonKind] = mapped_column(words(PersonKind))
    purpose: Mapped[Purpose] = mapped_column(words(Purpose))
    filter: Mapped[dict[str, Any]]
    channels: Mapped[list[str]] = mapped_column(ARRAY(Text))
    """In the order in which they are tried."""
    template_code: Mapped[str]
    variables: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    """Values that are the same for everybody."""
    status: Mapped[CampaignStatus] = mapped_column(
        words(CampaignStatus), server_default=text("'draft'")
    )
    status_reason: Mapped[str | None]
    scheduled_at: Mapped[datetime | None]
    throttle_per_min: Mapped[int | None]
    budget_kobo: Mapped[int | None]
    estimated_cost_kobo: Mapped[int] = mapped_column(server_default=text("0"))
    created_by: Mapped[UUID | None]
    approved_by: Mapped[UUID | None]
    approved_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    released_at: Mapped[datetime | None]
    """How far the throttle has let messages go."""
    synced_at: Mapped[datetime | None]
    """Up to when the carriers' reports are counted."""
    version: Mapped[int] = mapped_column(server_default=text("1"))
    planned: Mapped[int] = mapped_column(server_default=text("0"))
    excluded: Mapped[int] = mapped_column(server_default=text("0"))
    queued: Mapped[int] = mapped_column(server_default=text("0"))
    sent: Mapped[int] = mapped_column(server_default=text("0"))
    delivered: Mapped[int] = mapped_column(server_default=text("0"))
    read: Mapped[int] = mapped_column(server_default=text("0"))
    failed_temporary: Mapped[int] = mapped_column(server_default=text("0"))
    failed_permanent: Mapped[int] = mapped_column(server_default=text("0"))
    cancelled: Mapped[int] = mapped_column(server_default=text("0"))

    @property
    def progress(self) -> Mapping[RecipientState, int]:
        """How many recipients are in each state."""
        return {state: getattr(self, state.value) for state in RecipientState}


class CampaignText(Base):
    """The version of the template that a campaign uses, frozen when it was approved."""

    __tablename__ = "campaign_texts"
    __table_args__ = (PrimaryKeyConstraint("campaign_id", "variant", "channel", "language"),)

    campaign_id: Mapped[UUID] = mapped_column(ForeignKey("communication_campaigns.id"))
    variant: Mapped[int] = mapped_column(Small)
    channel: Mapped[Channel] = mapped_column(words(Channel))
    language: Mapped[str]
    template_version_id: Mapped[UUID] = mapped_column(ForeignKey("template_versions.id"))


class CampaignRecipient(Base):
    """One person of a campaign's frozen audience, with the reason if they hear nothing.

    It names campaign, person and address without foreign keys: a million are written at once,
    under the lock of the campaign's row.
    """

    __tablename__ = "campaign_recipients"
    __table_args__ = (
        UniqueConstraint(
            "campaign_id", "person_kind", "person_id", name="uq_campaign_recipients_once"
        ),
        CheckConstraint("(state = 'excluded') <= (reason is not null)", name="reason"),
        Index("ix_campaign_recipients_state", "campaign_id", "state", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    campaign_id: Mapped[UUID]
    person_kind: Mapped[PersonKind] = mapped_column(words(PersonKind))
    person_id: Mapped[UUID]
    address_id: Mapped[UUID | None]
    channel: Mapped[Channel | None] = mapped_column(words(Channel))
    language: Mapped[str]
    variant: Mapped[int] = mapped_column(Small, server_default=text("0"))
    state: Mapped[RecipientState] = mapped_column(words(RecipientState))
    reason: Mapped[str | None]
    message_id: Mapped[UUID | None]
    attempts: Mapped[int] = mapped_column(Small, server_default=text("0"))
    updated_at: Mapped[datetime]
