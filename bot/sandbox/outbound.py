"""Takes in what the product sends: refuses as the vendor refuses, accepts as it accepts."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast
from urllib.parse import urlsplit

from werkzeug.datastructures import MultiDict

from bot.channels import segments
from bot.sandbox import addresses, contents, messages, windows
from bot.sandbox.contents import Content
from bot.sandbox.errors import ApiError
from bot.sandbox.messages import Message
from bot.sandbox.receipts import Receipts
from bot.sandbox.settings import SandboxSettings
from bot.sandbox.works import Works

BODY_LIMIT = 1600
MEDIA_LIMIT = 10
Form = MultiDict[str, str]


@dataclass(frozen=True, slots=True)
class Draft:
    """A message that passed the checks, and the template it was made from."""

    message: Message
    content: Content | None
    values: Mapping[str, str]


class Outbound:
    """The create call of the Messages API, and the messages a TwiML answer asks for."""

    def __init__(self, works: Works, receipts: Receipts) -> None:
        """Share the parts of one sandbox."""
        self._works, self._receipts = works, receipts

    def create(self, form: Form, *, direction: str = "outbound-api") -> Message:
        """Accept one message and start it on its way. Raises ApiError."""
        try:
            draft = self._draft(form, direction)
            self._check_person(draft.message)
        except ApiError as refusal:
            self._log_refusal(form, refusal)
            raise
        message = messages.add(self._works.store, draft.message)
        self._log_acceptance(message)
        self._receipts.begin(message, error=self._later_error(draft))
        return message

    def _draft(self, form: Form, direction: str) -> Draft:
        _check_addresses(form, self._works.settings)
        _check_body(form)
        content, values = self._content(form), contents.variables_from(form.get("ContentVariables"))
        plain = self._plain(form, direction)
        if content is None:
            return Draft(_counted(plain), None, values)
        filled = contents.fill(content, values)
        message = replace(
            plain,
            body=filled.body,
            choices=filled.choices if plain.channel == "whatsapp" else (),
            list_button=filled.list_button,
            content_sid=content.sid,
            language=content.document["language"],
            is_template=content.approval_status(at=plain.created_at) == "approved",
        )
        return Draft(_counted(message), content, values)

    def _plain(self, form: Form, direction: str) -> Message:
        media = tuple(form.getlist("MediaUrl"))
        return Message(
            sid=messages.new_sid(media),
            direction=direction,
            sender=form["From"],
            recipient=form["To"],
            body=form.get("Body", ""),
            status="queued",
            created_at=self._works.clock.now(),
            media=media,
            callback=form.get("StatusCallback"),
        )

    def _content(self, form: Form) -> Content | None:
        sid = form.get("ContentSid")
        if not sid:
            return None
        content = contents.get(self._works.store, sid)
        if content is None:
            raise ApiError(21655, sid)
        return content

    def _check_person(self, message: Message) -> None:
        code = self._works.faults.take("refuse", message.person)
        if code:
            raise ApiError(int(cast("int", code)))
        if message.channel == "sms" and not windows.may_pass(
            self._works.store, message.sender, message.person
        ):
            raise ApiError(21610)

    def _later_error(self, draft: Draft) -> int | None:
        message = draft.message
        fault = self._works.faults.take("fail", message.person)
        if fault:
            return int(cast("int", fault))
        if message.channel == "sms":
            return None
        if not message.is_template and not self._window_is_open(message.person):
            return 63016
        return _content_error(draft)

    def _window_is_open(self, person: str) -> bool:
        if self._works.faults.take("window_closed", person):
            return False
        return windows.left_s(self._works.store, person, at=self._works.clock.now()) > 0

    def _log_acceptance(self, message: Message) -> None:
        what = "template" if message.is_template else message.channel
        self._works.events.add(
            "created",
            f"product sent {what} message",
            at=message.created_at,
            person=message.person,
            sid=message.sid,
            answer="201 queued",
        )

    def _log_refusal(self, form: Form, refusal: ApiError) -> None:
        self._works.events.add(
            "refused",
            f"message refused: {refusal.message}",
            at=self._works.clock.now(),
            person=addresses.bare(form.get("To", "")),
            answer=f"{refusal.status} {refusal.code}",
            ok=False,
        )


def _check_addresses(form: Form, settings: SandboxSettings) -> None:
    recipient, sender = form.get("To", ""), form.get("From", "")
    if not recipient:
        raise ApiError(21604)
    if not sender:
        raise ApiError(21701 if form.get("MessagingServiceSid") else 21603)
    channel = addresses.channel_of(recipient)
    if sender != settings.sender(channel):
        is_whatsapp = addresses.channel_of(sender) == channel == "whatsapp"
        raise ApiError(63007 if is_whatsapp else 21606, sender)
    if not addresses.is_valid(recipient):
        raise ApiError(21211, recipient)
    if channel == "sms" and addresses.is_landline(recipient):
        raise ApiError(21614, recipient)


def _check_body(form: Form) -> None:
    media = form.getlist("MediaUrl")
    if not (form.get("Body", "").strip() or form.get("ContentSid") or media):
        raise ApiError(21654 if form.get("ContentVariables") else 21602)
    if len(form.get("Body", "")) > BODY_LIMIT:
        raise ApiError(21617)
    if len(media) > MEDIA_LIMIT:
        raise ApiError(21623)
    if not all(_is_url(url) for url in media):
        raise ApiError(21620)
    callback = form.get("StatusCallback")
    if callback and (not _is_url(callback) or "_" in (urlsplit(callback).hostname or "")):
        raise ApiError(21609, callback)


def _is_url(text: str) -> bool:
    parts = urlsplit(text)
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _counted(message: Message) -> Message:
    if message.channel == "whatsapp":
        return message
    return replace(message, segments=segments.count(message.body).segments)


def _content_error(draft: Draft) -> int | None:
    content, message = draft.content, draft.message
    if content is None:
        return None
    if contents.missing(content, draft.values):
        return 63028
    if message.is_template and contents.has_forbidden_value(draft.values):
        return 63013
    filled = contents.fill(content, draft.values)
    return 63021 if filled.problem(content.type, is_template=message.is_template) else None
