"""What a campaign would do: how many hear it, how many do not and why, and what it costs."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from sqlalchemy.orm import Session

from bot.channels.carrier import Channel
from crm.campaigns import audience, texts
from crm.communications import To, people_of
from crm.kit.permissions import EVERYTHING
from crm.models import Campaign
from crm.templates import ENGLISH, Prices, Texts

# What one worker hands to a carrier in a minute, roughly; a throttle below it decides.
_PACE_PER_MIN = 4_800


@dataclass(frozen=True, slots=True)
class Sample:
    """What one of those who would hear it would read."""

    channel: Channel
    language: str
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Preview:
    """The audience as it is now."""

    audience: int
    eligible: int
    suppressed: Mapping[str, int]
    by_channel: Mapping[str, int]
    by_language: Mapping[str, int]
    estimated_cost_kobo: int
    minutes: int
    samples: Sequence[Sample]


def preview(session: Session, campaign: Campaign, *, now: datetime) -> Preview:
    """Count the audience and price it; writes nothing. Raises TemplateUnfit, Invalid."""
    words = texts.usable(session, campaign)
    shares = audience.shares(session, campaign, now=now)
    heard = [share for share in shares if share.reason is None]
    eligible = sum(share.people for share in heard)
    return Preview(
        audience=sum(share.people for share in shares),
        eligible=eligible,
        suppressed=_counted((share.reason or "", share.people) for share in shares if share.reason),
        by_channel=_counted((share.channel or "", share.people) for share in heard),
        by_language=_counted((share.language, share.people) for share in heard),
        estimated_cost_kobo=_cost(session, campaign, words, heard, now),
        minutes=ceil(eligible / (campaign.throttle_per_min or _PACE_PER_MIN)),
        samples=_samples(session, campaign, words, now),
    )


def _counted(pairs: Iterable[tuple[str, int]]) -> Mapping[str, int]:
    counts: Counter[str] = Counter()
    for name, number in pairs:
        counts[name] += number
    return dict(counts)


def _cost(
    session: Session,
    campaign: Campaign,
    words: Texts,
    heard: Sequence[audience.Share],
    now: datetime,
) -> int:
    """By the parts of each text when it is filled with its examples."""
    prices = Prices.on(session, now)
    return sum(
        share.people * _price(prices, campaign, words, Channel(share.channel), share.language)
        for share in heard
        if share.channel
    )


def _price(
    prices: Prices, campaign: Campaign, words: Texts, channel: Channel, language: str
) -> int:
    found = words.of(channel, language)
    assert found is not None  # noqa: S101 -- every channel of the plan has English words
    examples = {each["name"]: each["example"] for each in found[1].variables}
    filled = texts.words_for(campaign, words, channel, language, examples).rendered
    return prices.of(channel, campaign.purpose, filled.segments_on(channel))


def _samples(session: Session, campaign: Campaign, words: Texts, now: datetime) -> Sequence[Sample]:
    rows = audience.sample(session, campaign, now=now)
    tos = {row.person_id: To(campaign.audience, row.person_id) for row in rows}
    people = people_of(session, tos.values(), scope=EVERYTHING, now=now)
    shown = []
    for row in rows:
        channel, values = Channel(row.channel), people[tos[row.person_id]].values
        spelt = {name: value or "-" for name, value in values.items()}
        filled = texts.words_for(campaign, words, channel, row.language, spelt).rendered
        shown.append(Sample(channel, row.language or ENGLISH, filled.subject, filled.text))
    return shown
