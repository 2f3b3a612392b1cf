"""The sandbox as one object: the parts put together, and the verbs that tests and routes use."""

from collections.abc import Callable, Mapping
from datetime import datetime

from bot.sandbox import addresses, messages
from bot.sandbox.clock import Clock
from bot.sandbox.events import EventLog
from bot.sandbox.faults import Faults
from bot.sandbox.inbound import Delivery, Inbound
from bot.sandbox.later import Later
from bot.sandbox.mailroom import Mailroom
from bot.sandbox.messages import Message
from bot.sandbox.outbound import Outbound
from bot.sandbox.receipts import Receipts
from bot.sandbox.settings import SandboxSettings
from bot.sandbox.store import Store
from bot.sandbox.webhooks import Outcome, Webhooks
from bot.sandbox.works import Works


class Sandbox:
    """A carrier for one account, found in ``app.extensions["sandbox"]``."""

    def __init__(self, settings: SandboxSettings, *, now: Callable[[], datetime]) -> None:
        """Open the store and start the threads that carry receipts."""
        self.settings, self.store, self.faults = settings, Store(settings.store_path), Faults()
        self.clock, self.events, self.later = Clock(self.store, now), EventLog(self.store), Later()
        self.webhooks = Webhooks(
            settings.auth_token, self.events, self.later, pace=settings.pace, now=self.clock.now
        )
        works = Works(
            settings,
            self.store,
            self.clock,
            self.events,
            self.faults,
            self.later,
            self.webhooks,
        )
        self.outbound = Outbound(works, Receipts(works))
        self.inbound = Inbound(works, self.outbound)
        self.mailroom = Mailroom(works)

    def say(
        self,
        channel: str,
        person: str,
        body: str = "",
        *,
        profile_name: str = "",
        extra: Mapping[str, str] | None = None,
        media: tuple[str, ...] = (),
    ) -> Delivery:
        """Let a person write; returns once the product has answered the webhook."""
        fields = self._profile(channel, person, profile_name) | dict(extra or {})
        return self.inbound.say(channel, person, body, extra=fields, media=media)

    def press(
        self, person: str, payload: str, *, title: str = "", kind: str = "", profile_name: str = ""
    ) -> Delivery:
        """Let a person press a button or pick from a list on WhatsApp."""
        profile = self._profile("whatsapp", person, profile_name)
        return self.inbound.press(person, payload, extra=profile, title=title, kind=kind)

    def redeliver(self, sid: str, *, times: int = 1) -> list[Outcome]:
        """Deliver an old webhook again."""
        return self.inbound.redeliver(sid, times=times)

    def messages_to(self, person: str | None = None, *, since: int = 0) -> list[Message]:
        """Everything really accepted for a person, or for everyone, oldest first."""
        return messages.to(self.store, person, since=since)

    def settle(self, *, timeout_s: float = 30.0) -> bool:
        """Wait until no receipt and no retry is under way."""
        return self.later.settle(timeout_s=timeout_s)

    def move_clock(self, hours: float) -> int | None:
        """Let time pass here and at the product; returns the product's HTTP status."""
        self.clock.move(hours)
        answered = self.webhooks.call(self.settings.product_clock_url, {"hours": hours})
        ok = answered is not None and answered < 400  # noqa: PLR2004 - HTTP errors begin there
        said = "product moved too" if ok else f"product said {answered or 'nothing'}"
        line = f"clock moved by {hours:+g} h"
        self.events.add("clock", line, at=self.clock.now(), answer=said, ok=ok)
        return answered

    def close(self) -> None:
        """End the threads and let go of the store."""
        self.events.close()
        self.later.close()
        self.store.close()

    def _profile(self, channel: str, person: str, name: str) -> dict[str, str]:
        if channel != "whatsapp":
            return {}
        sql = "select name from people where number = ?"
        known = self.store.row(sql, addresses.bare(person))
        return {"ProfileName": name or (str(known["name"]) if known else "")}
