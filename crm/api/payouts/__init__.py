"""Payouts: listed, drafted, approved, stated, filed for the bank."""

from crm.api.payouts import reading, writing
from crm.api.payouts.door import door

__all__ = ["door", "reading", "writing"]
