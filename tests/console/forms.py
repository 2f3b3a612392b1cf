"""The links of text messages, opened and sent as a phone's browser would."""

import re
from dataclasses import dataclass
from html import unescape
from urllib.parse import urlencode

import urllib3

from tests.people import Person
from tests.stack import Stack

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
