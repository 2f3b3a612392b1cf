"""A campaign's words, sent to testers before anybody else reads them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from bot.channels.carrier import Channel
from crm import communications
from crm.campaigns import texts
from crm.campaigns.steps import get
from crm.kit.errors import DomainError
from crm.kit.permissions import Actor, Scope
from crm.templates import ENGLISH


class NoTesters(DomainError):
    """The setting TEST_RECIPIENTS names nobody who can be reached on these channels."""

    code = "no_testers"
    status = 422


def try_out(
    session: Session,
    campaign_id: UUID,
    *,
    testers: Sequence[str],
    scope: Scope,
    by: Actor,
    now: datetime,
) -> list[UUID]:
    """Send the English words, filled with their examples, to every tester on each channel."""
    campaign = get(session, campaign_id, scope=scope)
    words = texts.usable(session, campaign)
    sent = []
    for channel in map(Channel, campaign.channels):
        found = words.of(channel, ENGLISH)
        assert found is not None  # noqa: S101 -- usable texts have English on every channel
        examples = {each["name"]: each["example"] for each in found[1].variables}
        filled = texts.words_for(campaign, words, channel, ENGLISH, examples)
        trial = communications.Trial(filled.rendered, filled.content, filled.version_id)
        sent += [
            communications.try_channel(session, channel, to, trial, by=by, now=now)
            for to in testers
            if communications.is_for(channel, to)
        ]
    if not sent:
        raise NoTesters("Nobody on TEST_RECIPIENTS can be reached on these channels.")
    return sent
