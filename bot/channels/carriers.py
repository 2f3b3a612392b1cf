"""Each channel's carrier, as the one carrier that delivery knows."""

from collections.abc import Sequence
from datetime import datetime

from bot.channels.carrier import Accepted, Carrier, Channel, Parcel, Received, Shape


class Carriers:
    """Phones' messages go one way, e-mails another."""

    def __init__(self, *, phones: Carrier, mail: Carrier) -> None:
        """Keep the carrier of WhatsApp and SMS, and that of e-mail."""
        self.phones = phones
        self.mail = mail

    def send(self, parcel: Parcel) -> Accepted:
        """Hand the parcel to its channel's carrier. Raises NotSent, Refused or Ambiguous."""
        return self._of(parcel).send(parcel)

    def find(self, parcel: Parcel, *, since: datetime) -> Sequence[Accepted]:
        """What its channel's carrier really took. Raises NotSent or Ambiguous."""
        return self._of(parcel).find(parcel, since=since)

    def received(self, *, since: datetime) -> Sequence[Received]:
        """What people sent to our numbers. Raises NotSent or Ambiguous."""
        return self.phones.received(since=since)

    def typing(self, provider_id: str) -> None:
        """Show the writer of a WhatsApp message that an answer is coming. Raises CarrierError."""
        self.phones.typing(provider_id)

    def ensure_contents(self, shapes: Sequence[Shape]) -> dict[str, str]:
        """Make the shapes that phones show."""
        return self.phones.ensure_contents(shapes)

    def approvals(self, sids: Sequence[str]) -> dict[str, str]:
        """WhatsApp's word on them."""
        return self.phones.approvals(sids)

    def _of(self, parcel: Parcel) -> Carrier:
        return self.mail if parcel.channel is Channel.EMAIL else self.phones
