"""The life of a campaign: drafted, approved by a second person, run, paused, ended.

    draft -> approved -> scheduled -> running <-> paused -> completed | cancelled | failed

Whatever changes a campaign locks its row first and its recipients after it, so nobody waits in a
circle and counters are exact.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.channels.carrier import Channel
from crm.campaigns import audience, recipients, texts
from crm.campaigns.filters import compile_filter
from crm.campaigns.previews import Preview, preview
from crm.campaigns.refusals import (
    ApprovalRequired,
    AudienceChanged,
    BudgetExceeded,
    EmptyAudience,
    InvalidState,
    SameApprover,
)
from crm.kit.errors import Denied, NotFound
from crm.kit.ids import uuid7
from crm.kit.permissions import Actor, Scope
from crm.models import (
    Campaign,
    CampaignKind,
    CampaignStatus,
    PersonKind,
    Purpose,
    RecipientState,
)

S = CampaignStatus

MOVES: Mapping[CampaignStatus, frozenset[CampaignStatus]] = {
    S.DRAFT: frozenset({S.APPROVED, S.CANCELLED}),
    S.APPROVED: frozenset({S.SCHEDULED, S.CANCELLED}),
    S.SCHEDULED: frozenset({S.RUNNING, S.CANCELLED, S.FAILED}),
    S.RUNNING: frozenset({S.PAUSED, S.COMPLETED, S.CANCELLED}),
    S.PAUSED: frozenset({S.RUNNING, S.CANCELLED}),
    S.COMPLETED: frozenset({S.RUNNING}),
    S.CANCELLED: frozenset(),
    S.FAILED: frozenset(),
}
_PURPOSES = {
    CampaignKind.MARKETING: Purpose.MARKETING,
    CampaignKind.REACTIVATION: Purpose.MARKETING,
    CampaignKind.HEALTH_EDUCATION: Purpose.CARE,
    CampaignKind.SCREENING: Purpose.CARE,
    CampaignKind.SURVEY: Purpose.SURVEY,
    CampaignKind.LOYALTY: Purpose.LOYALTY,
    CampaignKind.OWNER_NOTICE: Purpose.NOTICE,
}
_TOLERANCE = 20
"""One in twenty: so far may the audience drift from what the caller has seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A campaign as its author wants it."""

    name: str
    kind: CampaignKind
    audience: PersonKind
    filter: dict[str, Any]
    channels: Sequence[Channel]
    template_code: str
    variables: dict[str, Any] = field(default_factory=dict)
    hospital_id: UUID | None = None
    throttle_per_min: int | None = None
    budget_kobo: int | None = None


def draft(session: Session, plan: Plan, *, scope: Scope, by: Actor, now: datetime) -> Campaign:
    """Write a campaign down. Raises Invalid, TemplateUnfit, Denied outside one's hospitals."""
    hospital_id = _hospital(plan, scope)
    compile_filter(plan.filter, plan.audience, now=now)
    campaign = Campaign(
        id=uuid7(),
        hospital_id=hospital_id,
        name=plan.name,
        kind=plan.kind,
        audience=plan.audience,
        purpose=_PURPOSES[plan.kind],
        filter=plan.filter,
        channels=[str(channel) for channel in plan.channels],
        template_code=plan.template_code,
        variables=plan.variables,
        status=S.DRAFT,
        throttle_per_min=plan.throttle_per_min,
        budget_kobo=plan.budget_kobo,
        estimated_cost_kobo=0,
        created_by=by.id,
        created_at=now,
        updated_at=now,
        version=1,
        **dict.fromkeys((state.value for state in RecipientState), 0),
    )
    texts.usable(session, campaign)
    session.add(campaign)
    session.flush()
    return campaign


def get(session: Session, campaign_id: UUID, *, scope: Scope, lock: bool = False) -> Campaign:
    """The campaign. Raises NotFound, also outside the scope."""
    query = select(Campaign).where(Campaign.id == campaign_id, scope.where(Campaign.hospital_id))
    if lock:
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    campaign = session.scalars(query).one_or_none()
    if campaign is None:
        raise NotFound("There is no such campaign.")
    return campaign


def approve(
    session: Session, campaign_id: UUID, *, scope: Scope, by: Actor, now: datetime
) -> Campaign:
    """Agree to it, as a second person; its words are frozen. Raises SameApprover."""
    campaign = get(session, campaign_id, scope=scope, lock=True)
    _move(campaign, S.APPROVED, now)
    if by.id is None or by.id == campaign.created_by:
        raise SameApprover("Somebody else approves what you made.")
    texts.freeze(session, campaign)
    campaign.approved_by, campaign.approved_at = by.id, now
    session.flush()
    return campaign


def execute(
    session: Session,
    campaign_id: UUID,
    *,
    confirm_audience: int,
    scope: Scope,
    now: datetime,
    at: datetime | None = None,
    max_recipients: int | None = None,
    dry_run: bool = False,
) -> tuple[Campaign, Preview]:
    """Have it run, now or at a later moment; the worker freezes the audience when it starts.

    Raises ApprovalRequired, AudienceChanged, EmptyAudience, BudgetExceeded, InvalidState.
    """
    campaign = get(session, campaign_id, scope=scope, lock=True)
    if campaign.status is S.DRAFT:
        raise ApprovalRequired("A second person approves this campaign first.")
    seen = preview(session, campaign, now=now)
    _check(campaign, seen, confirm_audience, max_recipients)
    if not dry_run:
        _move(campaign, S.SCHEDULED, now)
        campaign.scheduled_at = at or now
        campaign.estimated_cost_kobo = seen.estimated_cost_kobo
        session.flush()
    return campaign, seen


def start(session: Session, campaign: Campaign, *, now: datetime) -> None:
    """Freeze the audience of a locked campaign that is due, and let it run."""
    _move(campaign, S.RUNNING, now)
    campaign.started_at = campaign.released_at = campaign.synced_at = now
    session.flush()
    for state, count in audience.freeze(session, campaign, now=now).items():
        setattr(campaign, state.value, count)
    session.flush()


def fail(campaign: Campaign, reason: str, *, now: datetime) -> None:
    """Give up a locked campaign that cannot start."""
    _move(campaign, S.FAILED, now)
    campaign.status_reason, campaign.finished_at = reason, now


def pause(
    session: Session, campaign_id: UUID, *, reason: str, scope: Scope, now: datetime
) -> Campaign:
    """Stop it; what is not yet in a worker's hands goes back into the plan."""
    campaign = get(session, campaign_id, scope=scope, lock=True)
    _move(campaign, S.PAUSED, now)
    campaign.status_reason = reason
    session.flush()
    recipients.withdraw(session, campaign, to=RecipientState.PLANNED, now=now)
    return campaign


def resume(session: Session, campaign_id: UUID, *, scope: Scope, now: datetime) -> Campaign:
    """Let it go on where it stopped."""
    campaign = get(session, campaign_id, scope=scope, lock=True)
    if campaign.status is not S.PAUSED:
        raise InvalidState(f"This campaign is {campaign.status}.", state=campaign.status)
    _move(campaign, S.RUNNING, now)
    campaign.status_reason, campaign.released_at = None, now
    session.flush()
    return campaign


def cancel(
    session: Session, campaign_id: UUID, *, reason: str, scope: Scope, now: datetime
) -> Campaign:
    """End it; what has left stays, the rest is cancelled."""
    campaign = get(session, campaign_id, scope=scope, lock=True)
    _move(campaign, S.CANCELLED, now)
    campaign.status_reason, campaign.finished_at = reason, now
    session.flush()
    recipients.withdraw(session, campaign, to=RecipientState.CANCELLED, now=now)
    recipients.cancel_planned(session, campaign, now=now)
    return campaign


def retry_failed(
    session: Session, campaign_id: UUID, *, scope: Scope, now: datetime
) -> tuple[Campaign, int]:
    """Plan those again whose failure may pass; the others would only fail again. How many."""
    campaign = get(session, campaign_id, scope=scope, lock=True)
    if campaign.status not in {S.RUNNING, S.PAUSED, S.COMPLETED}:
        raise InvalidState(f"This campaign is {campaign.status}.", state=campaign.status)
    planned = recipients.plan_again(session, campaign, now=now)
    if planned and campaign.status is S.COMPLETED:
        _move(campaign, S.RUNNING, now)
        campaign.finished_at, campaign.released_at = None, now
        session.flush()
    return campaign, planned


def complete(campaign: Campaign, *, now: datetime) -> None:
    """End a locked campaign whose every recipient has been seen to."""
    _move(campaign, S.COMPLETED, now)
    campaign.finished_at = now


def _move(campaign: Campaign, to: CampaignStatus, now: datetime) -> None:
    if to not in MOVES[campaign.status]:
        raise InvalidState(
            f"This campaign is {campaign.status}.",
            state=campaign.status,
            allowed=sorted(MOVES[campaign.status]),
        )
    campaign.status = to
    campaign.version += 1
    campaign.updated_at = now


def _hospital(plan: Plan, scope: Scope) -> UUID | None:
    """Whose campaign it is: the one asked for, else the author's only hospital, else the group."""
    own = scope.hospitals
    hospital_id = plan.hospital_id or (next(iter(own)) if own and len(own) == 1 else None)
    if not scope.covers(hospital_id):
        raise Denied("Choose one of your hospitals.")
    return hospital_id


def _check(campaign: Campaign, seen: Preview, confirmed: int, max_recipients: int | None) -> None:
    if abs(seen.eligible - confirmed) * _TOLERANCE > max(confirmed, 1):
        raise AudienceChanged(
            f"{seen.eligible} people would hear it, not {confirmed}.",
            old=confirmed,
            new=seen.eligible,
        )
    if not seen.eligible:
        raise EmptyAudience("Nobody would hear it.", suppressed=dict(seen.suppressed))
    if max_recipients is not None and seen.eligible > max_recipients:
        raise AudienceChanged(
            f"{seen.eligible} people would hear it, more than {max_recipients}.",
            old=max_recipients,
            new=seen.eligible,
        )
    if campaign.budget_kobo is not None and seen.estimated_cost_kobo > campaign.budget_kobo:
        raise BudgetExceeded(
            "It would cost more than its budget.",
            estimated_cost_kobo=seen.estimated_cost_kobo,
            budget_kobo=campaign.budget_kobo,
        )
