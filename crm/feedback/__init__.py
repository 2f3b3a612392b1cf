"""Feedback of patients: invited once after a visit, given once, answered for when it is bad."""

from crm.feedback.invitations import awaiting, due_time, invite, still_open

__all__ = ["awaiting", "due_time", "invite", "still_open"]
