"""What messages cost, by the price that holds on a day."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.channels.carrier import Channel
from crm.kit.clock import lagos_day
from crm.models import MessagePrice, Purpose


@dataclass(frozen=True, slots=True)
class Prices:
    """The prices of one day, in kobo."""

    by_channel: dict[tuple[Channel, bool], int]

    @classmethod
    def on(cls, session: Session, now: datetime) -> "Prices":
        """The newest price of each channel that holds by then."""
        rows = session.scalars(
            select(MessagePrice)
            .where(MessagePrice.since <= lagos_day(now))
            .order_by(MessagePrice.since)
        )
        return cls({(row.channel, row.is_marketing): row.price_kobo for row in rows})

    def of(self, channel: Channel, purpose: Purpose, segments: int = 1) -> int:
        """The price of one message: an SMS for each of its parts, others whole."""
        price = self.by_channel.get((channel, purpose is Purpose.MARKETING), 0)
        return price * segments if channel is Channel.SMS else price
