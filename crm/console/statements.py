"""An owner's statement for whoever holds its link: it shows, changes nothing, and ends."""

from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, Response, abort, current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.texts import FIRST
from bot.wiring import Wiring
from crm import audit, payouts
from crm.audit import Act
from crm.console.drawing import draw_in, explain_dead_links
from crm.kit.errors import NotFound
from crm.kit.permissions import Actor, Scope
from crm.models import Owner, Payout
from crm.payouts import statements
from crm.payouts.statements import Statement

pages = Blueprint("statements", __name__, template_folder="templates")
explain_dead_links(pages)


@pages.get("/statements/<token>.pdf")
def show(token: str) -> Response:
    """The statement as a PDF; 404 for a link we did not make, 410 for one that has ended."""
    wiring: Wiring = current_app.extensions["wiring"]
    link = wiring.links.read_statement(token) or abort(404)
    if link.until <= wiring.now():
        return _over(wiring, link.id)
    with wiring.transaction() as session:
        statement = _statement(session, link.id)
        act = Act(
            actor=Actor.nobody(), action="statements.link", entity="payout", entity_id=link.id
        )
        audit.record(session, act, now=wiring.now())
    return _drawn(statement)


def _over(wiring: Wiring, payout_id: UUID) -> Response:
    """How to get another one, in the owner's language."""
    of_owner = (
        select(Owner.language)
        .join(Payout, Payout.owner_id == Owner.id)
        .where(Payout.id == payout_id)
    )
    with wiring.transaction() as session:
        language = session.scalar(of_owner) or FIRST
    return draw_in(language, "statement_page", "statement_ended.html", HTTPStatus.GONE)


def _statement(session: Session, payout_id: UUID) -> Statement:
    """What its owner may see; rejected or cancelled meanwhile, it is the house's affair."""
    payout = session.get(Payout, payout_id) or abort(404)
    try:
        payouts.get(session, payout.id, scope=Scope(frozenset(), owner_id=payout.owner_id))
    except NotFound:
        abort(404)
    return statements.build(session, payout)


def _drawn(statement: Statement) -> Response:
    from crm.payouts.statements.pdf import pdf  # noqa: PLC0415 -- half a second, when first asked

    answer = Response(pdf(statement), content_type="application/pdf")
    answer.headers["Content-Disposition"] = f'inline; filename="{statement.reference}.pdf"'
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer
