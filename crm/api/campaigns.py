"""Campaigns: drafted, previewed, approved by a second person, run and followed."""

from uuid import UUID

from flask import Response

from crm import addresses, campaigns
from crm.api.campaign_shapes import (
    CampaignBody,
    CampaignDetailOut,
    CampaignOut,
    CampaignQuery,
    DraftedOut,
    ExecuteBody,
    ExecutedOut,
    PreviewOut,
    ReasonBody,
    RecipientOut,
    RecipientQuery,
    RetriedOut,
)
from crm.api.kit import Data, Door, Page, call, csv_answer, idempotent, needs
from crm.campaigns import Plan, Preview
from crm.kit import phones
from crm.kit.paging import Found, PageRequest
from crm.kit.permissions import Permission
from crm.models import Campaign, CampaignRecipient

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
        at=json_data.moment(),
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
