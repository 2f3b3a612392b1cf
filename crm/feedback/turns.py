"""The one answer that each visit has: taken once, whoever comes first."""

from datetime import datetime
from uuid import uuid4

from sqlalchemy import case, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from crm.feedback.invitations import OPEN_FOR
from crm.kit.errors import DomainError
from crm.models import Appointment, FeedbackInvitation, InvitationStatus

_UNASKED = "answered without being asked"


class AlreadyAnswered(DomainError):
    """This visit was rated before; within a day it can still be changed."""

    code = "already_answered"


def take(session: Session, visit: Appointment, *, answered_at: datetime) -> None:
    """Take the one answer of this visit; whoever comes second waits here and is refused.

    `answered_at` is all that the row tells of the time. Raises AlreadyAnswered.
    """
    session.execute(
        insert(FeedbackInvitation)
        .values(
            id=uuid4(),
            appointment_id=visit.id,
            patient_id=visit.patient_id,
            hospital_id=visit.hospital_id,
            due_at=answered_at,
            expires_at=answered_at + OPEN_FOR,
            status=InvitationStatus.SKIPPED,
            skip_reason=_UNASKED,
            created_at=answered_at,
            updated_at=answered_at,
        )
        .on_conflict_do_nothing(index_elements=["appointment_id"])
    )
    was_waiting = FeedbackInvitation.status == InvitationStatus.PENDING
    reason = FeedbackInvitation.skip_reason
    claimed = session.scalar(
        update(FeedbackInvitation)
        .where(FeedbackInvitation.appointment_id == visit.id)
        .where(FeedbackInvitation.answered_at.is_(None))
        .values(
            answered_at=answered_at,
            status=case((was_waiting, InvitationStatus.SKIPPED), else_=FeedbackInvitation.status),
            skip_reason=case((was_waiting, _UNASKED), else_=reason),
            updated_at=answered_at,
        )
        .returning(FeedbackInvitation.id)
        .execution_options(synchronize_session=False)
    )
    if claimed is None:
        raise AlreadyAnswered("You have told us about this visit already. Thank you.")
