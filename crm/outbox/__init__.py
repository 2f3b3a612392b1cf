"""The outbox: what is not here is never sent, and what is here is sent once.

    queued -> sending -> accepted -> sent -> delivered | undelivered | failed -> read

`unknown` stands beside `sending`: the carrier may have it. Suppressed, expired and cancelled
messages stay where they are. The one step down, from anywhere to queued, belongs to WhatsApp's
closed window (63016), and is taken once: the same message goes again as its template.
"""

from crm.outbox.bodies import Body, Template, unseal
from crm.outbox.claims import Claimed, claim
from crm.outbox.depths import depth, oldest_pending_age_s
from crm.outbox.doubts import Doubt, adopt, not_found, reap, unknown_due
from crm.outbox.mail_events import MailEvent, take_in_mail_events
from crm.outbox.outcomes import Outcome, settle
from crm.outbox.posts import Draft, post, post_many, prepare
from crm.outbox.receipts import Receipt, receipt, receipts

__all__ = [
    "Body",
    "Claimed",
    "Doubt",
    "Draft",
    "MailEvent",
    "Outcome",
    "Receipt",
    "Template",
    "adopt",
    "claim",
    "depth",
    "not_found",
    "oldest_pending_age_s",
    "post",
    "post_many",
    "prepare",
    "reap",
    "receipt",
    "receipts",
    "settle",
    "take_in_mail_events",
    "unknown_due",
    "unseal",
]
