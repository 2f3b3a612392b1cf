"""Carries what people write, press and share to the product's webhook."""

from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from werkzeug.datastructures import MultiDict

from bot.channels import segments
from bot.sandbox import addresses, messages, windows, wire
from bot.sandbox.errors import ApiError
from bot.sandbox.messages import Choice, Message
from bot.sandbox.outbound import Outbound
from bot.sandbox.webhooks import Outcome, Post, new_idempotency_token
from bot.sandbox.works import Works

OK = range(200, 300)
HTTP_RETRIEVAL_FAILURE, HTTP_CONNECTION_FAILURE = 11200, 11205


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one inbound message."""

    sid: str
    http_status: int | None
    tries: int

    @property
    def arrived(self) -> bool:
        """Whether the product took it in."""
        return self.http_status in OK


class Inbound:
    """The carrier's side of a person's phone."""

    def __init__(self, works: Works, outbound: Outbound) -> None:
        """Share the parts of one sandbox."""
        self._works, self._outbound = works, outbound

    def say(
        self,
        channel: str,
        person: str,
        body: str = "",
        *,
        extra: Mapping[str, str] | None = None,
        media: tuple[str, ...] = (),
    ) -> Delivery:
        """Send words to the product, as typed; extra fields ride along on WhatsApp."""
        message = self._message(channel, person, body, dict(extra or {}), media)
        self._before(message)
        post = self._post(message)
        if self._works.faults.take("duplicate_webhook", message.person):
            self._works.later.do(lambda: self._deliver_again(post))
        outcome = self._works.webhooks.deliver(post)
        self._after(message, outcome)
        return Delivery(message.sid, outcome.http_status, outcome.tries)

    def press(
        self, person: str, payload: str, *, extra: Mapping[str, str], title: str, kind: str
    ) -> Delivery:
        """Press a button or pick a list row; what is not given is read off the message."""
        asked, choice = self._choice(person, payload)
        kind, title = kind or choice.kind, title or choice.label
        fields = {"MessageType": "button" if asked and asked.is_template else "interactive"}
        names = ("ListId", "ListTitle") if kind == "list" else ("ButtonPayload", "ButtonText")
        fields |= dict(zip(names, (payload, title), strict=True))
        if asked:
            sender = self._works.settings.sender("whatsapp")
            fields["OriginalRepliedMessageSid"] = asked.sid
            fields["OriginalRepliedMessageSender"] = sender
        return self.say("whatsapp", person, title, extra=dict(extra) | fields)

    def redeliver(self, sid: str, *, times: int = 1) -> list[Outcome]:
        """Post an old webhook again, same identifiers, same token."""
        message = messages.get(self._works.store, sid)
        if message is None or not message.is_inbound:
            raise ApiError(20404, sid)
        return [self._works.webhooks.deliver(self._post(message)) for _ in range(times)]

    def _message(
        self, channel: str, person: str, body: str, extra: dict[str, str], media: tuple[str, ...]
    ) -> Message:
        parts = segments.count(body).segments if channel == "sms" else 1
        draft = Message(
            sid=messages.new_sid(media),
            direction=messages.INBOUND,
            sender=addresses.on(channel, person),
            recipient=self._works.settings.sender(channel),
            body=body,
            status="receiving",
            created_at=self._works.clock.now(),
            sent_at=self._works.clock.now(),
            segments=max(1, parts),
            media=media,
            token=new_idempotency_token(),
            params=tuple(extra.items()),
        )
        return messages.add(self._works.store, draft)

    def _before(self, message: Message) -> None:
        line = f"{_did(message)} “{message.body}”" if message.body else _did(message)
        self._works.events.add("person", line, at=message.created_at, person=message.person)
        if message.channel == "whatsapp":
            windows.restart(self._works.store, message.person, at=message.created_at)
            return
        sender, person = message.recipient, message.person
        heard = windows.hear(self._works.store, sender=sender, person=person, body=message.body)
        if heard:
            at = message.created_at
            self._works.events.add("carrier", f"carrier noted: {heard}", at=at, person=person)

    def _after(self, message: Message, outcome: Outcome) -> None:
        at, error = self._works.clock.now(), None
        if outcome.http_status not in OK:
            error = HTTP_RETRIEVAL_FAILURE if outcome.http_status else HTTP_CONNECTION_FAILURE
            windows.may_pass(self._works.store, message.recipient, message.person)
        messages.advance(self._works.store, message.sid, "received", at=at, error=error)
        line = f"not received ({error})" if error else "received"
        self._works.events.add("status", line, at=at, person=message.person, ok=not error)
        for text in [] if error else _twiml_messages(outcome.body):
            self._reply(message, text)

    def _reply(self, message: Message, text: str) -> None:
        form = MultiDict({"To": message.sender, "From": message.recipient, "Body": text})
        self._outbound.create(form, direction="outbound-reply")

    def _deliver_again(self, post: Post) -> None:
        self._works.webhooks.deliver(post)

    def _post(self, message: Message) -> Post:
        params = wire.inbound_params(message, self._works.settings, dict(message.params))
        for number, url in enumerate(message.media):
            params |= {f"MediaUrl{number}": url, f"MediaContentType{number}": "image/jpeg"}
        forged = bool(self._works.faults.take("forged_signature", message.person))
        url = self._works.settings.inbound_url
        return Post(url, params, message.token, message.person, is_forged=forged)

    def _choice(self, person: str, payload: str) -> tuple[Message | None, Choice]:
        for message in reversed(messages.to(self._works.store, person)):
            for choice in message.choices:
                if choice.id == payload:
                    return message, choice
        return None, Choice(payload, payload)


def location_fields(form: Mapping[str, object]) -> dict[str, str]:
    """The fields of a shared place, if one was given."""
    names = {"latitude": "Latitude", "longitude": "Longitude"}
    names |= {"address": "Address", "label": "Label"}
    given = {wire_name: str(form[name]) for name, wire_name in names.items() if form.get(name)}
    return given | {"MessageType": "location"} if given else {}


def _did(message: Message) -> str:
    fields = dict(message.params)
    if "ButtonPayload" in fields or "ListId" in fields:
        return "pressed"
    return "shared a place" if "Latitude" in fields else "wrote"


def _twiml_messages(body: str) -> list[str]:
    if "<Message" not in body:
        return []
    try:
        root = ET.fromstring(body)  # noqa: S314 - the product's own answer, on loopback
    except ET.ParseError:
        return []
    found = [element.findtext("Body") or element.text or "" for element in root.iter("Message")]
    return [text.strip() for text in found if text.strip()]
