"""Trying a channel: one message to a tester, and the carrier's word on it within seconds."""

import time
from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints
from sqlalchemy import Row, select

from bot.channels.carrier import Channel
from bot.channels.errors import explain
from bot.config import Settings
from crm import communications, gate, outbox, templates
from crm.api.kit import Body, Out, call
from crm.api.kit.fields import Code
from crm.api.message_shapes import Variables
from crm.communications import Trial
from crm.kit import phones
from crm.kit.errors import Invalid
from crm.models import CarrierContent, Message, MessageStatus, Purpose
from crm.templates import Rendered

_Row = Row[*tuple[Any, ...]]

_PAUSE_S = 0.05
_BAD_CREDENTIALS = {20003, 20005, 401, 403}
_TAKEN = {
    MessageStatus.ACCEPTED,
    MessageStatus.SENT,
    MessageStatus.DELIVERED,
    MessageStatus.READ,
}
_WAITING = {MessageStatus.QUEUED, MessageStatus.SENDING}
_HELLO = "This is a test of {channel} by GrandPro. Nothing to do."


class TrialBody(Body):
    """What to try, and on whom; `wait_s` is how long to wait for the carrier's word."""

    channel: Channel
    to: Annotated[str, StringConstraints(min_length=3, max_length=254)]
    template_code: Code | None = None
    body: str | None = Field(default=None, min_length=1, max_length=1_600)
    subject: str = Field(default="", max_length=200)
    variables: Variables = Field(default_factory=dict)
    dry_run: bool = False
    wait_s: float = Field(default=3.0, ge=0, le=10)


class ChecksOut(Out):
    """What must be right; null is not known, or not asked on this channel."""

    credentials: bool
    sender: bool
    template: bool | None
    webhook: bool
    window: bool | None


class TrialOut(Out):
    """How it went; `ok` is null while the carrier has not spoken."""

    ok: bool | None
    provider: str
    message_id: UUID | None
    status: MessageStatus | None
    error_code: int | None
    reason: str | None
    latency_ms: int | None
    rendered: str
    segments: int
    checks: ChecksOut


def try_channel(given: TrialBody) -> TrialOut:
    """Send it in a transaction of its own, and look what became of it until time is up."""
    value = _value(given)
    communications.check_tester(
        call.session, value, testers=_testers(), by=call.actor, now=call.now
    )
    trial = _trial(given)
    began = time.monotonic()
    message_id = None
    if not given.dry_run:
        with call.wiring.transaction() as session:
            message_id = communications.try_channel(
                session, given.channel, value, trial, by=call.actor, now=call.now
            )
    row = _wait(message_id, until=began + given.wait_s) if message_id else None
    took_ms = round((time.monotonic() - began) * 1000)
    checks = _checks(given.channel, value, trial, row)
    return TrialOut(
        ok=_is_ok(checks, row),
        provider="sendgrid" if given.channel is Channel.EMAIL else "twilio",
        message_id=message_id,
        status=row.status if row else None,
        error_code=row.error_code if row else None,
        reason=_reason(row),
        latency_ms=took_ms if row and row.status not in _WAITING else None,
        rendered=trial.rendered.text,
        segments=trial.rendered.segments_on(given.channel),
        checks=checks,
    )


def _testers() -> list[str]:
    """The setting's addresses as they are compared."""
    return [_spelt(each) for each in call.wiring.settings.test_recipients]


def _value(given: TrialBody) -> str:
    if not communications.is_for(given.channel, given.to):
        raise Invalid("to", f"Not an address of {given.channel}.")
    return _spelt(given.to)


def _spelt(value: str) -> str:
    return value.lower() if "@" in value else phones.parse(value).e164


def _trial(given: TrialBody) -> Trial:
    if given.template_code is None:
        text = given.body or _HELLO.format(channel=given.channel)
        subject = (given.subject or "A test") if given.channel is Channel.EMAIL else ""
        return Trial(Rendered(subject, text, ()))
    texts = templates.in_use(call.session, [given.template_code]).get(given.template_code)
    found = texts.of(given.channel, templates.ENGLISH) if texts else None
    if found is None:
        raise templates.NotApproved(f"{given.template_code} is not approved for {given.channel}.")
    template, version = found
    examples = {each["name"]: each["example"] for each in version.variables}
    rendered = templates.render(version, examples | given.variables)
    if given.channel is not Channel.WHATSAPP:
        return Trial(rendered, None, version.id)
    content = outbox.Template(templates.content_name(template, version), rendered.values)
    return Trial(rendered, content, version.id)


def _wait(message_id: UUID, *, until: float) -> _Row:
    """The message as it stands when the carrier has spoken, or when time is up."""
    query = select(Message.status, Message.error_code, Message.reason)
    while True:
        with call.wiring.sessions() as session:
            row = session.execute(query.where(Message.id == message_id)).one()
        if row.status not in _WAITING or time.monotonic() >= until:
            return row
        time.sleep(_PAUSE_S)


def _checks(channel: Channel, value: str, trial: Trial, row: _Row | None) -> ChecksOut:
    settings = call.wiring.settings
    is_refused = row is not None and row.error_code in _BAD_CREDENTIALS
    return ChecksOut(
        credentials=bool(_credentials(settings)[channel]) and not is_refused,
        sender=bool(_senders(settings)[channel]),
        template=_is_known(trial) if trial.content else None,
        webhook=settings.environment != "production"
        or settings.public_base_url.startswith("https://"),
        window=_is_open(value, trial) if channel is Channel.WHATSAPP else None,
    )


def _credentials(settings: Settings) -> Mapping[Channel, str]:
    phone = settings.twilio_account_sid and settings.twilio_auth_token
    return {
        Channel.SMS: phone,
        Channel.WHATSAPP: phone,
        Channel.EMAIL: settings.sendgrid_api_key,
    }


def _senders(settings: Settings) -> Mapping[Channel, str]:
    return {
        Channel.SMS: settings.twilio_phone_number,
        Channel.WHATSAPP: settings.twilio_whatsapp_number,
        Channel.EMAIL: settings.sendgrid_from_email,
    }


def _is_known(trial: Trial) -> bool:
    """True when the carrier has this version's content."""
    assert trial.content is not None  # noqa: S101 -- asked only then
    query = select(CarrierContent.content_sid).where(
        CarrierContent.account == call.wiring.settings.twilio_account_sid,
        CarrierContent.name == trial.content.name,
    )
    return call.session.scalar(query) is not None


def _is_open(value: str, trial: Trial) -> bool:
    """True when WhatsApp would take the words: in its window, or as a template."""
    facts = communications.facts_of_address(call.session, Channel.WHATSAPP, value)
    answer = gate.verdict(facts, purpose=Purpose.ALERT, now=call.now)
    return trial.content is not None or not answer.must_use_template


def _is_ok(checks: ChecksOut, row: _Row | None) -> bool | None:
    is_set_up = all(each is not False for each in checks.model_dump().values())
    if row is None or not is_set_up:
        return is_set_up
    return None if row.status in _WAITING else row.status in _TAKEN


def _reason(row: _Row | None) -> str | None:
    if row is None:
        return None
    reason: str | None = row.reason or (explain(row.error_code).words if row.error_code else None)
    return reason
