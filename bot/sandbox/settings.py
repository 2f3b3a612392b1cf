"""What the sandbox must be told to play the carrier for one account."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SandboxSettings:
    """One carrier account, its two senders, and the product that owns them."""

    account_sid: str
    auth_token: str
    sms_number: str
    whatsapp_number: str
    product_url: str
    store_path: str = ":memory:"
    pace: float = 1.0  # 1 is lifelike, 0 has no delay at all
    clock_url: str | None = None
    mail_api_key: str = "demo-mail-key"

    @property
    def inbound_url(self) -> str:
        """Where this account's senders post what people write."""
        return f"{self.product_url.rstrip('/')}/webhooks/twilio/inbound"

    @property
    def mail_events_url(self) -> str:
        """Where events of e-mails go."""
        return f"{self.product_url.rstrip('/')}/webhooks/sendgrid/events"

    @property
    def product_clock_url(self) -> str:
        """Where the product lets its clock be moved along with ours."""
        return self.clock_url or f"{self.product_url.rstrip('/')}/demo/clock"

    def sender(self, channel: str) -> str:
        """The account's own address on a channel."""
        if channel == "whatsapp":
            return "whatsapp:" + self.whatsapp_number.removeprefix("whatsapp:")
        return self.sms_number
