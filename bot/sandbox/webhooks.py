"""Posts to the product as the carrier does: signed, 15 seconds, tried again on failure."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urldefrag, urlencode, urlsplit
from uuid import uuid4

import urllib3
from twilio.request_validator import RequestValidator

from bot.sandbox.events import EventLog
from bot.sandbox.later import Later

RETRIES = 3
BACK_OFF_S = 0.5
TIMEOUT_S = 15.0
SERVER_ERROR = 500
WRONG_TOKEN = "0" * 32


@dataclass(frozen=True, slots=True)
class Post:
    """One webhook: where it goes, what it says, whose signature it bears."""

    url: str
    params: Mapping[str, str]
    idempotency_token: str
    person: str | None
    is_forged: bool = False

    @property
    def path(self) -> str:
        """The path alone, for the log."""
        return urlsplit(self.url).path


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the product answered last, and after how many tries."""

    http_status: int | None
    tries: int
    body: str = ""
    turn: str = ""
    """Where the talk went, when the product tells: only its demo does."""

    @property
    def is_final(self) -> bool:
        """Whether the carrier would leave it at that."""
        answered = self.http_status is not None and self.http_status < SERVER_ERROR
        return answered or self.tries > RETRIES


class Webhooks:
    """The carrier's way to the product."""

    def __init__(
        self, token: str, events: EventLog, later: Later, *, pace: float, now: Callable[[], float]
    ) -> None:
        """Keep a pool of connections and the account's token."""
        self._validator = RequestValidator(token)
        self._forger = RequestValidator(WRONG_TOKEN)
        self._events, self._later, self._pace, self._now = events, later, pace, now
        self._pool = urllib3.PoolManager(maxsize=16, retries=False, timeout=TIMEOUT_S)

    def deliver(self, post: Post) -> Outcome:
        """Post and try again here and now until the carrier would give up."""
        outcome = self._attempt(post, 1)
        while not outcome.is_final:
            time.sleep(self._pause(outcome.tries))
            outcome = self._attempt(post, outcome.tries + 1)
        return outcome

    def send(self, post: Post, tries: int = 0) -> Outcome:
        """Post once; further tries happen later, behind the caller's back."""
        outcome = self._attempt(post, tries + 1)
        if not outcome.is_final:
            again = self._pause(outcome.tries)
            self._later.do(lambda: self._again(post, outcome.tries), after_s=again)
        return outcome

    def call(self, url: str, document: Mapping[str, object]) -> int | None:
        """Post plain JSON, unsigned, to one of the product's demo switches."""
        try:
            return self._pool.request("POST", url, json=document, redirect=False).status
        except urllib3.exceptions.HTTPError:
            return None

    def _again(self, post: Post, tries: int) -> None:
        self.send(post, tries)

    def _pause(self, tries: int) -> float:
        return BACK_OFF_S * self._pace * float(2 ** (tries - 1)) + 0.01

    def _attempt(self, post: Post, number: int) -> Outcome:
        started = time.perf_counter()
        try:
            answer = self._pool.request(
                "POST",
                urldefrag(post.url).url,
                body=urlencode(post.params),
                headers=self._headers(post),
                redirect=False,
            )
            outcome = Outcome(
                answer.status,
                number,
                answer.data.decode("utf-8", "replace"),
                answer.headers.get("X-Turn", ""),
            )
        except urllib3.exceptions.HTTPError:
            outcome = Outcome(None, number)
        self._log(post, outcome, took_ms=(time.perf_counter() - started) * 1000)
        return outcome

    def _headers(self, post: Post) -> dict[str, str]:
        validator = self._forger if post.is_forged else self._validator
        signature = validator.compute_signature(urldefrag(post.url).url, dict(post.params))
        return {
            "User-Agent": "TwilioProxy/1.1",
            "Accept": "*/*",
            "Content-Type": "application/x-www-form-urlencoded",
            "I-Twilio-Idempotency-Token": post.idempotency_token,
            "X-Home-Region": "us1",
            "X-Twilio-Signature": signature,
        }

    def _log(self, post: Post, outcome: Outcome, *, took_ms: float) -> None:
        said = outcome.http_status or "no answer"
        signature = "forged signature" if post.is_forged else "signed"
        self._events.add(
            "webhook",
            f"POST {post.path} {post.params.get('MessageStatus', '')}".strip(),
            at=self._now(),
            person=post.person,
            answer=f"{signature}, {said}, {took_ms:.0f} ms",
            attempt=outcome.tries,
            sid=post.params.get("MessageSid", ""),
            ok=bool(outcome.http_status and outcome.http_status < 400),  # noqa: PLR2004 - HTTP errors begin there
        )
        if outcome.turn:
            self._events.add("talk", outcome.turn, at=self._now(), person=post.person)


def new_idempotency_token() -> str:
    """Draw a token that stays the same over all tries of one webhook."""
    return str(uuid4())
