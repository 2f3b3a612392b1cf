"""Trying a channel: to testers only, a few a minute, and counted nowhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.channels.carrier import Channel
from crm import addresses, gate, outbox
from crm.kit.errors import Denied, DomainError
from crm.kit.permissions import Actor
from crm.models import Lane, Message, Purpose
from crm.outbox import Draft
from crm.templates import Rendered

MOST_A_MINUTE = 5
_MINUTE = timedelta(minutes=1)


class NotOnAllowList(Denied):
    """Only the addresses of the setting TEST_RECIPIENTS are written to."""

    code = "not_on_allow_list"


class TooManyTests(DomainError):
    """Five a minute are enough to see whether a channel works."""

    code = "too_many_requests"
    status = 429


def check_tester(
    session: Session, value: str, *, testers: Sequence[str], by: Actor, now: datetime
) -> None:
    """Refuse an address that is no tester's, and the sixth test within a minute."""
    if value not in testers:
        raise NotOnAllowList("This address is not on the list of testers.")
    lately = select(func.count()).where(
        Message.is_test, Message.sent_by == by.id, Message.due_at > now - _MINUTE
    )
    if (session.scalar(lately) or 0) >= MOST_A_MINUTE:
        raise TooManyTests("Five tests a minute are enough.", retry_after_s=60)


@dataclass(frozen=True, slots=True)
class Trial:
    """The words to try a channel with."""

    rendered: Rendered
    content: outbox.Template | None = None
    version_id: UUID | None = None


def is_for(channel: Channel, value: str) -> bool:
    """True when the address is one of this channel: an e-mail has an @, a phone has none."""
    return ("@" in value) is (channel is Channel.EMAIL)


def try_channel(
    session: Session, channel: Channel, value: str, trial: Trial, *, by: Actor, now: datetime
) -> UUID:
    """Post the words to a tester at once. Returns the message's id.

    An alert, since nobody asks testers for their consent; what a carrier blocks stays blocked.
    """
    address = addresses.find_or_make(session, channel, value, now=now)
    draft = Draft(
        address_id=address.id,
        channel=channel,
        text=trial.rendered.text,
        subject=trial.rendered.subject,
        purpose=Purpose.ALERT,
        lane=Lane.URGENT,
        template=trial.content,
        template_version_id=trial.version_id,
        sent_by=by.id,
        is_test=True,
    )
    return outbox.post_many(session, [draft], now=now)[0]


def facts_of_address(session: Session, channel: Channel, value: str) -> gate.Facts:
    """What the gate knows of an address; of one that is new, its channel alone."""
    address = addresses.find(session, channel, value)
    if address is None:
        return gate.Facts(channel)
    return gate.load(session, [gate.Asked(address.id)])[0]
