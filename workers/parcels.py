"""Parcels: a message opened and rendered for its channel, just before it leaves."""

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, select

from bot.channels.capabilities import capabilities_of, numbered, render
from bot.channels.carrier import Channel, NotSent, Parcel, Refused
from bot.channels.content import template_variables
from bot.channels.errors import WINDOW_CLOSED, explain
from bot.wiring import Wiring
from crm import outbox
from crm.models import CarrierContent, Purpose
from crm.outbox import Body, Claimed

_READ_AGAIN_S = 30.0


class _Shown(NamedTuple):
    """A message in the form its channel shows; `text` says the same where there is a content."""

    text: str
    content_sid: str | None = None
    variables: Mapping[str, str] | None = None


def pack(wiring: Wiring, message: Claimed) -> Parcel:
    """The parcel of a claimed message. Raises Refused, NotSent or CannotOpen."""
    to = wiring.vault.open(message.value_sealed, where="addresses.value", row=message.address_id)
    body = outbox.unseal(wiring.vault, message.body_sealed, row=message.id)
    shown = (_as_template if message.must_use_template else _as_written)(wiring, message, body)
    parcel = Parcel(message.id, message.n, message.channel, to, *shown)
    if message.channel is not Channel.EMAIL:
        return parcel
    url = wiring.links.unsubscribe(message.address_id)
    is_marketing = message.purpose is Purpose.MARKETING
    return replace(parcel, subject=body.subject, unsubscribe_url=url if is_marketing else None)


def _as_written(wiring: Wiring, message: Claimed, body: Body) -> _Shown:
    options = body.options
    can = capabilities_of(message.channel, sms_two_way=wiring.settings.sms_two_way)
    word = body.button_word or "Choose"
    shown = render(body.text, options, channel=message.channel, can=can, button_word=word)
    if shown.shape is None:
        return _Shown(shown.text)
    if sid := _content_sid(wiring, shown.shape):
        return _Shown(shown.text, sid, shown.variables)
    # The carrier does not know this shape of ours: the numbered form says the same.
    return _Shown(numbered(body.text, options))


def _as_template(wiring: Wiring, _message: Claimed, body: Body) -> _Shown:
    if body.template is None:
        raise Refused(WINDOW_CLOSED, explain(WINDOW_CLOSED).words)
    sid = _content_sid(wiring, body.template.name)
    if sid is None:
        raise NotSent(f"the carrier does not know our template {body.template.name} yet")
    return _Shown(body.text, sid, template_variables(body.template.variables))


# -- contents -------------------------------------------------------------------------------------


class _Shelf:
    """The carrier's ids of our contents, by name."""

    def __init__(self) -> None:
        """Empty, and due to be read."""
        self.sids: dict[str, str] = {}
        self.read_at = float("-inf")


_shelves: WeakKeyDictionary[Engine, _Shelf] = WeakKeyDictionary()


def _content_sid(wiring: Wiring, name: str) -> str | None:
    """The carrier's id of a content; read once per process, and again while one is missing."""
    shelf = _shelves.setdefault(wiring.engine, _Shelf())
    if name not in shelf.sids and time.monotonic() > shelf.read_at + _READ_AGAIN_S:
        shelf.sids, shelf.read_at = _read_contents(wiring), time.monotonic()
    return shelf.sids.get(name)


def _read_contents(wiring: Wiring) -> dict[str, str]:
    ours = CarrierContent.account == wiring.settings.twilio_account_sid
    query = select(CarrierContent.name, CarrierContent.content_sid).where(ours)
    with wiring.sessions() as session:
        return dict(session.execute(query).all())
