"""What is sent and answered about campaigns."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from bot.channels.carrier import Channel
from crm import campaigns
from crm.api.kit import Body, Out, Query, call
from crm.api.kit.fields import Code, Kobo, Moment, Reason
from crm.api.message_shapes import Variables
from crm.communications import LATEST, SOONEST
from crm.kit.errors import Invalid
from crm.models import (
    Campaign,
    CampaignKind,
    CampaignStatus,
    PersonKind,
    Purpose,
    RecipientState,
)


class CampaignBody(Body):
    """A campaign: for whom, on which channels in turn, with which template."""

    name: Annotated[str, StringConstraints(min_length=3, max_length=120)]
    kind: CampaignKind
    audience: PersonKind = PersonKind.PATIENT
    filter: dict[str, Any] = Field(
        default_factory=dict,
        description='A tree of {"all": [...]}, {"any": [...]}, {"not": ...} and '
        '{"field", "op", "value"}; empty is everybody.',
        examples=[{"field": "state", "op": "in", "value": ["Lagos"]}],
    )
    channels: list[Channel] = Field(min_length=1, max_length=3)
    template_code: Code
    variables: Variables = Field(default_factory=dict)
    hospital_id: UUID | None = None
    throttle_per_min: int | None = Field(default=None, ge=1, le=3_000)
    budget_kobo: Kobo | None = None

    @model_validator(mode="after")
    def _names_a_channel_once(self) -> Self:
        if len(set(self.channels)) != len(self.channels):
            raise ValueError("each channel once")
        return self


class ExecuteBody(Body):
    """How to run it; `confirm_audience` is how many the caller expects to hear it."""

    mode: Literal["now", "schedule", "test"] = "now"
    at: Moment | None = None
    dry_run: bool = False
    max_recipients: int | None = Field(default=None, ge=1, le=10**9)
    confirm_audience: int | None = Field(default=None, ge=0, le=10**9)

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.mode == "schedule") != (self.at is not None):
            raise ValueError("`at` belongs to mode schedule")
        if self.mode != "test" and self.confirm_audience is None:
            raise ValueError("say in confirm_audience how many you expect")
        return self

    def moment(self) -> datetime | None:
        """When to start. Raises Invalid for a moment too near or too far."""
        if self.at is not None and not call.now + SOONEST <= self.at <= call.now + LATEST:
            raise Invalid("at", "Between one minute and 90 days from now.", code="range")
        return self.at


class ReasonBody(Body):
    """Why."""

    reason: Reason


class CampaignQuery(Query):
    """Which campaigns."""

    status: list[CampaignStatus] = Field(default_factory=list, max_length=8)
    kind: CampaignKind | None = None
    channel: Channel | None = None
    created_by: UUID | None = None
    since: Moment | None = None
    until: Moment | None = None
    name: Annotated[str, StringConstraints(max_length=120)] | None = None

    def wanted(self) -> campaigns.Wanted:
        """The same as the operation understands it."""
        names = ("kind", "channel", "created_by", "since", "until", "name")
        given = {name: getattr(self, name) for name in names}
        return campaigns.Wanted(statuses=self.status, **given)


class RecipientQuery(Query):
    """Which recipients."""

    state: list[RecipientState] = Field(default_factory=list, max_length=9)
    format: Literal["json", "csv"] = "json"


class ProgressOut(Out):
    """How many recipients are in each state."""

    planned: int
    excluded: int
    queued: int
    sent: int
    delivered: int
    read: int
    failed_temporary: int
    failed_permanent: int
    cancelled: int
    pct: float


class CampaignOut(Out):
    """A campaign and how far it is."""

    id: UUID
    hospital_id: UUID | None
    name: str
    kind: CampaignKind
    audience: PersonKind
    purpose: Purpose
    filter: dict[str, Any]
    channels: list[Channel]
    template_code: str
    variables: dict[str, Any]
    status: CampaignStatus
    status_reason: str | None
    scheduled_at: datetime | None
    throttle_per_min: int | None
    budget_kobo: int | None
    estimated_cost_kobo: int
    currency: str = "NGN"
    created_by: UUID | None
    created_at: datetime
    approved_by: UUID | None
    approved_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    version: int
    progress: ProgressOut

    @classmethod
    def of(cls, campaign: Campaign) -> Self:
        """From the row."""
        own = {name: getattr(campaign, name) for name in cls.model_fields.keys() - _MADE}
        return cls(**own, progress=_progress(campaign))


_MADE = {"progress", "currency"}


class SampleOut(Out):
    """What one of the audience would read."""

    channel: Channel
    language: str
    subject: str
    text: str


class PreviewOut(Out):
    """The audience as it is now: who hears it, who does not and why, and the cost."""

    audience: int
    eligible: int
    suppressed: Mapping[str, int]
    by_channel: Mapping[str, int]
    by_language: Mapping[str, int]
    estimated_cost_kobo: int
    currency: str = "NGN"
    minutes: int
    samples: list[SampleOut]


class DraftedOut(Out):
    """A new campaign with its first preview."""

    campaign: CampaignOut
    preview: PreviewOut


class ExecutedOut(Out):
    """What will happen."""

    campaign: CampaignOut
    preview: PreviewOut | None
    test_message_ids: list[UUID]


class RetriedOut(Out):
    """How many are tried once more."""

    campaign: CampaignOut
    planned: int


class CampaignDetailOut(Out):
    """A campaign, and why some hear nothing."""

    campaign: CampaignOut
    suppressed: Mapping[str, int]


class RecipientOut(Out):
    """One person of the audience, and what became of their message."""

    id: int
    person_kind: PersonKind
    person_id: UUID
    name: str | None
    address: str | None
    channel: Channel | None
    language: str
    variant: int
    state: RecipientState
    reason: str | None
    message_id: UUID | None
    attempts: int
    updated_at: datetime


def _progress(campaign: Campaign) -> ProgressOut:
    counts = {state.value: number for state, number in campaign.progress.items()}
    total = sum(counts.values())
    waiting = campaign.planned + campaign.queued
    return ProgressOut(**counts, pct=round(100 * (1 - waiting / total), 1) if total else 0.0)
