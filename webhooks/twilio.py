"""Twilio's inbound webhook: SMS, WhatsApp, buttons, lists, places, media.

Parameters: https://www.twilio.com/docs/messaging/guides/webhook-request. Twilio waits 15 s and
may bring the same message again; unknown parameters are ignored.
"""

from collections.abc import Mapping
from contextlib import suppress
from time import perf_counter

import structlog
from flask import Blueprint, Response, current_app, request
from psycopg import Error as DatabaseError
from redis import RedisError
from sqlalchemy.exc import DBAPIError, OperationalError

from bot import metrics
from bot.channels.carrier import Channel
from bot.wiring import Wiring
from conversations import engine, unanswered
from conversations.engine import House
from conversations.said import Said
from webhooks.signatures import signed_by_twilio

log = structlog.get_logger()
inbound_door = Blueprint("twilio_inbound", __name__)

PROVIDER = "twilio"
_WHATSAPP = "whatsapp:"
_EMPTY_TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response/>'


@inbound_door.post("/webhooks/twilio/inbound")
@signed_by_twilio
def inbound() -> Response:
    """Take one message in and answer it through the outbox; 503 asks the carrier to come again."""
    started = perf_counter()
    wiring: Wiring = current_app.extensions["wiring"]
    said = read(request.form)
    try:
        outcome = _take_in(wiring, said)
    except (DBAPIError, DatabaseError) as error:
        log.warning("inbound.database_away", error=type(error).__name__)
        return Response(status=503, headers={"Retry-After": "2"})
    metrics.of(metrics.turns_total, said.channel, outcome).inc()
    metrics.of(metrics.turn_seconds, said.channel).observe(perf_counter() - started)
    return Response(_EMPTY_TWIML, mimetype="text/xml")


def read(form: Mapping[str, str]) -> Said:
    """What was said, from the carrier's form."""
    sender = form.get("From", "")
    is_whatsapp = sender.startswith(_WHATSAPP)
    return Said(
        provider=PROVIDER,
        provider_id=form.get("MessageSid", ""),
        channel=Channel.WHATSAPP if is_whatsapp else Channel.SMS,
        sender=sender.removeprefix(_WHATSAPP),
        text=form.get("Body", "")[:_LONGEST],
        payload=form.get("ButtonPayload") or form.get("ListId") or "",
        media=_media(form),
        name=form.get("ProfileName", "")[:_LONGEST_NAME],
        opt_out=form.get("OptOutType", ""),
    )


_LONGEST = 1600
_LONGEST_NAME = 80


def _media(form: Mapping[str, str]) -> str:
    if "Latitude" in form:
        return "location"
    return form.get("MediaContentType0", "") if form.get("NumMedia", "0") != "0" else ""


def _take_in(wiring: Wiring, said: Said) -> str:
    """Answer now, or keep it for the worker that answers what failed. Returns which."""
    if not said.provider_id or not said.is_from_a_person:
        return "ignored"
    try:
        return _answer_or_keep(wiring, said)
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
    # The pool's connections had died with a restart of the server; all of the pool is new now.
    return _answer_or_keep(wiring, said)


def _answer_or_keep(wiring: Wiring, said: Said) -> str:
    try:
        return _turn(wiring, said)
    except Exception as error:
        if _is_away(error):
            raise
        log.exception("turn.failed", provider_id=said.provider_id)
        return _keep(wiring, said)


def _is_away(error: Exception) -> bool:
    """True when there is no database to keep anything in: the carrier must come again."""
    return isinstance(error, OperationalError) and (
        error.connection_invalidated or getattr(error.orig, "sqlstate", None) is None
    )


def _turn(wiring: Wiring, said: Said) -> str:
    with wiring.transaction() as session:
        house = House.of(wiring)
        reply = engine.take_turn(session, said, house, now=wiring.now())
    return "answered" if reply else "silent"


def _keep(wiring: Wiring, said: Said) -> str:
    with wiring.transaction() as session:
        unanswered.keep(session, said, now=wiring.now())
    if said.channel is Channel.WHATSAPP and wiring.settings.typing_indicator:
        with suppress(RedisError):
            wiring.jobs.enqueue("urgent", "workers.typing.show", said.provider_id)
    return "kept"
