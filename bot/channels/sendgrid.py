"""SendGrid as our carrier for e-mail, through its official SDK.

SendGrid has no idempotency key and, without a paid add-on, no list to look sent e-mails up in. What
is in doubt is settled by its events, which bring our message id and attempt back
(`webhooks/sendgrid.py`); `find` therefore finds nothing, ever, and the outbox waits long enough for
the events before it decides (`crm/outbox/doubts.py`).
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

import urllib3
from sendgrid import SendGridAPIClient
from sendgrid.helpers.mail import (
    ClickTracking,
    CustomArg,
    Header,
    Mail,
    OpenTracking,
    SubscriptionTracking,
    TrackingSettings,
)
from typing_extensions import override

from bot.channels.carrier import (
    Accepted,
    Ambiguous,
    CarrierError,
    NotSent,
    Parcel,
    Received,
    Refused,
    Shape,
)
from bot.channels.errors import MAIL_REFUSED, MAIL_TOO_LARGE, NO_EMAIL_ADDRESS, explain
from bot.channels.letters import html, plain, subject_of
from bot.channels.pool import CarrierPool, text_of

SENDGRID = "https://api.sendgrid.com"
_ACCEPTED, _BAD_REQUEST, _TOO_LARGE = 202, 400, 413
_OURS_TO_SET_RIGHT = {
    401: "the e-mail carrier does not accept our credentials",
    403: "the e-mail carrier does not let us send from our address",
    404: "the e-mail carrier does not know the address we call",
}


class _Gettable(Protocol):
    def get(self) -> Mapping[str, object]: ...


class PooledClient(SendGridAPIClient):  # type: ignore[misc]  # the SDK ships without types
    """The SDK's client with kept-alive connections; its own makes a TLS context for each e-mail."""

    def __init__(self, api_key: str, *, host: str, pool: CarrierPool) -> None:
        """Keep the key and where to call; nothing is asked yet."""
        super().__init__(api_key, host)
        self._pool = pool

    @override
    def send(self, message: _Gettable) -> urllib3.BaseHTTPResponse:
        """Post one e-mail, once. Raises NotSent or Ambiguous."""
        headers = self._default_headers | {"Content-Type": "application/json"}
        body = json.dumps(message.get(), separators=(",", ":")).encode()
        return self._pool.ask("POST", self.host, "/v3/mail/send", headers=headers, body=body)


class SendGridCarrier:
    """Sends parcels as e-mails. One instance serves all threads of a process."""

    def __init__(
        self, *, api_key: str, sender: str, pool: CarrierPool, base_url: str | None = None
    ) -> None:
        """Keep the SDK's client; `base_url` is the sandbox's, when there is one."""
        self.client = PooledClient(api_key, host=base_url or SENDGRID, pool=pool)
        self._sender = sender

    def send(self, parcel: Parcel) -> Accepted:
        """Hand the parcel over. Raises NotSent, Refused or Ambiguous."""
        reply = self.client.send(_letter(parcel, self._sender))
        if reply.status != _ACCEPTED:
            raise _verdict(reply)
        provider_id = reply.headers.get("X-Message-Id", "")
        if not provider_id:
            raise Ambiguous("the carrier answered without a message id")
        return Accepted(provider_id, "accepted")

    def find(self, parcel: Parcel, *, since: datetime) -> list[Accepted]:  # noqa: ARG002 -- a Carrier's
        """Nothing: there is no list to look in, only events say what became of an e-mail."""
        return []

    def received(self, *, since: datetime) -> list[Received]:  # noqa: ARG002 -- a Carrier's
        """Nothing: nobody writes to us by e-mail."""
        return []

    def typing(self, provider_id: str) -> None:
        """Nothing: an e-mail does not show that somebody writes."""

    def ensure_contents(self, shapes: Sequence[Shape]) -> dict[str, str]:  # noqa: ARG002 -- a Carrier's
        """Nothing: e-mails need no shapes at the carrier."""
        return {}

    def approvals(self, sids: Sequence[str]) -> dict[str, str]:  # noqa: ARG002 -- a Carrier's
        """Nothing: nobody approves e-mails."""
        return {}


def _letter(parcel: Parcel, sender: str) -> Mail:
    """The parcel as the SDK's e-mail: opaque ids in its custom arguments, no words about health."""
    url = parcel.unsubscribe_url
    mail = Mail(
        from_email=sender,
        to_emails=parcel.to,
        subject=subject_of(parcel.subject, parcel.text),
        plain_text_content=plain(parcel.text, url),
        html_content=html(parcel.text, url),
    )
    mail.add_custom_arg(CustomArg("mid", parcel.message_id.hex))
    mail.add_custom_arg(CustomArg("n", str(parcel.attempt)))
    mail.tracking_settings = _tracking(is_marketing=url is not None)
    if url:
        mail.add_header(Header("List-Unsubscribe", f"<{url}>"))
        mail.add_header(Header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    return mail


def _tracking(*, is_marketing: bool) -> TrackingSettings:
    """Links stay ours, and only a campaign may learn who opened it."""
    tracking = TrackingSettings()
    tracking.click_tracking = ClickTracking(enable=False, enable_text=False)
    tracking.subscription_tracking = SubscriptionTracking(enable=False)
    tracking.open_tracking = OpenTracking(enable=is_marketing)
    return tracking


def _verdict(reply: urllib3.BaseHTTPResponse) -> CarrierError:
    """Ours for theirs: a 4xx is a refusal or ours to set right; after anything else, who knows."""
    if reply.status in _OURS_TO_SET_RIGHT:
        return NotSent(_OURS_TO_SET_RIGHT[reply.status])
    if reply.status == _TOO_LARGE:
        return _refused(MAIL_TOO_LARGE)
    if reply.status == _BAD_REQUEST:
        return _refused(NO_EMAIL_ADDRESS if _is_about_recipient(reply) else MAIL_REFUSED)
    return Ambiguous(f"the e-mail carrier answered {reply.status}")


def _refused(code: int) -> Refused:
    return Refused(code, explain(code).words)


def _is_about_recipient(reply: urllib3.BaseHTTPResponse) -> bool:
    """Whether it names the address we write to: ``personalizations.0.to.0.email``."""
    try:
        errors = json.loads(text_of(reply))["errors"]
        return any(".to" in (error.get("field") or "") for error in errors)
    except (Ambiguous, ValueError, KeyError, TypeError, AttributeError):
        return False
