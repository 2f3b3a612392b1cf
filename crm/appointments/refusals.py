"""How the rules of appointments say no."""

from crm.kit.errors import DomainError


class SlotTaken(DomainError):
    """Somebody has that time; `facts["alternatives"]` are the nearest free slots."""

    code = "slot_taken"


class NotBookable(SlotTaken):
    """That time is over, or no longer offered; a SlotTaken, for the answer is the same."""

    code = "not_bookable"


class PatientBusy(DomainError):
    """The patient has another visit then, named by `facts["appointment_id"]`."""

    code = "patient_busy"


class TooLate(DomainError):
    """It is less than two hours to the visit: only the desk can change it now."""

    code = "too_late"


class TooManyMoves(DomainError):
    """The visit was moved three times: only the desk can move it again."""

    code = "too_many_moves"


class VisitClosed(DomainError):
    """The visit is over or was cancelled."""

    code = "visit_closed"


class BookingLimit(DomainError):
    """The patient has as many visits to come as one may have; `facts["limit"]` of them."""

    code = "booking_limit"
    status = 422
