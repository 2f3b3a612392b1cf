"""Where an e-mail's unsubscribe link leads: a GET only shows, a POST does it.

Mail programs fetch links to look behind them, so the page asks first. Providers that offer a
button of their own post ``List-Unsubscribe=One-Click`` straight to the link (RFC 8058).
"""

from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, Response, abort, current_app

from bot.wiring import Wiring
from crm import consents, patients
from crm.console.drawing import draw_in, explain_dead_links

pages = Blueprint("unsubscribe", __name__, template_folder="templates")
explain_dead_links(pages)

_WORDING = "unsubscribe-2026-11"


@pages.get("/unsubscribe/<token>")
def ask(token: str) -> Response:
    """Ask whether to stop; 404 for a link we did not make."""
    address_id = _address(token)
    with _wiring().transaction() as session:
        language = patients.language_of(session, address_id)
    return _page(language, is_done=False)


@pages.post("/unsubscribe/<token>")
def stop(token: str) -> Response:
    """Take marketing back at this address; said twice, it is done once."""
    address_id, wiring = _address(token), _wiring()
    with wiring.transaction() as session:
        consents.withdraw_marketing(
            session, {address_id}, wording=_WORDING, source="unsubscribe link", now=wiring.now()
        )
        language = patients.language_of(session, address_id)
    return _page(language, is_done=True)


def _page(language: str, *, is_done: bool) -> Response:
    facts = {"is_done": is_done}
    return draw_in(language, "unsubscribe_page", "unsubscribe.html", HTTPStatus.OK, **facts)


def _address(token: str) -> UUID:
    return _wiring().links.read_unsubscribe(token) or abort(404)


def _wiring() -> Wiring:
    wiring: Wiring = current_app.extensions["wiring"]
    return wiring
