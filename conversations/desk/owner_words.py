"""Contracts and payouts as an owner reads them in the chat, in pages that a message can carry."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.channels import segments
from bot.channels.carrier import Channel
from bot.texts import say
from conversations.desk import Desk
from crm import payouts
from crm.contracts import Terms, Tier
from crm.kit.clock import lagos_day
from crm.models import Contract, Payout, PayoutStatus
from crm.payouts import Account, Inputs, money, statements

_MOST_SEGMENTS = 3
_ROOM_FOR_OPTIONS = 60
_LONGEST = 900
"""Letters of one page on WhatsApp."""


def naira(kobo: int) -> str:
    """`NGN 1,250,000.00`, and what is taken off with a minus sign before it."""
    return f"{'-' if kobo < 0 else ''}NGN {money.naira(abs(kobo))}"


def sums(desk: Desk, account: Account) -> str:
    """What is on its way, and what else there is that is not nothing."""
    known = {
        "sum_approved": account.approved_kobo,
        "sum_failed": account.failed_kobo,
        "sum_pending": account.pending_kobo,
        "sum_held": account.held_kobo,
    }
    said = [key for key, kobo in known.items() if kobo] or ["sum_approved"]
    return " ".join(_say(desk, key, sum=naira(known[key])) for key in said)


def day_of(moment: datetime | None) -> str:
    """`10 Nov 2026`."""
    return money.day(lagos_day(moment)) if moment else ""


def pages(desk: Desk, paragraphs: Sequence[str]) -> list[str]:
    """The paragraphs on as few pages as the channel allows; one too long has a page of its own."""
    found: list[str] = []
    for paragraph in paragraphs:
        joined = f"{found[-1]}\n{paragraph}" if found else ""
        if joined and _fits(desk.channel, joined):
            found[-1] = joined
        else:
            found.append(paragraph)
    return found


def _fits(channel: Channel, page: str) -> bool:
    if channel is not Channel.SMS:
        return len(page) <= _LONGEST
    with_options = segments.gsm(page) + "x" * _ROOM_FOR_OPTIONS
    return segments.count(with_options).segments <= _MOST_SEGMENTS


# -- a payout -------------------------------------------------------------------------------------


def payout(desk: Desk, row: Payout, named: Mapping[str, str]) -> list[str]:
    """What it comes to, how it stands, and each of its lines with the reason for it."""
    status = _say(desk, f"status_{row.status}", day=_when(row))
    head = _say(desk, "payout", **named, status=status)
    inputs = Inputs.from_json(row.calc_snapshot)
    explained = statements.explained(payouts.lines(desk.session, row.id), inputs)
    return [
        head,
        *(
            f"{each.line.label}: {naira(each.line.amount_kobo)}. {each.explanation}"
            for each in explained
        ),
    ]


def _when(row: Payout) -> str:
    if row.status is PayoutStatus.COMPLETED:
        return day_of(row.paid_at)
    return money.day(row.due_on)


# -- a contract -----------------------------------------------------------------------------------


def contract(desk: Desk, row: Contract, place: str) -> str:
    """How the share is worked out, what is guaranteed or capped, and from when to when."""
    terms = Terms.of(row)
    said = [
        _say(desk, "contract", hospital=place, share=_share(desk, terms)),
        *_limits(desk, terms),
        _dates(desk, row),
    ]
    return " ".join(said)


def _share(desk: Desk, terms: Terms) -> str:
    basis = _say(desk, f"basis_{terms.basis}")
    facts: dict[str, Any] = {
        "rate": money.percent(terms.share_bps),
        "fixed": naira(terms.fixed_kobo),
        "tiers": _tiers(desk, terms.tiers),
        "basis": basis,
    }
    return _say(desk, f"model_{terms.model}", **facts)


def _tiers(desk: Desk, tiers: Sequence[Tier]) -> str:
    return ", ".join(
        _say(desk, "tier", rate=money.percent(tier.bps), limit=naira(tier.up_to_kobo))
        if tier.up_to_kobo is not None
        else _say(desk, "tier_above", rate=money.percent(tier.bps))
        for tier in tiers
    )


def _limits(desk: Desk, terms: Terms) -> Iterator[str]:
    if terms.minimum_guarantee_kobo:
        yield _say(desk, "guarantee", limit=naira(terms.minimum_guarantee_kobo))
    if terms.cap_kobo:
        yield _say(desk, "cap", limit=naira(terms.cap_kobo))


def _dates(desk: Desk, row: Contract) -> str:
    since = money.day(row.starts_on)
    if row.ends_on is None:
        return _say(desk, "since", day=since)
    return _say(desk, "from_to", day=since, last=money.day(row.ends_on))


def _say(desk: Desk, key: str, **facts: Any) -> str:
    return say("owner", key, desk.language, desk.channel, **facts)
