"""Feedback of patients: invited once after a visit, given once, answered for when it is bad."""

from crm.feedback.answers import EditClosed, Given, InvitationExpired, edit, give, invited_to
from crm.feedback.invitations import awaiting, due_time, invite, still_open, waking
from crm.feedback.invited import Wanted, response
from crm.feedback.posting import count_due, post_due
from crm.feedback.readings import Narrowed, follow_up_of, get, of_visit, search, visible
from crm.feedback.rows import Said, comment_of
from crm.feedback.summaries import GROUPS, Summary, summary
from crm.feedback.turns import AlreadyAnswered
from crm.feedback.unnaming import unname

__all__ = [
    "GROUPS",
    "AlreadyAnswered",
    "EditClosed",
    "Given",
    "InvitationExpired",
    "Narrowed",
    "Said",
    "Summary",
    "Wanted",
    "awaiting",
    "comment_of",
    "count_due",
    "due_time",
    "edit",
    "follow_up_of",
    "get",
    "give",
    "invite",
    "invited_to",
    "of_visit",
    "post_due",
    "response",
    "search",
    "still_open",
    "summary",
    "unname",
    "visible",
    "waking",
]
