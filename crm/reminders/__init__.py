"""Reminders: planned with the booking, posted when due, void when the visit is."""

from crm.reminders.plans import due_times, plan, void
from crm.reminders.posting import claim_due, count_due, post_due

__all__ = ["claim_due", "count_due", "due_times", "plan", "post_due", "void"]
