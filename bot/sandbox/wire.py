"""The vendor's documents: messages and templates as JSON, webhooks as form fields."""

import json
from datetime import UTC, datetime
from email.utils import format_datetime

from bot.sandbox import addresses
from bot.sandbox.contents import Content
from bot.sandbox.errors import reason
from bot.sandbox.messages import Message
from bot.sandbox.settings import SandboxSettings

API_VERSION = "2010-04-01"
EVENT_TYPES = {"delivered": "DELIVERED", "read": "READ"}


def message_document(message: Message, account_sid: str) -> dict[str, object]:
    """A message as the Messages API shows it."""
    uri = f"/{API_VERSION}/Accounts/{account_sid}/Messages/{message.sid}"
    return {
        "account_sid": account_sid,
        "api_version": API_VERSION,
        "body": message.body,
        "date_created": _rfc2822(message.created_at),
        "date_sent": _rfc2822(message.sent_at),
        "date_updated": _rfc2822(message.updated_at),
        "direction": message.direction,
        "error_code": message.error_code,
        "error_message": reason(message.error_code) if message.error_code else None,
        "from": message.sender,
        "messaging_service_sid": None,
        "num_media": str(len(message.media)),
        "num_segments": str(message.segments),
        "price": None,
        "price_unit": None,
        "sid": message.sid,
        "status": message.status,
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": message.recipient,
        "uri": f"{uri}.json",
    }


def content_document(content: Content, account_sid: str) -> dict[str, object]:
    """A template as the Content API shows it."""
    url = f"https://content.twilio.com/v1/Content/{content.sid}"
    links = {
        "approval_fetch": f"{url}/ApprovalRequests",
        "approval_create": f"{url}/ApprovalRequests/whatsapp",
    }
    return {
        **content.document,
        "sid": content.sid,
        "account_sid": account_sid,
        "date_created": _iso(content.created_at),
        "date_updated": _iso(content.created_at),
        "url": url,
        "links": links,
    }


def approval_document(content: Content, *, at: float) -> dict[str, object]:
    """Where a template's approval stands, as the Content API shows it."""
    return {
        "name": content.approval.get("name", ""),
        "category": content.approval.get("category", ""),
        "content_type": content.type,
        "status": content.approval_status(at=at),
        "rejection_reason": content.approval.get("rejection_reason", ""),
        "allow_category_change": True,
    }


def inbound_params(
    message: Message, settings: SandboxSettings, extra: dict[str, str]
) -> dict[str, str]:
    """The form fields of an inbound webhook."""
    common = {
        "SmsMessageSid": message.sid,
        "NumMedia": str(len(message.media)),
        "SmsSid": message.sid,
        "SmsStatus": "received",
        "Body": message.body,
        "To": message.recipient,
        "NumSegments": str(message.segments),
        "MessageSid": message.sid,
        "AccountSid": settings.account_sid,
        "From": message.sender,
        "ApiVersion": API_VERSION,
    }
    return common | (_whatsapp(message, extra) if message.channel == "whatsapp" else _sms())


def receipt_params(message: Message, status: str, settings: SandboxSettings) -> dict[str, str]:
    """The form fields of a status callback."""
    fields = {
        "SmsSid": message.sid,
        "SmsStatus": status,
        "MessageStatus": status,
        "To": message.recipient,
        "MessageSid": message.sid,
        "AccountSid": settings.account_sid,
        "From": message.sender,
        "ApiVersion": API_VERSION,
    }
    if message.error_code and status in ("failed", "undelivered"):
        fields["ErrorCode"] = str(message.error_code)
    more = _channel_receipt if message.channel == "whatsapp" else _sms_receipt
    return fields | more(message, status)


def _channel_receipt(message: Message, status: str) -> dict[str, str]:
    fields = {
        "ChannelPrefix": "whatsapp",
        "ChannelInstallSid": "XE" + "0" * 32,
        "ChannelToAddress": message.person[:-4] + "XXXX",
        "StructuredMessage": "true" if message.choices else "false",
    }
    if status in EVENT_TYPES:
        fields["EventType"] = EVENT_TYPES[status]
    if message.error_code and status in ("failed", "undelivered"):
        fields["ChannelStatusMessage"] = reason(message.error_code)
    return fields


def _sms_receipt(message: Message, status: str) -> dict[str, str]:
    if status != "delivered":
        return {}
    done = datetime.fromtimestamp(message.updated_at, UTC)
    return {"RawDlrDoneDate": done.strftime("%y%m%d%H%M")}


def _whatsapp(message: Message, extra: dict[str, str]) -> dict[str, str]:
    who = {"ProfileName": extra.get("ProfileName", "")}
    if addresses.is_number(message.sender):
        who["WaId"] = message.person.removeprefix("+")
    else:
        who |= {"ExternalUserId": message.sender}
    context = who | {k: v for k, v in extra.items() if k in ("ButtonText", "ListTitle")}
    metadata = {"type": "whatsapp", "data": {"context": context}}
    kind = {"MessageType": "text", "ReferralNumMedia": "0"}
    return kind | who | extra | {"ChannelMetadata": json.dumps(metadata, separators=(",", ":"))}


def _sms() -> dict[str, str]:
    blank = ("FromCity", "FromState", "FromZip", "ToCity", "ToState", "ToZip")
    return dict.fromkeys(blank, "") | {"FromCountry": "NG", "ToCountry": "NG"}


def _rfc2822(at: float | None) -> str | None:
    return format_datetime(datetime.fromtimestamp(at, UTC)) if at is not None else None


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
