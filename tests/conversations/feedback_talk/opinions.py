"""What was said of visits, as it is kept."""

from datetime import timedelta

from sqlalchemy import select

from crm import feedback
from crm.models import (
    FollowUp,
    PatientFeedback,
)

HOUR = timedelta(hours=1)


def said(stack) -> list[PatientFeedback]:
    with stack.wiring.transaction() as session:
        return list(session.scalars(select(PatientFeedback)))


def comment(stack, row) -> str | None:
    with stack.wiring.transaction() as session:
        return feedback.comment_of(session, row)


def follow_ups(stack) -> list[FollowUp]:
    with stack.wiring.transaction() as session:
        return list(session.scalars(select(FollowUp)))


ASKED = """
        Bot to Ada: Hello Ada, thank you for coming to GrandPro Ikeja. How was your visit...
             [Very poor] [Poor] [Fair] [Good] [Excellent]
"""


ASKED_BY_TEXT = """
        Bot to Musa: Musa: thank you for coming to GrandPro Ikeja...
             1 Very poor
             2 Poor
             3 Fair
             4 Good
             5 Excellent
"""
