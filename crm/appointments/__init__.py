"""Appointments: held, booked, moved, confirmed, attended, cancelled; never two at once for anyone.

    pending -> booked -> checked-in -> arrived -> fulfilled

Beside them cancelled, noshow, outcome-unknown and entered-in-error; `MOVES` says what may become
what. A visit, its reminders, its points and its place in a session change in one transaction.
"""

from crm.appointments.attending import (
    GRACE,
    NotToday,
    TooEarly,
    arrive,
    check_in,
    enter_in_error,
    fulfil,
    judge,
    no_show,
    unattended,
)
from crm.appointments.changes import (
    BY_PATIENT,
    CUT_OFF,
    MAX_MOVES,
    book,
    cancel,
    confirm,
    hold,
    locked,
    may_move,
    release,
    release_dead_holds,
)
from crm.appointments.checks import (
    NotEligible,
    OutsideHours,
    TooFar,
    TooSoon,
    refuse_unless_eligible,
)
from crm.appointments.listing import get_in_scope, search, visible
from crm.appointments.notes import Said, note, said_of
from crm.appointments.notices import tell_booked, tell_cancelled
from crm.appointments.refusals import (
    BookingLimit,
    NotBookable,
    PatientBusy,
    SlotTaken,
    TooLate,
    TooManyMoves,
    VisitClosed,
)
from crm.appointments.requests import Request, ask, ask_hold, ask_move
from crm.appointments.steps import MOVES
from crm.appointments.taking import MOST_OPEN, Booking
from crm.appointments.visits import Visit, calendar_file, get, upcoming, view, views

__all__ = [
    "BY_PATIENT",
    "CUT_OFF",
    "GRACE",
    "MAX_MOVES",
    "MOST_OPEN",
    "MOVES",
    "Booking",
    "BookingLimit",
    "NotBookable",
    "NotEligible",
    "NotToday",
    "OutsideHours",
    "PatientBusy",
    "Request",
    "Said",
    "SlotTaken",
    "TooEarly",
    "TooFar",
    "TooLate",
    "TooManyMoves",
    "TooSoon",
    "Visit",
    "VisitClosed",
    "arrive",
    "ask",
    "ask_hold",
    "ask_move",
    "book",
    "calendar_file",
    "cancel",
    "check_in",
    "confirm",
    "enter_in_error",
    "fulfil",
    "get",
    "get_in_scope",
    "hold",
    "judge",
    "locked",
    "may_move",
    "no_show",
    "note",
    "refuse_unless_eligible",
    "release",
    "release_dead_holds",
    "said_of",
    "search",
    "tell_booked",
    "tell_cancelled",
    "unattended",
    "upcoming",
    "view",
    "views",
    "visible",
]
