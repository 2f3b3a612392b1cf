"""What became of campaigns' messages: recipients follow, and the counters follow them.

Driven by the messages that changed, so that a pass costs what happened since the last one.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import or_, select, text, update
from sqlalchemy.orm import Session

from bot.channels.errors import Kind, listed
from crm import gate
from crm.campaigns import recipients, steps
from crm.models import Campaign, CampaignStatus

# A transaction that began before the last pass may commit after it.
_OVERLAP = timedelta(seconds=15)
# So long after its end a campaign's receipts are still counted: `read` may take days.
_TAIL = timedelta(days=4)
_LOCK = 7_009_001

# What may pass if tried again: not what the address, the words or the person's will stand against,
# and not what may have arrived.
_FOR_GOOD = sorted(
    code
    for kind in (Kind.ADDRESS, Kind.CONSENT, Kind.CONTENT, Kind.AMBIGUOUS)
    for code in listed(kind)
)
_SAID_FOR_GOOD = ("not known whether it was sent", "the message cannot be opened")

_STATE = """
    case
        when m.status in ('accepted', 'sent') then 'sent'
        when m.status in ('delivered', 'read', 'cancelled') then m.status
        when m.status = 'suppressed' then 'excluded'
        when m.status = 'expired' then 'failed_temporary'
        when m.status in ('failed', 'undelivered') then
            case when m.error_code = any(:for_good) or
                (m.error_code is null and m.reason = any(:said_for_good))
            then 'failed_permanent' else 'failed_temporary' end
        else 'queued'
    end
"""
_FOLLOW = text(f"""
    with changed as materialized (
        select r.id, r.campaign_id, r.state as was, {_STATE} as state, m.reason, m.error_code
        from messages m
        join campaign_recipients r on r.id = m.campaign_recipient_id and r.message_id = m.id
        where m.campaign_recipient_id is not null and m.status_at >= :since and m.id >= :oldest
            and r.campaign_id = any(:campaigns) and r.state <> {_STATE}
    )
    update campaign_recipients r set
        state = c.state, updated_at = :now,
        reason = case when c.state in ('excluded', 'failed_temporary', 'failed_permanent')
            then coalesce(c.reason, c.error_code::text, 'other') end
    from changed c where r.id = c.id
    returning r.campaign_id, c.was, r.state as is
""")  # noqa: S608 -- the pieces are our own


def follow(session: Session, *, now: datetime) -> int:
    """Take in what has changed since the last pass; how many recipients moved.

    One pass at a time: a second one finds nothing to do.
    """
    if not session.scalar(text("select pg_try_advisory_xact_lock(:key)"), {"key": _LOCK}):
        return 0
    live = _lock_live(session, now)
    if not live:
        return 0
    since = min(campaign.synced_at or now for campaign in live) - _OVERLAP
    moved = _follow(session, [campaign.id for campaign in live], since=since, now=now)
    session.execute(
        update(Campaign)
        .where(Campaign.id.in_([campaign.id for campaign in live]))
        .values(synced_at=now)
        .execution_options(synchronize_session=False)
    )
    return moved


def finish(session: Session, campaign_id: UUID, *, now: datetime) -> bool:
    """Complete a campaign with nobody left to see to; everything is looked at once more before."""
    query = select(Campaign).where(
        Campaign.id == campaign_id, Campaign.status == CampaignStatus.RUNNING
    )
    locked = query.with_for_update(key_share=True, skip_locked=True)
    campaign = session.scalars(locked.execution_options(populate_existing=True)).one_or_none()
    if campaign is None or campaign.planned or campaign.queued:
        return False
    started_at = campaign.started_at or now
    _follow(session, [campaign.id], since=started_at - _OVERLAP, now=now)
    if campaign.queued:
        return False
    steps.complete(campaign, now=now)
    session.flush()
    return True


def _lock_live(session: Session, now: datetime) -> Sequence[Campaign]:
    """The campaigns whose messages may still change, locked in the order of their ids."""
    is_live = or_(
        Campaign.status.in_((CampaignStatus.RUNNING, CampaignStatus.PAUSED)),
        Campaign.finished_at > now - _TAIL,
    )
    query = select(Campaign).where(Campaign.started_at.is_not(None), is_live).order_by(Campaign.id)
    locked = query.with_for_update(key_share=True)
    return session.scalars(locked.execution_options(populate_existing=True)).all()


def _follow(session: Session, ids: Sequence[UUID], *, since: datetime, now: datetime) -> int:
    values = {
        "now": now,
        "since": since,
        "oldest": gate.reach(),
        "campaigns": list(ids),
        "for_good": _FOR_GOOD,
        "said_for_good": list(_SAID_FOR_GOOD),
    }
    moved = defaultdict(list)
    for row in session.execute(_FOLLOW, values):
        moved[row.campaign_id].append(row)
    for campaign_id, rows in sorted(moved.items()):
        recipients.tally(session, campaign_id, recipients.moves_of(rows))
    return sum(map(len, moved.values()))
