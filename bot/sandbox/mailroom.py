"""What becomes of an accepted e-mail, and the events that tell of it."""

from collections.abc import Sequence
from dataclasses import replace
from secrets import token_urlsafe
from typing import cast

from bot.sandbox import mails
from bot.sandbox.mail_events import EventPost
from bot.sandbox.mails import Mail
from bot.sandbox.works import Works

Step = tuple[str, float]  # an event and the seconds before it
Facts = dict[str, object]

PROCESSED, DELIVERED, OPEN = ("processed", 0.2), ("delivered", 0.6), ("open", 2.0)
_FATES: dict[str, tuple[Step, ...]] = {
    "": (PROCESSED, DELIVERED),
    "bounce": (PROCESSED, ("bounce", 0.6)),
    "blocked": (PROCESSED, ("blocked", 0.6)),
    "dropped": (("dropped", 0.2),),
    "spamreport": (PROCESSED, DELIVERED, ("spamreport", 1.0)),
    "unsubscribe": (PROCESSED, DELIVERED, ("unsubscribe", 1.0)),
}
_BAD = frozenset({"bounce", "blocked", "dropped", "spamreport"})
_SAID: dict[str, Facts] = {
    "delivered": {"response": "250 OK"},
    "bounce": {
        "type": "bounce",
        "status": "5.1.1",
        "reason": "550 5.1.1 The email account that you tried to reach does not exist.",
        "bounce_classification": "Invalid Address",
    },
    "blocked": {
        "type": "blocked",
        "status": "5.7.1",
        "reason": "554 5.7.1 Message refused",
        "bounce_classification": "Content",
    },
    "open": {"useragent": "Mozilla/5.0", "ip": "203.0.113.7", "sg_machine_open": False},
    "unsubscribe": {"useragent": "Mozilla/5.0", "ip": "203.0.113.7"},
}


class Mailroom:
    """Walks each e-mail through its events, in the order and at the pace of real life."""

    def __init__(self, works: Works) -> None:
        """Share the parts of one sandbox."""
        self._works = works
        self._post = EventPost(works)

    def accept(self, mail: Mail) -> Mail:
        """Write an e-mail down and start it on its way."""
        mail = replace(mail, seq=mails.add(self._works.store, mail))
        self._log("created", f"product sent e-mail “{mail.subject}”", mail, "202 accepted")
        steps, why = self._steps(mail)
        faults, pace = self._works.faults, self._works.settings.pace
        late_s = float(cast("float", faults.take("late_receipts", mail.recipient) or 0))
        walk = self._walk_silently if faults.take("no_receipts", mail.recipient) else self._walk
        if faults.take("reordered_receipts", mail.recipient):
            walk = self._walk_backwards
        self._works.later.do(lambda: walk(mail, steps, why), after_s=steps[0][1] * pace + late_s)
        return mail

    def to(self, address: str | None = None, *, since: int = 0) -> list[Mail]:
        """Everything really accepted for an address, or for everyone, oldest first."""
        return mails.to(self._works.store, address, since=since)

    def report_spam(self, mail: Mail) -> None:
        """Let the person press the button that mail programs have."""
        self._advance(mail, "spamreport")
        self._post.add(_event(mail, "spamreport", self._works.clock.now()), mail)

    def press_unsubscribe(self, mail: Mail) -> int | None:
        """Let the mail program post to the one-click link, as RFC 8058 has it."""
        status = self._post.one_click(mail.unsubscribe_url)
        self._log("unsubscribe", "one-click unsubscribe", mail, str(status or "no answer"))
        return status

    def _steps(self, mail: Mail) -> tuple[Sequence[Step], str]:
        why = mails.why_dropped(self._works.store, mail.recipient)
        fate = "dropped" if why else str(self._works.faults.take("mail", mail.recipient) or "")
        steps = _FATES.get(fate, _FATES[""])
        opened = (OPEN,) if mail.is_tracked and fate in {"", "unsubscribe"} else ()
        return (*steps[:2], *opened, *steps[2:]), why or "Invalid"

    def _walk(self, mail: Mail, steps: Sequence[Step], why: str) -> None:
        (kind, _), *rest = steps
        self._advance(mail, kind)
        self._post.add(_event(mail, kind, self._works.clock.now(), why), mail)
        if rest:
            pause = rest[0][1] * self._works.settings.pace
            self._works.later.do(lambda: self._walk(mail, rest, why), after_s=pause)

    def _walk_silently(self, mail: Mail, steps: Sequence[Step], _why: str) -> None:
        self._advance(mail, steps[-1][0])

    def _walk_backwards(self, mail: Mail, steps: Sequence[Step], why: str) -> None:
        for kind, _ in steps:
            self._advance(mail, kind)
        for kind, _ in reversed(steps):
            self._post.add(_event(mail, kind, self._works.clock.now(), why), mail)

    def _advance(self, mail: Mail, kind: str) -> None:
        mails.advance(self._works.store, mail.seq, kind)
        self._log("status", f"e-mail {kind}", mail, "", ok=kind not in _BAD)

    def _log(self, kind: str, line: str, mail: Mail, answer: str, *, ok: bool = True) -> None:
        at = self._works.clock.now()
        person = mail.recipient
        self._works.events.add(kind, line, at=at, person=person, answer=answer, ok=ok)


def _event(mail: Mail, kind: str, at: float, why: str = "") -> Facts:
    """One event as the vendor writes it, with our own arguments flattened into it."""
    more = {"reason": why, "status": "5.0.0"} if kind == "dropped" else _SAID.get(kind, {})
    return {
        "email": mail.recipient,
        "timestamp": int(at),
        "smtp-id": f"<{mail.sid}@geopod-ismtpd-sandbox>",
        "event": "bounce" if kind == "blocked" else kind,
        "sg_event_id": token_urlsafe(24),
        "sg_message_id": f"{mail.sid}.recvd-sandbox-{mail.seq}-0.0",
        **more,
        **mail.custom_args,
    }
