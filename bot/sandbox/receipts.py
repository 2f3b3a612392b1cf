"""What becomes of an accepted message, and the status callbacks that tell of it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from bot.sandbox import messages, wire
from bot.sandbox.messages import Message
from bot.sandbox.webhooks import Post, new_idempotency_token
from bot.sandbox.works import Works

Step = tuple[str, float]  # a status and the seconds before it

SENT, DELIVERED, READ = ("sent", 0.4), ("delivered", 0.8), ("read", 1.6)
FAILED, UNDELIVERED = ("failed", 0.4), ("undelivered", 0.8)
# The channel turns these away before anything is sent.
NEVER_SENT = frozenset({63013, 63016, 63021, 63028})


class Receipts:
    """Walks each message through its statuses, in the order and at the pace of real life."""

    def __init__(self, works: Works) -> None:
        """Share the parts of one sandbox."""
        self._works = works

    def begin(self, message: Message, *, error: int | None = None) -> None:
        """Start a message on its way."""
        steps = _steps(message, error)
        person, message = message.person, replace(message, error_code=error)
        late_s = float(cast("float", self._works.faults.take("late_receipts", person) or 0))
        if self._works.faults.take("no_receipts", person):
            steps, message = steps[:1], replace(message, callback=None)
        walk = self._walk
        if self._works.faults.take("reordered_receipts", person):
            walk = self._walk_backwards
        pause = steps[0][1] * self._works.settings.pace + late_s
        self._works.later.do(lambda: walk(message, steps), after_s=pause)

    def _walk(self, message: Message, steps: Sequence[Step]) -> None:
        (status, _), *rest = steps
        self._advance(message, status)
        self._tell(message, status)
        if rest:
            pause = rest[0][1] * self._works.settings.pace
            self._works.later.do(lambda: self._walk(message, rest), after_s=pause)

    def _walk_backwards(self, message: Message, steps: Sequence[Step]) -> None:
        for status, _ in steps:
            self._advance(message, status)
        for status, _ in reversed(steps):
            self._tell(message, status)

    def _advance(self, message: Message, status: str) -> None:
        error = message.error_code if status in ("failed", "undelivered") else None
        at = self._works.clock.now()
        messages.advance(self._works.store, message.sid, status, at=at, error=error)
        self._works.events.add(
            "status",
            f"{status}{f' ({error})' if error else ''}",
            at=at,
            person=message.person,
            sid=message.sid,
            ok=error is None,
        )

    def _tell(self, message: Message, status: str) -> None:
        if not message.callback:
            return
        told = replace(message, updated_at=self._works.clock.now())
        params = wire.receipt_params(told, status, self._works.settings)
        post = Post(message.callback, params, new_idempotency_token(), message.person)
        self._works.webhooks.send(post)
        if self._works.faults.take("duplicate_receipts", message.person):
            self._works.webhooks.send(post)


def _steps(message: Message, error: int | None) -> list[Step]:
    if error in NEVER_SENT:
        return [FAILED]
    if error:
        return [SENT, UNDELIVERED] if message.channel == "sms" else [UNDELIVERED]
    return [SENT, DELIVERED, READ] if message.channel == "whatsapp" else [SENT, DELIVERED]
