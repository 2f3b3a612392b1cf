"""Appointments: booked, looked up, attended, moved, cancelled; their reminders run by hand."""

from crm.api.appointments import booking, reading, reminding, steps
from crm.api.appointments.door import door

__all__ = ["booking", "door", "reading", "reminding", "steps"]
