"""How long things are kept."""

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from crm.models import InboundKey

INBOUND_KEYS = timedelta(days=40)
"""The carrier retries within minutes; reconciling after an outage looks back a month."""


def purge_inbound_keys(session: Session, *, now: datetime) -> int:
    """Forget which carrier ids came in long ago. Returns how many."""
    old = InboundKey.received_at < now - INBOUND_KEYS
    gone = session.scalars(delete(InboundKey).where(old).returning(InboundKey.provider_id))
    return len(gone.all())
