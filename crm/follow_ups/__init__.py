"""Follow-ups: a bad word about us is answered by a person, in time, and its cause is kept.

open -> contacted -> resolved. Urgent ones are due within the hour, low scores within a day,
disputed payouts within two; what counts is the first contact. Whoever is complained of neither
sees nor changes one.
"""

from crm.follow_ups.opening import SPAN, add_words, start
from crm.follow_ups.readings import Wanted, about, breached, get, notes_of, search, words_of
from crm.follow_ups.steps import AlreadyResolved, assign, name, note_contact, resolve

__all__ = [
    "SPAN",
    "AlreadyResolved",
    "Wanted",
    "about",
    "add_words",
    "assign",
    "breached",
    "get",
    "name",
    "note_contact",
    "notes_of",
    "resolve",
    "search",
    "start",
    "words_of",
]
