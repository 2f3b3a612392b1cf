"""Reminders: planned with the booking, posted when due, void when the visit is."""

from crm.reminders.plans import coming, due_times, plan, void
from crm.reminders.posting import Which, claim_due, count_due, post_due
from crm.reminders.runs import Report, process

__all__ = [
    "Report",
    "Which",
    "claim_due",
    "coming",
    "count_due",
    "due_times",
    "plan",
    "post_due",
    "process",
    "void",
]
