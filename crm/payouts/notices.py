"""What owners are told of their payouts, to where they are best reached; the gate keeps to day."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.texts import say, spoken_to
from crm import outbox, owners
from crm.kit.clock import lagos_day
from crm.models import Hospital, Lane, Message, Owner, Payout, PayoutStatus, Purpose
from crm.outbox import Draft, Template
from crm.payouts import money

_DATED = ("period", "net", "day", "reference", "phone")
_DATELESS = ("period", "net", "reference", "phone")
SAID = {
    PayoutStatus.APPROVED: _DATED,
    PayoutStatus.COMPLETED: _DATED,
    PayoutStatus.FAILED: _DATELESS,
    PayoutStatus.REVERSED: _DATELESS,
    PayoutStatus.ON_HOLD: _DATELESS,
}
"""What owners are told of, with the facts of each text, as a template numbers them: no gaps."""
FRESH = timedelta(days=3)
"""How long an answer is one to a notice."""


def tell(session: Session, payout: Payout, *, now: datetime) -> None:
    """Tell the owner what has become of a payout, if that concerns them and there is money in it.

    An owner whom nothing reaches is told nothing; the dashboard shows it all the same.
    """
    if payout.status not in SAID or not payout.net_kobo:
        return
    address = owners.best_address(session, payout.owner_id)
    if address is None:
        return
    owner = session.get_one(Owner, payout.owner_id)
    language = spoken_to(owner.language)
    said = _facts(session, payout, now=now)
    key = payout.status.value
    variables = tuple(said[name] for name in SAID[payout.status])
    draft = Draft(
        address_id=address.id,
        channel=address.channel,
        text=say("payout", key, language, address.channel, **said),
        subject=say("payout", "subject", language, address.channel, **said),
        purpose=Purpose.NOTICE,
        lane=Lane.UTILITY,
        template=Template(template_name(key, language), variables),
        owner_id=owner.id,
        about_id=payout.id,
    )
    outbox.post_many(session, [draft], now=now)


def told_since(
    session: Session, owner_id: UUID, *, address_id: UUID, since: datetime, now: datetime
) -> UUID | None:
    """The payout of the newest notice to the owner there, when it went out after `since`."""
    newest = session.execute(
        select(Message.about_id, Message.due_at)
        .where(Message.owner_id == owner_id, Message.address_id == address_id)
        .where(Message.purpose == Purpose.NOTICE, Message.due_at <= now)
        .where(Message.about_id.in_(select(Payout.id).where(Payout.owner_id == owner_id)))
        .order_by(Message.id.desc())
        .limit(1)
    ).one_or_none()
    return newest.about_id if newest and newest.due_at > since else None


def template_name(key: str, language: str) -> str:
    """What the carrier calls the approved text."""
    return f"payout_{key}_v2_{language}"


def _facts(session: Session, payout: Payout, *, now: datetime) -> dict[str, str]:
    paid_on = payout.paid_at and lagos_day(payout.paid_at)
    phone = session.scalars(select(Hospital.phone).where(Hospital.id == payout.hospital_id)).one()
    return {
        "period": money.period(payout.period_start, payout.period_end),
        "net": f"NGN {money.naira(payout.net_kobo)}",
        "day": money.day(paid_on or max(payout.due_on, lagos_day(now))),
        "reference": payout.reference,
        "phone": phone,
    }
