"""The phone page, what a newcomer sees first: plain forms, and better with JavaScript."""

from collections.abc import Iterator
from threading import BoundedSemaphore
from time import monotonic

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Redirect

from bot.sandbox import messages, people, view
from bot.sandbox.door import sandbox
from bot.sandbox.events import EventLog
from bot.sandbox.people import BadPerson, Person

STREAMS, STREAM_LIFE_S, HEARTBEAT_S = 20, 240.0, 15.0
SIDE_BY_SIDE = 2
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
pages = Blueprint(
    "phone",
    __name__,
    template_folder="templates",
    static_folder="static",
    static_url_path="/phone/static",
)
streams = BoundedSemaphore(STREAMS)


@pages.after_request
def protect(response: Response) -> Response:
    """Allow this page its own files and nothing else."""
    response.headers["Content-Security-Policy"] = CSP
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers.setdefault("Cache-Control", "no-store")
    return response


@pages.get("/")
def root() -> Redirect:
    """Lead whoever comes to the phones."""
    return redirect(url_for("phone.show"))


@pages.get("/phone")
@pages.get("/phone/<person_id>")
def show(person_id: str | None = None) -> str:
    """Show a person's phone beside another one, and the log."""
    return _page(_person(person_id) if person_id else people.everyone(sandbox().store)[0])


@pages.post("/phone/<person_id>/say")
def say(person_id: str) -> Redirect:
    """Send what was typed."""
    person, body = _person(person_id), request.form.get("body", "")
    if body.strip():
        sandbox().say(person.channel, person.number, body)
    return _back(person_id)


@pages.post("/phone/<person_id>/press")
def press(person_id: str) -> Redirect:
    """Press a button or pick a row."""
    sandbox().press(_person(person_id).number, request.form["payload"])
    return _back(person_id)


@pages.post("/phone/<person_id>/forget")
def forget(person_id: str) -> Redirect:
    """Empty one phone."""
    person = _person(person_id)
    messages.forget(sandbox().store, person.number)
    sandbox().events.add(
        "phone", "thread forgotten", at=sandbox().clock.now(), person=person.number
    )
    return _back(person_id)


@pages.post("/phone/people")
def add_person() -> Redirect | tuple[str, int]:
    """Give somebody new a phone."""
    store, form = sandbox().store, request.form
    try:
        person = people.add(
            store, name=form["name"], number=form["number"], channel=form["channel"]
        )
    except BadPerson as bad:
        return _page(people.everyone(store)[0], problem=str(bad)), 422
    return _back(person.id)


@pages.post("/phone/faults")
def switch() -> Redirect:
    """Turn one switch on or off."""
    box, name = sandbox(), request.form["name"]
    value = next(value for known, value, _ in view.SWITCHES if known == name)
    is_on = box.faults.is_on(name)
    box.faults.set(name, value if not is_on else None)
    line = f"{name.replace('_', ' ')} {'off' if is_on else 'on'}"
    box.events.add("fault", line, at=box.clock.now())
    return _back(request.form.get("back", ""))


@pages.post("/phone/clock")
def clock() -> Redirect:
    """Let hours pass."""
    sandbox().move_clock(float(request.form["hours"]))
    return _back(request.form.get("back", ""))


@pages.get("/phone/live")
def live() -> Response:
    """Stream the numbers of new log lines; the page then fetches itself."""
    if not streams.acquire(blocking=False):
        return Response(status=503, headers={"Retry-After": "3"})
    after = request.args.get("after", 0, int)
    stream = Response(_news(sandbox().events, after), content_type="text/event-stream")
    stream.headers["Cache-Control"] = "no-cache, no-transform"
    stream.call_on_close(streams.release)
    return stream


def _news(events: EventLog, after: int) -> Iterator[str]:
    ends_at = monotonic() + STREAM_LIFE_S
    yield "retry: 3000\n\n"
    while monotonic() < ends_at and not events.is_closed:
        found = events.wait(after, timeout_s=HEARTBEAT_S)
        after = found[-1].id if found else after
        yield f"id: {after}\ndata: {after}\n\n" if found else ": still here\n\n"


def _page(person: Person, *, problem: str = "") -> str:
    box = sandbox()
    everyone = people.everyone(box.store)
    return render_template(
        "phone.html",
        people=everyone,
        selected=person,
        phones=[view.phone(box, one) for one in _side_by_side(everyone, person)],
        log=view.log(box),
        last=box.events.last(),
        switches=view.switches(box),
        clock=view.shown_time(box.clock.now()),
        offset_h=box.clock.offset_s / 3600,
        next_number=people.next_number(box.store),
        problem=problem,
        form=request.form,
    )


def _side_by_side(everyone: list[Person], person: Person) -> list[Person]:
    others = [one for one in everyone if one != person][: SIDE_BY_SIDE - 1]
    return [one for one in everyone if one == person or one in others]


def _person(person_id: str) -> Person:
    found = (one for one in people.everyone(sandbox().store) if one.id == person_id)
    return next(found, None) or abort(404)


def _back(person_id: str) -> Redirect:
    return redirect(url_for("phone.show", person_id=person_id or None), code=303)
