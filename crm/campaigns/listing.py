"""Looking at campaigns, their recipients, and why some of these hear nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, literal, select
from sqlalchemy.orm import Session

from crm import gate
from crm.kit.paging import Found, PageRequest, keyset
from crm.kit.permissions import Scope
from crm.models import (
    Address,
    Campaign,
    CampaignKind,
    CampaignRecipient,
    CampaignStatus,
    Owner,
    Patient,
    PersonKind,
    RecipientState,
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which campaigns."""

    statuses: Sequence[CampaignStatus] = ()
    kind: CampaignKind | None = None
    channel: str | None = None
    created_by: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    name: str | None = None


def search(session: Session, wanted: Wanted, *, scope: Scope, page: PageRequest) -> Found[Campaign]:
    """The campaigns one may see, newest first."""
    found = select(Campaign).where(scope.where(Campaign.hospital_id))
    if wanted.statuses:
        found = found.where(Campaign.status.in_(wanted.statuses))
    if wanted.kind:
        found = found.where(Campaign.kind == wanted.kind)
    if wanted.channel:
        found = found.where(literal(wanted.channel) == func.any(Campaign.channels))
    if wanted.created_by:
        found = found.where(Campaign.created_by == wanted.created_by)
    if wanted.since:
        found = found.where(Campaign.created_at >= wanted.since)
    if wanted.until:
        found = found.where(Campaign.created_at < wanted.until)
    if wanted.name:
        found = found.where(Campaign.name.icontains(wanted.name, autoescape=True))
    return keyset(session, found, page, Campaign.created_at.desc(), Campaign.id.desc())


def recipients_of(
    session: Session,
    campaign: Campaign,
    *,
    page: PageRequest,
    states: Sequence[RecipientState] = (),
) -> Found[CampaignRecipient]:
    """The people of a campaign, in the order in which they were written down."""
    found = select(CampaignRecipient).where(CampaignRecipient.campaign_id == campaign.id)
    if states:
        found = found.where(CampaignRecipient.state.in_(states))
    return keyset(session, found, page, CampaignRecipient.id)


def names_of(session: Session, rows: Sequence[CampaignRecipient]) -> dict[UUID, str]:
    """What these people are called, by their ids."""
    ids = {kind: [row.person_id for row in rows if row.person_kind is kind] for kind in PersonKind}
    patients = select(Patient.id, Patient.full_name).where(Patient.id.in_(ids[PersonKind.PATIENT]))
    owners = select(Owner.id, Owner.name).where(Owner.id.in_(ids[PersonKind.OWNER]))
    found: dict[UUID, str] = {}
    for query in (patients, owners):
        found.update(dict(session.execute(query).all()))
    return found


def addresses_of(session: Session, rows: Sequence[CampaignRecipient]) -> dict[UUID, Address]:
    """Where they are reached, by the addresses' ids."""
    ids = [row.address_id for row in rows if row.address_id]
    return {each.id: each for each in session.scalars(select(Address).where(Address.id.in_(ids)))}


def reasons(session: Session, campaign: Campaign) -> dict[str, int]:
    """How many hear nothing, for each reason."""
    rows = session.execute(
        select(CampaignRecipient.reason, func.count())
        .where(CampaignRecipient.campaign_id == campaign.id)
        .where(CampaignRecipient.state == RecipientState.EXCLUDED)
        .group_by(CampaignRecipient.reason)
    )
    counts: dict[str, int] = {}
    for reason, number in rows:
        # Those who were excluded late, at the gate's second look, have it in words.
        code = gate.code_of(reason or "other")
        counts[code] = counts.get(code, 0) + number
    return counts
