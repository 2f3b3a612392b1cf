"""Pages for whoever holds a link: drawn in one dress, kept by nobody, and a word for dead links."""

from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request
from werkzeug.exceptions import HTTPException

from bot.channels.carrier import Channel
from bot.texts import FIRST, say, spoken, spoken_to

_POLICY = (
    "default-src 'none'; style-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)


def draw(template: str, status: int = HTTPStatus.OK, **facts: Any) -> Response:
    """The page of a template, which may load its style and send its forms, and nothing else."""
    answer = make_response(render_template(template, **facts), status)
    answer.headers["Content-Security-Policy"] = _POLICY
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


def draw_in(language: str, section: str, template: str, status: int, **facts: Any) -> Response:
    """A page that says the texts of a section, in English where the language is not spoken."""
    spoken = spoken_to(language)

    def words(key: str) -> str:
        return say(section, key, spoken, Channel.WHATSAPP)

    return draw(template, status, words=words, language=spoken, **facts)


def explain_dead_links(pages: Blueprint) -> None:
    """Where a link was not made by us, or its matter is gone, say so to a person."""
    for status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
        pages.register_error_handler(status, _lost)


def _lost(error: HTTPException) -> Response:
    # Of a dead link we know nobody's language: the browser's comes nearest.
    language = request.accept_languages.best_match(spoken(), FIRST)
    return draw_in(language, "lost_page", "lost.html", error.code or HTTPStatus.NOT_FOUND)
