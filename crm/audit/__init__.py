"""Audit: what was done, seen and refused, sealed so that a later change shows."""

from crm.audit.events import Act, record, search
from crm.audit.seals import Broken, seal_due, verify

__all__ = ["Act", "Broken", "record", "seal_due", "search", "verify"]
