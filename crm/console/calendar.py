"""A visit as a calendar file, for whoever holds its link."""

from flask import Blueprint, Response, abort, current_app

from bot.wiring import Wiring
from crm import appointments
from crm.console.drawing import explain_dead_links

pages = Blueprint("calendar", __name__, template_folder="templates")
explain_dead_links(pages)


@pages.get("/calendar/<token>.ics")
def calendar_file(token: str) -> Response:
    """The visit in RFC 5545 form; 404 for a link we did not make."""
    wiring: Wiring = current_app.extensions["wiring"]
    visit_id = wiring.links.read_calendar(token)
    with wiring.transaction() as session:
        visit = appointments.view(session, visit_id) if visit_id else None
        if visit is None:
            abort(404)
        body = appointments.calendar_file(visit)
    return Response(body, mimetype="text/calendar")
