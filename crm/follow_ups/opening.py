"""Opening a follow-up, and telling the desk when it cannot wait."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.channels.carrier import Channel
from bot.texts import dates, say
from crm import addresses, outbox
from crm.models import FollowUp, Hospital, Lane, Purpose, Severity

SPAN = {Severity.URGENT: timedelta(hours=1), Severity.LOW_SCORE: timedelta(hours=24)}


def start(
    session: Session,
    *,
    hospital_id: UUID | None,
    severity: Severity,
    opened_at: datetime,
    now: datetime,
    feedback_id: UUID | None = None,
    satisfaction_id: UUID | None = None,
) -> FollowUp:
    """Open a follow-up; one that is open already only becomes more urgent.

    The desk of the hospital is told at once of what is urgent.
    """
    is_about = (
        FollowUp.feedback_id == feedback_id
        if feedback_id
        else FollowUp.satisfaction_id == satisfaction_id
    )
    found = session.scalar(select(FollowUp).where(is_about).with_for_update())
    if found is not None and (found.severity in (Severity.URGENT, severity)):
        return found
    if found is None:
        # A version 7 id would tell when an anonymous word was said.
        found = FollowUp(id=uuid4(), feedback_id=feedback_id, satisfaction_id=satisfaction_id)
        found.hospital_id, found.opened_at = hospital_id, opened_at
        found.created_at, found.version = opened_at, 1
        session.add(found)
    found.severity, found.due_at = severity, opened_at + SPAN[severity]
    found.updated_at = opened_at
    session.flush()
    if severity == Severity.URGENT:
        _tell_desk(session, hospital_id, opened_at, now)
    return found


def _tell_desk(
    session: Session, hospital_id: UUID | None, opened_at: datetime, now: datetime
) -> None:
    hospital = session.get(Hospital, hospital_id) if hospital_id else None
    if hospital is None or not hospital.desk_phone:
        return
    desk = addresses.find_or_make(session, Channel.SMS, hospital.desk_phone, now=now)
    facts = {"hospital": hospital.name, "when": dates.moment(opened_at)}
    outbox.post(
        session,
        address_id=desk.id,
        channel=Channel.SMS,
        text=say("alert", "complaint", "en", Channel.SMS, **facts),
        purpose=Purpose.ALERT,
        lane=Lane.URGENT,
        now=now,
    )
