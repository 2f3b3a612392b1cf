"""Messages that people of the house, or other systems, have sent: one, many, or set for later.

All of them are rows of the outbox and pass the gate; this room finds out whom a wish means, where
they are reached, and what they will read.
"""

from crm.communications.explaining import Explained, explain
from crm.communications.listing import Line, Wanted, search, timelines
from crm.communications.people import Person, Way, people_of
from crm.communications.planning import Planned, plan
from crm.communications.refusals import (
    ChannelUnavailable,
    NeedsTemplate,
    ReferenceUsed,
    SensitiveContent,
    Suppressed,
)
from crm.communications.scheduled import DueCounts, expire, look, wake
from crm.communications.screen import sensitive_words
from crm.communications.sending import Sent, send, send_many
from crm.communications.tracing import last_unasked
from crm.communications.trying import (
    NotOnAllowList,
    TooManyTests,
    Trial,
    check_tester,
    facts_of_address,
    is_for,
    try_channel,
)
from crm.communications.wishes import LATEST, SENDABLE, SOONEST, To, Wish

__all__ = [
    "LATEST",
    "SENDABLE",
    "SOONEST",
    "ChannelUnavailable",
    "DueCounts",
    "Explained",
    "Line",
    "NeedsTemplate",
    "NotOnAllowList",
    "Person",
    "Planned",
    "ReferenceUsed",
    "SensitiveContent",
    "Sent",
    "Suppressed",
    "To",
    "TooManyTests",
    "Trial",
    "Wanted",
    "Way",
    "Wish",
    "check_tester",
    "expire",
    "explain",
    "facts_of_address",
    "is_for",
    "last_unasked",
    "look",
    "people_of",
    "plan",
    "search",
    "send",
    "send_many",
    "sensitive_words",
    "timelines",
    "try_channel",
    "wake",
]
