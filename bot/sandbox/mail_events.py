"""Posts e-mail events to the product in batches, signed as SendGrid signs them."""

import json
from base64 import b64encode
from dataclasses import dataclass
from threading import Lock

import urllib3
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from bot.demo_values import mail_event_key
from bot.sandbox.mails import Mail
from bot.sandbox.works import Works

BATCH_S = 0.3
RETRIES = 3
BACK_OFF_S = 1.0
TIMEOUT_S = 15.0
ONE_CLICK = b"List-Unsubscribe=One-Click"
WRONG_KEY = "somebody else's"


@dataclass(frozen=True, slots=True)
class Batch:
    """Some events as they travel; every try has the same bytes."""

    body: bytes
    size: int
    is_forged: bool


class EventPost:
    """Gathers events for a moment, then posts them together."""

    def __init__(self, works: Works) -> None:
        """Keep the account's signing key and a pool of connections."""
        self._works = works
        self._key = mail_event_key(works.settings.mail_api_key)
        self._forger = mail_event_key(WRONG_KEY)
        self._waiting: list[dict[str, object]] = []
        self._is_posting = False
        self._lock = Lock()
        self._pool = urllib3.PoolManager(maxsize=4, retries=False, timeout=TIMEOUT_S)

    def add(self, event: dict[str, object], mail: Mail) -> None:
        """Let an event travel with the next batch."""
        is_twice = bool(self._works.faults.take("duplicate_receipts", mail.recipient))
        with self._lock:
            self._waiting += [event, event] if is_twice else [event]
            must_start, self._is_posting = not self._is_posting, True
        if must_start:
            after_s = BATCH_S * self._works.settings.pace
            self._works.later.do(self._post_all, after_s=after_s)

    def one_click(self, url: str) -> int | None:
        """Post what a mail program posts; only to the product itself."""
        if not url.startswith(self._works.settings.product_url.rstrip("/") + "/"):
            return None
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._send(url, ONE_CLICK, form)

    def _post_all(self) -> None:
        """One batch after the other, so that they arrive in order unless one must come again."""
        while events := self._next():
            forged = bool(self._works.faults.take("forged_signature"))
            self._try(Batch(_written(events), len(events), forged), 1)

    def _next(self) -> list[dict[str, object]]:
        with self._lock:
            events, self._waiting = self._waiting, []
            self._is_posting = bool(events)
            return events

    def _try(self, batch: Batch, number: int) -> None:
        status = self._send(self._works.settings.mail_events_url, batch.body, self._headers(batch))
        is_taken = status is not None and 200 <= status < 300  # noqa: PLR2004 - HTTP's
        self._log(batch, status, number, is_taken=is_taken)
        if not is_taken and number <= RETRIES:
            pause = BACK_OFF_S * self._works.settings.pace * 2 ** (number - 1) + 0.01
            self._works.later.do(lambda: self._try(batch, number + 1), after_s=pause)

    def _send(self, url: str, body: bytes, headers: dict[str, str]) -> int | None:
        try:
            answer = self._pool.request("POST", url, body=body, headers=headers, redirect=False)
        except urllib3.exceptions.HTTPError:
            return None
        return int(answer.status)

    def _headers(self, batch: Batch) -> dict[str, str]:
        timestamp = str(int(self._works.clock.now()))
        key = self._forger if batch.is_forged else self._key
        signature = key.sign(timestamp.encode() + batch.body, ec.ECDSA(hashes.SHA256()))
        return {
            "User-Agent": "SendGrid Event API",
            "Content-Type": "application/json",
            "X-Twilio-Email-Event-Webhook-Signature": b64encode(signature).decode(),
            "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
        }

    def _log(self, batch: Batch, status: int | None, number: int, *, is_taken: bool) -> None:
        signature = "forged signature" if batch.is_forged else "signed"
        self._works.events.add(
            "webhook",
            f"POST e-mail events: {batch.size}",
            at=self._works.clock.now(),
            answer=f"{signature}, {status or 'no answer'}",
            attempt=number,
            ok=is_taken,
        )


def _written(events: list[dict[str, object]]) -> bytes:
    """The vendor's own spelling: a line break after each event, which re-serialising loses."""
    lines = [json.dumps(event, separators=(",", ":")) for event in events]
    return ("[" + ",\r\n".join(lines) + "]\r\n").encode()
