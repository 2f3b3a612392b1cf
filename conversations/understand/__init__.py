"""What people type, understood: pure, deterministic, no clock and no database."""

from conversations.understand.birth_date import birth_date
from conversations.understand.care import also_called, called
from conversations.understand.choices import ANYONE, COMING, choice, mentions
from conversations.understand.commands import command, gives_up, intent, wants_to_move, ways_to_say
from conversations.understand.distress import distress
from conversations.understand.fold import fold
from conversations.understand.languages import language, unspoken
from conversations.understand.last_four import last_four
from conversations.understand.money import money
from conversations.understand.names import full_name
from conversations.understand.numbers import number
from conversations.understand.owner_wishes import OWNER_WISHES, OwnerWish, owner_wish
from conversations.understand.quiet_hours import quiet_hours
from conversations.understand.ratings import rating
from conversations.understand.reasons import rating_with_reason
from conversations.understand.referral_code import referral_code
from conversations.understand.states import STATES, state
from conversations.understand.topics import spoken_of, topics
from conversations.understand.vocabulary import SOONEST, called_weekday
from conversations.understand.when import When, when
from conversations.understand.whom import whom
from conversations.understand.yes_no import yes_no

__all__ = [
    "ANYONE",
    "COMING",
    "OWNER_WISHES",
    "SOONEST",
    "STATES",
    "OwnerWish",
    "When",
    "also_called",
    "birth_date",
    "called",
    "called_weekday",
    "choice",
    "command",
    "distress",
    "fold",
    "full_name",
    "gives_up",
    "intent",
    "language",
    "last_four",
    "mentions",
    "money",
    "number",
    "owner_wish",
    "quiet_hours",
    "rating",
    "rating_with_reason",
    "referral_code",
    "spoken_of",
    "state",
    "topics",
    "unspoken",
    "wants_to_move",
    "ways_to_say",
    "when",
    "whom",
    "yes_no",
]
