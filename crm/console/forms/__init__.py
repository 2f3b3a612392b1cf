"""Forms behind the short links of text messages that hear no answer.

A GET only shows, however often it is fetched; a POST answers, through the same operations as the
talks. Whoever holds the link sees what its message said, and no more.
"""

from collections.abc import Callable, Mapping

from flask import Blueprint, Response, abort, current_app, request
from sqlalchemy.orm import Session

from bot.channels.carrier import Channel
from bot.texts import say, spoken_to
from bot.wiring import Wiring
from crm.console.drawing import draw, explain_dead_links
from crm.console.forms import feedback, reminder, survey, waitlist
from crm.console.forms.shown import Asked, Page
from crm.kit.tokens import FormLink

pages = Blueprint(
    "forms",
    __name__,
    template_folder="../templates",
    static_folder="../static",
    static_url_path="/static",
)

_ANSWERED: Mapping[str, Callable[[Session, Asked], Page]] = {
    "reminder": reminder.page,
    "feedback": feedback.page,
    "survey": survey.page,
    "waitlist": waitlist.page,
}
explain_dead_links(pages)


@pages.get("/f/<token>")
def show(token: str) -> Response:
    """The form as it stands; 404 for a link we did not make."""
    return _answered(_link(token), {})


@pages.post("/f/<token>")
def take(token: str) -> Response:
    """Take an answer, once."""
    given = {name: request.form.getlist(name) for name in request.form}
    return _answered(_link(token), given or {"": [""]})


def _link(token: str) -> FormLink:
    return _wiring().links.read_form(token) or abort(404)


def _answered(link: FormLink, given: Mapping[str, list[str]]) -> Response:
    wiring = _wiring()
    with wiring.transaction() as session:
        page = _ANSWERED[link.kind](session, Asked(link.about, given, wiring.now()))
    return _drawn(link.kind, page)


def _drawn(kind: str, page: Page) -> Response:
    language = spoken_to(page.language)

    def words(key: str, section: str = "form", **facts: object) -> str:
        return say(section, key, language, Channel.WHATSAPP, **(page.facts | facts))

    return draw(
        f"forms/{page.template}.html",
        page.status,
        page=page,
        kind=kind,
        words=words,
        language=language,
    )


def _wiring() -> Wiring:
    wiring: Wiring = current_app.extensions["wiring"]
    return wiring
