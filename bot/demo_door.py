"""What only the demo has: the way to the phone page, and a clock one can move."""

from datetime import timedelta

from flask import Blueprint, Response, abort, current_app, jsonify, redirect, request
from structlog.contextvars import get_contextvars
from werkzeug.wrappers import Response as AnyResponse

from bot.wiring import Wiring
from crm.kit.clock import DemoClock
from workers.schedule.runs import RUN_SLOT

pages = Blueprint("demo", __name__)

_LONGEST_MOVE_H = 24 * 60
_TIMERS = ("holds", "reminders")


@pages.get("/")
@pages.get("/phone")
def phone() -> AnyResponse:
    """To the phones of the sandbox, which is another process."""
    wiring: Wiring = current_app.extensions["wiring"]
    if wiring.settings.twilio_base_url is None:
        abort(404)
    return redirect(f"{wiring.settings.twilio_base_url}/phone")


@pages.after_app_request
def tell_the_turn(response: Response) -> Response:
    """Where the talk went, for the log beside the phones."""
    turn = get_contextvars().get("turn")
    if turn:
        response.headers["X-Turn"] = turn
    return response


@pages.post("/demo/clock")
def move_clock() -> Response:
    """Move the demo's clock ahead, and let what fell due in between happen now."""
    wiring: Wiring = current_app.extensions["wiring"]
    if not isinstance(wiring.clock, DemoClock) or wiring.settings.environment != "demo":
        abort(404)
    hours = float((request.get_json(silent=True) or {}).get("hours", 0))
    if not 0 < hours <= _LONGEST_MOVE_H:
        abort(422)
    wiring.clock.move(timedelta(hours=hours))
    for timer in _TIMERS:
        wiring.jobs.enqueue("utility", RUN_SLOT, timer, wiring.now().isoformat())
    return jsonify(now=wiring.now().isoformat())
