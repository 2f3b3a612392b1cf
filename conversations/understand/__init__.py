"""What people type, understood: pure, deterministic, no clock and no database."""

from conversations.understand.birth_date import birth_date
from conversations.understand.choices import choice, mentions
from conversations.understand.commands import command, intent
from conversations.understand.distress import distress
from conversations.understand.fold import fold
from conversations.understand.languages import language
from conversations.understand.names import full_name
from conversations.understand.numbers import number
from conversations.understand.states import STATES, state
from conversations.understand.when import When, when
from conversations.understand.yes_no import yes_no

__all__ = [
    "STATES",
    "When",
    "birth_date",
    "choice",
    "command",
    "distress",
    "fold",
    "full_name",
    "intent",
    "language",
    "mentions",
    "number",
    "state",
    "when",
    "yes_no",
]
