"""What people agreed to, and when they took it back. Rows are only ever added."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from crm.kit.ids import uuid7
from crm.models import Consent


def record(
    session: Session,
    *,
    address_id: UUID,
    purpose: str,
    is_granted: bool,
    wording: str,
    language: str,
    source: str,
    now: datetime,
    patient_id: UUID | None = None,
    proof_message_id: UUID | None = None,
) -> None:
    """Write down one act of agreeing or withdrawing, with the words shown and its proof."""
    session.add(
        Consent(
            id=uuid7(),
            address_id=address_id,
            patient_id=patient_id,
            purpose=purpose,
            is_granted=is_granted,
            wording=wording,
            language=language,
            source=source,
            proof_message_id=proof_message_id,
            at=now,
        )
    )
    session.flush()
