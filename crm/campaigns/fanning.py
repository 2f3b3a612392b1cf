"""Fan-out: the plan becomes messages, batch by batch; each batch is one transaction.

Killed at any moment, a batch has happened or has not. Two at once share the campaigns, not the
people: whoever has a campaign's row works on it alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from bot.channels.carrier import Channel
from crm import gate, outbox
from crm.campaigns import recipients, steps, texts
from crm.campaigns.recipients import Move
from crm.communications import Person, To, people_of
from crm.kit.errors import DomainError
from crm.kit.permissions import EVERYTHING
from crm.models import Campaign, CampaignStatus, Lane, PersonKind, RecipientState
from crm.outbox import Draft
from crm.templates import Texts, VariableMissing

BATCH = 500
AHEAD = 5_000
"""So many may wait in the outbox: enough to keep workers busy, few enough to call back."""
_KEPT = timedelta(days=3)


def start_due(session: Session, *, now: datetime) -> UUID | None:
    """Start one campaign whose time has come; None when there is none. What cannot start fails."""
    due = (
        select(Campaign)
        .where(Campaign.status == CampaignStatus.SCHEDULED, Campaign.scheduled_at <= now)
        .order_by(Campaign.scheduled_at)
        .limit(1)
        .with_for_update(key_share=True, skip_locked=True)
    )
    campaign = session.scalars(due).one_or_none()
    if campaign is None:
        return None
    try:
        with session.begin_nested():
            steps.start(session, campaign, now=now)
    except DomainError as error:
        session.refresh(campaign)
        steps.fail(campaign, str(error), now=now)
        session.flush()
    return campaign.id


def running(session: Session) -> Sequence[UUID]:
    """The campaigns that run, oldest first."""
    query = select(Campaign.id).where(Campaign.status == CampaignStatus.RUNNING)
    return session.scalars(query.order_by(Campaign.id)).all()


def fan_out(session: Session, campaign_id: UUID, *, now: datetime, limit: int = BATCH) -> int:
    """Post the next batch of a campaign; how many recipients were seen to.

    None are when the campaign does not run, another worker has it, the outbox holds enough of it,
    or its throttle says not yet.
    """
    campaign = _lock(session, campaign_id)
    if campaign is None:
        return 0
    wanted = min(limit, AHEAD - campaign.queued, _let_through(campaign, now))
    rows = recipients.claim(session, campaign, limit=wanted) if wanted > 0 else []
    if rows:
        moves = _post(session, campaign, rows, now=now)
        recipients.move(session, campaign, moves, now=now)
        _take_from_throttle(campaign, len(rows), now)
    return len(rows)


def _lock(session: Session, campaign_id: UUID) -> Campaign | None:
    query = (
        select(Campaign)
        .where(Campaign.id == campaign_id, Campaign.status == CampaignStatus.RUNNING)
        .with_for_update(key_share=True, skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return session.scalars(query).one_or_none()


def _let_through(campaign: Campaign, now: datetime) -> int:
    """How many the throttle lets go now; one minute's worth at most."""
    per_min, since = campaign.throttle_per_min, campaign.released_at
    if per_min is None or since is None:
        return BATCH
    waited_s = min((now - since).total_seconds(), 60.0)
    return int(waited_s * per_min / 60)


def _take_from_throttle(campaign: Campaign, number: int, now: datetime) -> None:
    if campaign.throttle_per_min is not None and campaign.released_at is not None:
        since = max(campaign.released_at, now - timedelta(seconds=60))
        campaign.released_at = since + timedelta(seconds=60 * number / campaign.throttle_per_min)


@dataclass(frozen=True, slots=True)
class _Batch:
    """What the messages of one batch are made of."""

    campaign: Campaign
    texts: Texts
    people: Mapping[To, Person]
    now: datetime

    def draft(self, row: Row[Any], facts: gate.Facts) -> Draft | str:
        """The message of one recipient, or the code of the reason why there is none."""
        answer = gate.verdict(facts, purpose=self.campaign.purpose, now=self.now)
        if answer.kind is gate.Kind.STOP:
            return answer.code or "other"
        person = self.people.get(To(self.campaign.audience, row.person_id))
        if person is None:
            return "not_found"
        channel = Channel(row.channel)
        try:
            words = texts.words_for(self.campaign, self.texts, channel, row.language, person.values)
        except VariableMissing:
            return "render_error"
        is_patient = self.campaign.audience is PersonKind.PATIENT
        return Draft(
            address_id=row.address_id,
            channel=channel,
            text=words.rendered.text,
            subject=words.rendered.subject,
            purpose=self.campaign.purpose,
            lane=Lane.BULK,
            template=words.content,
            patient_id=row.person_id if is_patient else None,
            owner_id=None if is_patient else row.person_id,
            expires_at=self.now + _KEPT,
            facts=facts,
            campaign_recipient_id=row.id,
            template_version_id=words.version_id,
            sent_by=self.campaign.created_by,
        )


def _post(
    session: Session, campaign: Campaign, rows: Sequence[Row[Any]], *, now: datetime
) -> list[Move]:
    tos = [To(campaign.audience, row.person_id) for row in rows]
    people = people_of(session, tos, scope=EVERYTHING, now=now)
    batch = _Batch(campaign, texts.frozen(session, campaign), people, now)
    facts = gate.load(session, [_asked(campaign, row) for row in rows])
    made = [batch.draft(row, known) for row, known in zip(rows, facts, strict=True)]
    drafts = [each for each in made if isinstance(each, Draft)]
    ids = iter(outbox.post_many(session, drafts, now=now) if drafts else ())
    return [
        Move(row.id, RecipientState.EXCLUDED, reason=each)
        if isinstance(each, str)
        else Move(row.id, RecipientState.QUEUED, message_id=next(ids))
        for row, each in zip(rows, made, strict=True)
    ]


def _asked(campaign: Campaign, row: Row[Any]) -> gate.Asked:
    is_patient = campaign.audience is PersonKind.PATIENT
    patient_id, owner_id = (row.person_id, None) if is_patient else (None, row.person_id)
    return gate.Asked(row.address_id, patient_id, owner_id, campaign.purpose)
