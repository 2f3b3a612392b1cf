"""The links of text messages, opened and sent as a phone's browser would."""

import re
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from urllib.parse import urlencode

import urllib3

from tests.conversations.clinics import a_past_visit, ask
from tests.conversations.estates import own
from tests.people import DANLADI, MUSA, Person
from tests.stack import Stack
from workers import schedule

_LINK = re.compile(r"https?://\S+/f/[\w-]{36}")


@dataclass(frozen=True)
class Answer:
    """A page: its status, its words and how it was sent."""

    status: int
    body: str
    headers: dict[str, str]

    @property
    def words(self) -> str:
        """What one reads."""
        bare = re.sub(r"<(head|title).*?</\1>", " ", self.body, flags=re.DOTALL)
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", bare)).split())


def one_way(stack: Stack) -> None:
    """From now on text messages hear no answer."""
    stack.change(sms_two_way=False)


def link_to(stack: Stack, person: Person) -> str:
    """The link in the newest message this person has."""
    return _LINK.findall(stack.heard_by(person)[-1].body)[-1]


def visit_link(stack: Stack) -> str:
    """Musa booked by text message for Tuesday ten o'clock, and is reminded by one."""
    stack.register(MUSA, "Musa Bello")
    for words in ("book", "1", "any", "tuesday 10am", "yes"):
        stack.say(MUSA, words)
    one_way(stack)
    stack.later(timedelta(hours=25))
    return link_to(stack, MUSA)


def feedback_link(stack: Stack) -> str:
    """Musa was at Ikeja and is asked about it by text message."""
    stack.register(MUSA, "Musa Bello")
    a_past_visit(stack, MUSA)
    one_way(stack)
    ask(stack)
    return link_to(stack, MUSA)


def survey_link(stack: Stack) -> str:
    """An owner who only has a phone for text messages, asked about the quarter."""
    own(stack, DANLADI)
    one_way(stack)
    for job in ("survey", "owners"):
        schedule.run_now(stack.wiring, job)
        stack.work()
    return link_to(stack, DANLADI)


def opened(link: str) -> Answer:
    """The page behind it."""
    return _asked("GET", link)


def sent(link: str, **fields) -> Answer:
    """The page after its form was sent."""
    return _asked("POST", link, fields=fields)


def _asked(method: str, link: str, fields=None) -> Answer:
    body = urlencode(fields or {})
    kind = {"Content-Type": "application/x-www-form-urlencoded"} if method == "POST" else {}
    got = urllib3.request(method, link, body=body or None, headers=kind, retries=False)
    return Answer(got.status, got.data.decode(), dict(got.headers))
