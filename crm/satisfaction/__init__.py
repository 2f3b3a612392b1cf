"""How satisfied owners are: asked once a quarter about each contract, counted with its margin."""

from crm.satisfaction.answers import AlreadyAnswered, EditClosed, SurveyExpired, answer, edit, give
from crm.satisfaction.metrics import GROUPS, Metrics, Wanted, metrics
from crm.satisfaction.periods import current
from crm.satisfaction.questions import DIMENSIONS, QUESTIONS, comment_of, next_question
from crm.satisfaction.readings import of_owner
from crm.satisfaction.rounds import awaiting, count_due, invite_owners, nudge_due, post_due

__all__ = [
    "DIMENSIONS",
    "GROUPS",
    "QUESTIONS",
    "AlreadyAnswered",
    "EditClosed",
    "Metrics",
    "SurveyExpired",
    "Wanted",
    "answer",
    "awaiting",
    "comment_of",
    "count_due",
    "current",
    "edit",
    "give",
    "invite_owners",
    "metrics",
    "next_question",
    "nudge_due",
    "of_owner",
    "post_due",
]
