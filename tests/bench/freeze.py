"""Freezing the audience of a campaign: everybody the filter finds, with the way or the reason.

A marketing campaign over WhatsApp and SMS is drafted, approved and due; the start freezes it, as
the worker's run does. Each run freezes a campaign of its own over the same people.
"""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from bot.channels.carrier import Channel
from bot.embedded import Servers
from bot.wiring import Wiring
from crm import campaigns, templates
from crm.campaigns import Plan
from crm.kit.ids import uuid7
from crm.kit.permissions import EVERYTHING, Actor, Kind, Role
from crm.models import CampaignKind, PersonKind, Purpose, TemplateCategory
from crm.templates.writing import Words
from tests.bench import apart, house, people

NAME = "freeze of an audience"
SIZES = (10_000, 100_000, 1_000_000)
"""Recipients."""
_REPEATS = 3

_WRITES = Actor(Kind.USER, uuid7(), "Amaka", ((Role.COMMUNICATIONS, None),))
_APPROVES = Actor(Kind.USER, uuid7(), "Tunde", ((Role.HOSPITAL_ADMIN, None),))
_CHANNELS = (Channel.WHATSAPP, Channel.SMS)
_WORDS = "Hello {first_name}, free eye tests at {hospital} this week. Reply STOP to end this."
_VARIABLES = (
    {"name": "first_name", "type": "text", "example": "Ada"},
    {"name": "hospital", "type": "text", "example": "GrandPro Ikeja"},
)


def run(
    servers: Servers, sizes: Sequence[int] = SIZES, repeats: int = _REPEATS
) -> list[dict[str, Any]]:
    """A row for each number of recipients."""
    return [_measure(servers, size, repeats) for size in sizes]


def _measure(servers: Servers, size: int, repeats: int) -> dict[str, Any]:
    with TemporaryDirectory() as home:
        wiring = house.build(servers, Path(home))
        people.fill(wiring, size, messages=1)
        people.settle(wiring)
        with wiring.transaction() as session:
            _write_template(session, wiring)
        with apart.starting(servers, wiring) as worker:
            worker.warm_up(start, _due(wiring, _draft(wiring, state="Lagos")))
            plans = [_draft(wiring) for _ in range(repeats)]
            counting = worker.measure(count, plans[0], units=size)
            runs = [worker.measure(start, _due(wiring, plan), units=size) for plan in plans]
        reasons = _reasons(wiring, plans[0])
        wiring.disconnect()
    _check(runs, counting["found"], size)
    preview = {"preview_s": counting["wall_s"], "reasons": reasons}
    return {"name": NAME, "size": size, **apart.middle(runs), **preview}


def start(wiring: Wiring, campaign_id: UUID) -> dict[str, int]:
    """Start the campaign, as the worker does; how many are planned and excluded."""
    with wiring.transaction() as session:
        assert campaigns.start_due(session, now=wiring.now()) == campaign_id
    with wiring.transaction() as session:
        campaign = campaigns.get(session, campaign_id, scope=EVERYTHING)
        assert campaign.status_reason is None, campaign.status_reason
        return {"planned": campaign.planned, "excluded": campaign.excluded}


def count(wiring: Wiring, campaign_id: UUID) -> int:
    """Only count who would hear it, as the desk does before."""
    with wiring.transaction() as session:
        campaign = campaigns.get(session, campaign_id, scope=EVERYTHING)
        return campaigns.preview(session, campaign, now=wiring.now()).eligible


def _write_template(session: Session, wiring: Wiring) -> None:
    for channel in _CHANNELS:
        version = templates.create(
            session,
            code="eyes",
            channel=channel,
            language="en",
            category=TemplateCategory.MARKETING,
            purpose=Purpose.MARKETING,
            words=Words(_WORDS, _VARIABLES),
            by=_WRITES,
            now=wiring.now(),
        )
        templates.submit(session, version.id)
        templates.approve(session, version.id, by=_APPROVES, now=wiring.now())


def _draft(wiring: Wiring, *, state: str | None = None) -> UUID:
    """An approved campaign for everybody, or for a state."""
    plan = Plan(
        name="Eyes",
        kind=CampaignKind.MARKETING,
        audience=PersonKind.PATIENT,
        filter={"field": "state", "op": "in", "value": [state]} if state else {},
        channels=_CHANNELS,
        template_code="eyes",
    )
    with wiring.transaction() as session:
        made = campaigns.draft(session, plan, scope=EVERYTHING, by=_WRITES, now=wiring.now())
        campaigns.approve(session, made.id, scope=EVERYTHING, by=_APPROVES, now=wiring.now())
    return made.id


def _due(wiring: Wiring, campaign_id: UUID) -> UUID:
    """The same campaign, scheduled for a moment that has come; `execute` would count it again."""
    query = """
        update communication_campaigns
        set status = 'scheduled', scheduled_at = now() - interval '1 second' where id = :id
    """
    with wiring.engine.begin() as connection:
        connection.execute(text(query), {"id": campaign_id})
    return campaign_id


def _reasons(wiring: Wiring, campaign_id: UUID) -> dict[str, int]:
    query = """
        select reason, count(*) from campaign_recipients where campaign_id = :id group by reason
    """
    with wiring.engine.connect() as connection:
        rows = connection.execute(text(query), {"id": campaign_id})
        return {reason or "planned": count for reason, count in rows}


def _check(runs: Sequence[dict[str, Any]], eligible: int, size: int) -> None:
    """Each run found everybody, and as many would hear it as the preview said."""
    for run in runs:
        assert run["found"] == {"planned": eligible, "excluded": size - eligible}, run
