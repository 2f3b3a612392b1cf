"""Campaigns: drafted, previewed, approved by a second person, run and followed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from flask import Response
from pydantic import Field, StringConstraints, model_validator

from bot.channels.carrier import Channel
from crm import addresses, campaigns
from crm.api.kit import (
    Body,
    Data,
    Door,
    Out,
    Page,
    Query,
    call,
    csv_answer,
    idempotent,
    needs,
)
from crm.api.kit.fields import Code, Kobo, Moment, Reason
from crm.api.message_shapes import Variables
from crm.campaigns import Plan, Preview
from crm.communications import LATEST, SOONEST
from crm.kit import phones
from crm.kit.errors import Invalid
from crm.kit.paging import Found, PageRequest
from crm.kit.permissions import Permission
from crm.models import (
    Campaign,
    CampaignKind,
    CampaignRecipient,
    CampaignStatus,
    PersonKind,
    Purpose,
    RecipientState,
)

door = Door("campaigns", __name__)

_MOST_IN_CSV = 50_000
_HEADER = (
    "person_kind",
    "person_id",
    "name",
    "channel",
    "language",
    "state",
    "reason",
    "updated_at",
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


@door.post("/communications/campaigns")
@needs(Permission.CAMPAIGNS_WRITE)
@door.input(CampaignBody)
@door.output(Data[DraftedOut], status_code=201)
def draft(json_data: CampaignBody) -> Data[DraftedOut]:
    """Draft a campaign and see whom it would reach."""
    plan = Plan(**json_data.model_dump())
    campaign = campaigns.draft(call.session, plan, scope=call.scope, by=call.actor, now=call.now)
    call.concerns("campaign", campaign.id, hospital_id=campaign.hospital_id)
    return Data(data=DraftedOut(campaign=CampaignOut.of(campaign), preview=_previewed(campaign)))


@door.get("/communications/campaigns")
@needs(Permission.CAMPAIGNS_READ)
@door.input(CampaignQuery, location="query")
@door.output(Page[CampaignOut])
def index(query_data: CampaignQuery) -> Page[CampaignOut]:
    """The campaigns one may see, newest first, with their progress."""
    found = campaigns.search(
        call.session, query_data.wanted(), scope=call.scope, page=query_data.page()
    )
    return Page[CampaignOut].of(found, CampaignOut.of)


@door.get("/communications/campaigns/<uuid:campaign_id>")
@needs(Permission.CAMPAIGNS_READ)
@door.output(Data[CampaignDetailOut])
def show(campaign_id: UUID) -> Data[CampaignDetailOut]:
    """One campaign, with the reasons of those who hear nothing."""
    campaign = campaigns.get(call.session, campaign_id, scope=call.scope)
    reasons = campaigns.reasons(call.session, campaign)
    return Data(data=CampaignDetailOut(campaign=CampaignOut.of(campaign), suppressed=reasons))


@door.post("/communications/campaigns/<uuid:campaign_id>/preview")
@needs(Permission.CAMPAIGNS_READ)
@door.output(Data[PreviewOut])
def preview(campaign_id: UUID) -> Data[PreviewOut]:
    """Whom it would reach now, whom not and why, and what it costs; nothing is kept."""
    return Data(data=_previewed(campaigns.get(call.session, campaign_id, scope=call.scope)))


@door.post("/communications/campaigns/<uuid:campaign_id>/approve")
@needs(Permission.CAMPAIGNS_EXECUTE)
@door.output(Data[CampaignOut])
def approve(campaign_id: UUID) -> Data[CampaignOut]:
    """Approve it, as somebody else than its author; its words are frozen."""
    return _answer(
        campaigns.approve(call.session, campaign_id, scope=call.scope, by=call.actor, now=call.now)
    )


@door.post("/communications/campaigns/<uuid:campaign_id>/execute")
@needs(Permission.CAMPAIGNS_EXECUTE)
@idempotent
@door.input(ExecuteBody)
@door.doc(responses={200: "What would happen, for a dry run."})
@door.output(Data[ExecutedOut], status_code=202)
def execute(campaign_id: UUID, json_data: ExecuteBody) -> tuple[Data[ExecutedOut], int]:
    """Run it now, at a later moment, or to the testers alone."""
    if json_data.mode == "test":
        return Data(data=_tried(campaign_id)), 202
    campaign, seen = campaigns.execute(
        call.session,
        campaign_id,
        confirm_audience=json_data.confirm_audience or 0,
        scope=call.scope,
        now=call.now,
        at=_moment(json_data.at),
        max_recipients=json_data.max_recipients,
        dry_run=json_data.dry_run,
    )
    call.concerns("campaign", campaign.id, hospital_id=campaign.hospital_id)
    shown = ExecutedOut(
        campaign=CampaignOut.of(campaign), preview=_preview(seen), test_message_ids=[]
    )
    return Data(data=shown), 200 if json_data.dry_run else 202


@door.post("/communications/campaigns/<uuid:campaign_id>/pause")
@needs(Permission.CAMPAIGNS_EXECUTE)
@door.input(ReasonBody)
@door.output(Data[CampaignOut])
def pause(campaign_id: UUID, json_data: ReasonBody) -> Data[CampaignOut]:
    """Stop it; what has not left goes back into the plan."""
    return _answer(
        campaigns.pause(
            call.session, campaign_id, reason=json_data.reason, scope=call.scope, now=call.now
        )
    )


@door.post("/communications/campaigns/<uuid:campaign_id>/resume")
@needs(Permission.CAMPAIGNS_EXECUTE)
@door.output(Data[CampaignOut])
def resume(campaign_id: UUID) -> Data[CampaignOut]:
    """Let it go on where it stopped."""
    return _answer(campaigns.resume(call.session, campaign_id, scope=call.scope, now=call.now))


@door.post("/communications/campaigns/<uuid:campaign_id>/cancel")
@needs(Permission.CAMPAIGNS_EXECUTE)
@door.input(ReasonBody)
@door.output(Data[CampaignOut])
def cancel(campaign_id: UUID, json_data: ReasonBody) -> Data[CampaignOut]:
    """End it; what has left stays, nobody else hears it."""
    return _answer(
        campaigns.cancel(
            call.session, campaign_id, reason=json_data.reason, scope=call.scope, now=call.now
        )
    )


@door.post("/communications/campaigns/<uuid:campaign_id>/retry-failed")
@needs(Permission.CAMPAIGNS_EXECUTE)
@idempotent
@door.output(Data[RetriedOut])
def retry_failed(campaign_id: UUID) -> Data[RetriedOut]:
    """Try those once more whose failure may have passed."""
    campaign, planned = campaigns.retry_failed(
        call.session, campaign_id, scope=call.scope, now=call.now
    )
    call.concerns("campaign", campaign.id, hospital_id=campaign.hospital_id)
    return Data(data=RetriedOut(campaign=CampaignOut.of(campaign), planned=planned))


@door.get("/communications/campaigns/<uuid:campaign_id>/recipients")
@needs(Permission.CAMPAIGNS_READ)
@door.input(RecipientQuery, location="query")
@door.output(Page[RecipientOut])
def recipients(campaign_id: UUID, query_data: RecipientQuery) -> Page[RecipientOut] | Response:
    """The people of a campaign with what became of each; as CSV, up to 50,000 of them."""
    campaign = campaigns.get(call.session, campaign_id, scope=call.scope)
    is_csv = query_data.format == "csv"
    page = PageRequest(_MOST_IN_CSV, query_data.cursor) if is_csv else query_data.page()
    found = campaigns.recipients_of(call.session, campaign, page=page, states=query_data.state)
    return _as_csv(found) if is_csv else _as_page(found)


# -- shapes ---------------------------------------------------------------------------------------


def _answer(campaign: Campaign) -> Data[CampaignOut]:
    call.concerns("campaign", campaign.id, hospital_id=campaign.hospital_id)
    return Data(data=CampaignOut.of(campaign))


def _previewed(campaign: Campaign) -> PreviewOut:
    return _preview(campaigns.preview(call.session, campaign, now=call.now))


def _preview(seen: Preview) -> PreviewOut:
    return PreviewOut.model_validate(seen)


def _tried(campaign_id: UUID) -> ExecutedOut:
    sent = campaigns.try_out(
        call.session,
        campaign_id,
        testers=call.wiring.settings.test_recipients,
        scope=call.scope,
        by=call.actor,
        now=call.now,
    )
    campaign = campaigns.get(call.session, campaign_id, scope=call.scope)
    return ExecutedOut(campaign=CampaignOut.of(campaign), preview=None, test_message_ids=sent)


def _moment(at: datetime | None) -> datetime | None:
    if at is not None and not call.now + SOONEST <= at <= call.now + LATEST:
        raise Invalid("at", "Between one minute and 90 days from now.", code="range")
    return at


def _progress(campaign: Campaign) -> ProgressOut:
    counts = {state.value: number for state, number in campaign.progress.items()}
    total = sum(counts.values())
    waiting = campaign.planned + campaign.queued
    return ProgressOut(**counts, pct=round(100 * (1 - waiting / total), 1) if total else 0.0)


def _as_page(found: Found[CampaignRecipient]) -> Page[RecipientOut]:
    names = campaigns.names_of(call.session, found.items)
    reached = campaigns.addresses_of(call.session, found.items)

    def shape(row: CampaignRecipient) -> RecipientOut:
        address = reached.get(row.address_id) if row.address_id else None
        value = phones.mask(addresses.value_of(call.session, address)) if address else None
        own = {name: getattr(row, name) for name in RecipientOut.model_fields.keys() - _LOOKED_UP}
        return RecipientOut(**own, name=names.get(row.person_id), address=value)

    return Page[RecipientOut].of(found, shape)


_LOOKED_UP = {"name", "address"}


def _as_csv(found: Found[CampaignRecipient]) -> Response:
    names = campaigns.names_of(call.session, found.items)
    rows = (
        (
            row.person_kind,
            str(row.person_id),
            names.get(row.person_id),
            row.channel,
            row.language,
            row.state,
            row.reason,
            row.updated_at.isoformat(),
        )
        for row in found.items
    )
    return csv_answer("recipients.csv", _HEADER, rows)
