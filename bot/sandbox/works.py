"""The parts of one sandbox that its rooms share."""

from dataclasses import dataclass

from bot.sandbox.clock import Clock
from bot.sandbox.events import EventLog
from bot.sandbox.faults import Faults
from bot.sandbox.later import Later
from bot.sandbox.settings import SandboxSettings
from bot.sandbox.store import Store
from bot.sandbox.webhooks import Webhooks


@dataclass(frozen=True, slots=True)
class Works:
    """Memory, time, log, switches, threads and the way to the product."""

    settings: SandboxSettings
    store: Store
    clock: Clock
    events: EventLog
    faults: Faults
    later: Later
    webhooks: Webhooks
