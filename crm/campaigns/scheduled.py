"""What was set for later: single messages whose time has come, and campaigns due to start."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.channels.carrier import Channel
from crm import communications
from crm.kit.permissions import EVERYTHING, Scope
from crm.models import Campaign, CampaignStatus


@dataclass(frozen=True, slots=True)
class Processed:
    """What a run found and did."""

    due: int
    """Messages whose time has come and that may still go."""
    claimed: int
    """Of these, given to the workers."""
    expired: int
    campaigns_due: int
    paused_campaigns: Sequence[str]
    oldest_due_age_s: float


def process_scheduled(
    session: Session,
    *,
    now: datetime,
    limit: int = 10_000,
    channels: Sequence[Channel] = (),
    dry_run: bool = False,
    scope: Scope = EVERYTHING,
) -> Processed:
    """End what is too late, wake the lanes where something is due, and say what there is.

    Paused campaigns are named as far as they are in scope.
    """
    found = communications.look(session, now=now, limit=limit, channels=channels)
    expired = found.expired
    if not dry_run:
        expired = communications.expire(session, now=now, limit=limit, channels=channels)
        communications.wake(session, found)
    paused = select(Campaign.name).where(
        Campaign.status == CampaignStatus.PAUSED, scope.where(Campaign.hospital_id)
    )
    due = select(func.count()).where(
        Campaign.status == CampaignStatus.SCHEDULED, Campaign.scheduled_at <= now
    )
    since = found.oldest_due_at
    return Processed(
        due=found.due,
        claimed=0 if dry_run else found.due,
        expired=expired,
        campaigns_due=session.scalar(due) or 0,
        paused_campaigns=session.scalars(paused.order_by(Campaign.created_at)).all(),
        oldest_due_age_s=(now - since).total_seconds() if since else 0.0,
    )
