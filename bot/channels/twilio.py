"""Twilio as our carrier for WhatsApp and SMS, through its official SDK."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TypedDict

from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.rest import Client
from twilio.rest.api.v2010.account.message import MessageInstance

from bot.channels import templates
from bot.channels.carrier import (
    Accepted,
    Ambiguous,
    CarrierError,
    Channel,
    NotSent,
    Parcel,
    Received,
    Refused,
    Shape,
)
from bot.channels.errors import Kind, explain
from bot.channels.http import CarrierHttpClient

UNDECODABLE = (ValueError, TypeError, AttributeError)
"""What the SDK raises when an answer is not the JSON object it expects."""

CLOCK_SLACK = timedelta(seconds=5)
LISTED = 100
MOST_RECEIVED = 1000


class _Content(TypedDict, total=False):
    body: str
    content_sid: str
    content_variables: str


class TwilioCarrier:
    """Sends parcels by the Messages API. One instance serves all threads of a process."""

    def __init__(
        self,
        *,
        account_sid: str,
        auth_token: str,
        sms_from: str,
        whatsapp_from: str,
        public_base_url: str,
        http: CarrierHttpClient,
    ) -> None:
        """Keep the SDK's client; nothing is asked of Twilio yet."""
        self.client = Client(account_sid, auth_token, http_client=http)
        self.messages = self.client.messages
        self._sms_from = sms_from
        self._whatsapp_from = whatsapp_from
        self._receipts_url = f"{public_base_url.rstrip('/')}/webhooks/twilio/status"

    def send(self, parcel: Parcel) -> Accepted:
        """Hand the parcel over. Raises NotSent, Refused or Ambiguous."""
        content = _content(parcel)
        try:
            message = self.messages.create(
                to=_address(parcel.channel, parcel.to),
                from_=self._sender(parcel.channel),
                status_callback=self._receipt_url(parcel),
                **content,
            )
        except TwilioException as error:
            raise _verdict(error) from error
        except UNDECODABLE as error:
            raise Ambiguous("the carrier's answer cannot be read") from error
        return _accepted(message)

    def typing(self, provider_id: str) -> None:
        """Show the writer of this WhatsApp message that an answer is coming, for 25 s at most.

        It also marks the message as read. Raises CarrierError.
        """
        indicators = self.client.messaging.v2.typing_indicator
        try:
            indicators.create(channel=Channel.WHATSAPP.value, message_id=provider_id)
        except TwilioException as error:
            raise _verdict(error) from error
        except UNDECODABLE as error:
            raise Ambiguous("the carrier's answer cannot be read") from error

    def ensure_contents(self, shapes: Sequence[Shape]) -> dict[str, str]:
        """Make the shapes Twilio does not have yet. Returns every shape's id by its name."""
        return templates.ensure_contents(self.client, shapes)

    def approvals(self, sids: Sequence[str]) -> dict[str, str]:
        """WhatsApp's word on each content by its id: pending, approved, rejected, paused."""
        return {sid: templates.approval(self.client, sid) for sid in sids}

    def find(self, parcel: Parcel, *, since: datetime) -> list[Accepted]:
        """Our messages to this person since then that say the same, oldest first.

        A match may belong to another message with the same words; the caller takes the first whose
        id is not on record yet. Twilio filters by the date *sent*, which a queued message does not
        have yet, so dates are compared here by creation. Raises NotSent or Ambiguous, and neither
        means that the parcel was not sent.
        """
        found = [message for message in self._listed(parcel, since) if _says(message, parcel)]
        return [_accepted(message) for message in reversed(found)]

    def received(self, *, since: datetime) -> list[Received]:
        """What people sent to our senders since then, oldest first, `MOST_RECEIVED` at most."""
        try:
            found = [
                Received(message.sid, channel, _bare(message.from_), message.body or "")
                for channel in (Channel.SMS, Channel.WHATSAPP)
                for message in self.messages.list(
                    to=self._sender(channel),
                    date_sent_after=since,
                    limit=MOST_RECEIVED,
                    page_size=MOST_RECEIVED,
                )
                if str(message.direction) == "inbound"
            ]
        except TwilioException as error:
            raise Ambiguous("the carrier does not let us look") from error
        except UNDECODABLE as error:
            raise Ambiguous("the carrier's answer cannot be read") from error
        return found[::-1]

    def _listed(self, parcel: Parcel, since: datetime) -> Iterator[MessageInstance]:
        """Our messages to this person from then on; Twilio lists the newest first."""
        earliest = since - CLOCK_SLACK
        try:
            page = self.messages.list(
                to=_address(parcel.channel, parcel.to),
                from_=self._sender(parcel.channel),
                limit=LISTED,
                page_size=LISTED,
            )
        except TwilioException as error:
            raise Ambiguous("the carrier does not let us look") from error
        except UNDECODABLE as error:
            raise Ambiguous("the carrier's answer cannot be read") from error
        return (each for each in page if each.date_created and each.date_created >= earliest)

    def _sender(self, channel: Channel) -> str:
        number = self._whatsapp_from if channel is Channel.WHATSAPP else self._sms_from
        return _address(channel, number)

    def _receipt_url(self, parcel: Parcel) -> str:
        return f"{self._receipts_url}?mid={parcel.message_id.hex}&n={parcel.attempt}"


def _address(channel: Channel, number: str) -> str:
    if channel is Channel.WHATSAPP:
        return f"whatsapp:{number.removeprefix('whatsapp:')}"
    return number


def _bare(address: str) -> str:
    return address.removeprefix("whatsapp:")


def _content(parcel: Parcel) -> _Content:
    if parcel.content_sid is None:
        return {"body": parcel.text}
    variables = json.dumps(dict(parcel.content_variables or {}))
    return {"content_sid": parcel.content_sid, "content_variables": variables}


def _accepted(message: MessageInstance) -> Accepted:
    if not message.sid:
        raise Ambiguous("the carrier answered without a message id")
    return Accepted(message.sid, str(message.status))


def _verdict(error: TwilioException) -> CarrierError:
    """Ours for theirs: a 4xx is a refusal or a plea to wait; after anything else, who knows."""
    if not isinstance(error, TwilioRestException | TwilioServiceException):
        return Ambiguous(str(error))
    failure = explain(error.code or error.status)
    if not 400 <= error.status < 500 or failure.kind is Kind.AMBIGUOUS:  # noqa: PLR2004 -- HTTP's
        return Ambiguous(f"{error.status}: {failure.words}")
    if failure.kind is Kind.THROTTLE:
        return NotSent(failure.words)
    return Refused(failure.code, failure.words)


def _says(message: MessageInstance, parcel: Parcel) -> bool:
    """Whether it is outbound and has the parcel's words, or those its content was filled with."""
    if str(message.direction) == "inbound":
        return False
    texts = [parcel.text, (parcel.content_variables or {}).get("1", parcel.text)]
    return _folded(message.body or "") in map(_folded, texts)


def _folded(text: str) -> str:
    return " ".join(text.split())
