"""Appointments: held, booked, moved, confirmed, cancelled; never two at once for anyone."""

from crm.appointments.changes import (
    book,
    cancel,
    confirm,
    hold,
    may_move,
    release,
    release_dead_holds,
)
from crm.appointments.refusals import (
    NotBookable,
    PatientBusy,
    SlotTaken,
    TooLate,
    TooManyMoves,
    VisitClosed,
)
from crm.appointments.steps import MOVES
from crm.appointments.visits import Visit, calendar_file, get, upcoming, view

__all__ = [
    "MOVES",
    "NotBookable",
    "PatientBusy",
    "SlotTaken",
    "TooLate",
    "TooManyMoves",
    "Visit",
    "VisitClosed",
    "book",
    "calendar_file",
    "cancel",
    "confirm",
    "get",
    "hold",
    "may_move",
    "release",
    "release_dead_holds",
    "upcoming",
    "view",
]
