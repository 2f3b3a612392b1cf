"""Ways to break the carrier: by switch, for everyone or one person, for ever or n times."""

from dataclasses import dataclass
from threading import Lock

from bot.sandbox import addresses

# name -> what its value means
NAMES = {
    "down": "'503' or 'close': every call fails and nothing is accepted",
    "stall": "seconds: nothing is accepted, the connection closes after that long",
    "rate_limit": "true: 429 with Retry-After",
    "refuse": "error code: the call is answered with it",
    "lost_response": "'close' or '500': accepted, and the answer never arrives",
    "hang": "seconds: accepted at once, answered that much later",
    "fail": "error code: accepted, then reported undelivered with it",
    "window_closed": "true: WhatsApp behaves as if nobody had written for 24 hours",
    "no_receipts": "true: no status callback at all",
    "late_receipts": "seconds: every status callback waits that long",
    "reordered_receipts": "true: status callbacks arrive last to first",
    "duplicate_receipts": "true: every status callback arrives twice",
    "duplicate_webhook": "true: every inbound message arrives twice",
    "forged_signature": "true: inbound webhooks are signed with a wrong token",
    "mail": "'bounce', 'blocked', 'dropped', 'spamreport' or 'unsubscribe': what e-mails meet",
}
# To-numbers whose last four digits choose a fault; the prefix keeps real people out of it.
MAGIC_PREFIX = "+234914999"
MAGIC: dict[str, tuple[str, object]] = {
    "0001": ("refuse", 21211),
    "0002": ("refuse", 21614),
    "0003": ("refuse", 21610),
    "0004": ("fail", 63003),
    "0005": ("fail", 30003),
    "0006": ("fail", 30005),
    "0007": ("fail", 30007),
    "0008": ("rate_limit", True),
    "0009": ("refuse", 20500),
    "0010": ("lost_response", "close"),
    "0011": ("hang", 5.0),
    "0012": ("no_receipts", True),
    "0013": ("reordered_receipts", True),
    "0014": ("duplicate_receipts", True),
    "0015": ("fail", 63049),
}
# The same for e-mail, by the name before the @.
MAGIC_NAMES: dict[str, tuple[str, object]] = {
    "bounce": ("mail", "bounce"),
    "blocked": ("mail", "blocked"),
    "dropped": ("mail", "dropped"),
    "spam": ("mail", "spamreport"),
    "leaving": ("mail", "unsubscribe"),
    "refused": ("refuse", 400),
    "busy": ("rate_limit", True),
    "lost": ("lost_response", "close"),
    "slow": ("hang", 5.0),
    "silent": ("no_receipts", True),
}


@dataclass(slots=True)
class Fault:
    """One switch that is on."""

    name: str
    value: object
    to: str | None = None
    times: int | None = None

    def fits(self, name: str, person: str | None) -> bool:
        """Whether it applies to this happening."""
        return self.name == name and self.to in (None, person)


class Faults:
    """All switches of one sandbox."""

    def __init__(self) -> None:
        """Start with a carrier in good health."""
        self._on: list[Fault] = []
        self._lock = Lock()

    def set(
        self, name: str, value: object, *, to: str | None = None, times: int | None = None
    ) -> None:
        """Switch a fault on; a false value switches it off."""
        if name not in NAMES:
            message = f"no fault is called {name}; there are {', '.join(NAMES)}"
            raise ValueError(message)
        person = addresses.bare(to) if to else None
        with self._lock:
            self._on = [fault for fault in self._on if (fault.name, fault.to) != (name, person)]
            if value:
                self._on.append(Fault(name, value, person, times))

    def clear(self) -> None:
        """Switch everything off."""
        with self._lock:
            self._on.clear()

    def take(self, name: str, person: str | None = None) -> object | None:
        """The value of a fault that applies now, counting one use of it."""
        with self._lock:
            fault = next((fault for fault in self._on if fault.fits(name, person)), None)
            if fault is None:
                return _by_address(name, person)
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self._on.remove(fault)
            return fault.value

    def is_on(self, name: str) -> bool:
        """Whether a switch is on, for anyone."""
        return any(fault.name == name for fault in self._on)

    def listing(self) -> list[dict[str, object]]:
        """Every switch that is on."""
        return [
            {"name": fault.name, "value": fault.value, "to": fault.to, "times": fault.times}
            for fault in self._on
        ]


def _by_address(name: str, person: str | None) -> object | None:
    before, at, _ = (person or "").partition("@")
    if at:
        magic, value = MAGIC_NAMES.get(before, ("", None))
    else:
        is_magic = before.startswith(MAGIC_PREFIX)
        magic, value = MAGIC.get(before.removeprefix(MAGIC_PREFIX) if is_magic else "", ("", None))
    return value if magic == name else None
