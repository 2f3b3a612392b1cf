"""Feedback of patients: invited once after a visit, given once, answered for when it is bad."""

from crm.feedback.answers import EditClosed, Given, InvitationExpired, edit, give, give_invited
from crm.feedback.invitations import awaiting, due_time, invite, still_open
from crm.feedback.posting import count_due, post_due
from crm.feedback.rows import Said, comment_of
from crm.feedback.turns import AlreadyAnswered

__all__ = [
    "AlreadyAnswered",
    "EditClosed",
    "Given",
    "InvitationExpired",
    "Said",
    "awaiting",
    "comment_of",
    "count_due",
    "due_time",
    "edit",
    "give",
    "give_invited",
    "invite",
    "post_due",
    "still_open",
]
