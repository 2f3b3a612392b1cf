"""Opening a follow-up, and telling the desk when it cannot wait."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from bot.channels.carrier import Channel
from bot.texts import dates, say
from crm import addresses, outbox
from crm.follow_ups.readings import WORDS, words_of
from crm.kit.crypto import Vault
from crm.models import FollowUp, Hospital, Lane, Purpose, Severity

SPAN = {
    Severity.URGENT: timedelta(hours=1),
    Severity.LOW_SCORE: timedelta(hours=24),
    Severity.DISPUTE: timedelta(hours=48),
}
_ALERTS = {Severity.URGENT: "complaint", Severity.DISPUTE: "dispute"}
"""What the desk is told of at once, and in which words."""


def start(
    session: Session,
    *,
    hospital_id: UUID | None,
    severity: Severity,
    opened_at: datetime,
    now: datetime,
    feedback_id: UUID | None = None,
    satisfaction_id: UUID | None = None,
    payout_id: UUID | None = None,
    reference: str = "",
) -> FollowUp:
    """Open a follow-up; one that is open already only becomes more urgent.

    The desk of the hospital is told at once of what is urgent, and of a payout that is disputed,
    by its `reference`.
    """
    is_about = _is_about(feedback_id, satisfaction_id, payout_id)
    found = session.scalar(select(FollowUp).where(is_about).with_for_update())
    if found is not None and (found.severity in (Severity.URGENT, severity)):
        return found
    if found is None:
        # A version 7 id would tell when an anonymous word was said.
        found = FollowUp(id=uuid4(), feedback_id=feedback_id, satisfaction_id=satisfaction_id)
        found.payout_id = payout_id
        found.hospital_id, found.opened_at = hospital_id, opened_at
        found.created_at, found.version = opened_at, 1
        session.add(found)
    found.severity, found.due_at = severity, opened_at + SPAN[severity]
    found.updated_at = opened_at
    session.flush()
    if severity in _ALERTS:
        _tell_desk(session, found, reference, now)
    return found


def add_words(session: Session, found: FollowUp, words: str, *, now: datetime) -> None:
    """Keep what was said, after what was said of it before, for whoever answers it."""
    vault: Vault = session.info["vault"]
    before = words_of(session, found)
    whole = f"{before}\n{words}" if before else words
    found.words_sealed = vault.seal(whole, where=WORDS, row=found.id)
    found.updated_at = now
    session.flush()


def _is_about(
    feedback_id: UUID | None, satisfaction_id: UUID | None, payout_id: UUID | None
) -> ColumnElement[bool]:
    if feedback_id:
        return FollowUp.feedback_id == feedback_id
    if payout_id:
        return (FollowUp.payout_id == payout_id) & FollowUp.resolved_at.is_(None)
    return FollowUp.satisfaction_id == satisfaction_id


def _tell_desk(session: Session, found: FollowUp, reference: str, now: datetime) -> None:
    hospital = session.get(Hospital, found.hospital_id) if found.hospital_id else None
    if hospital is None or not hospital.desk_phone:
        return
    desk = addresses.find_or_make(session, Channel.SMS, hospital.desk_phone, now=now)
    key = _ALERTS[found.severity]
    facts = {"hospital": hospital.name, "when": dates.moment(found.opened_at)}
    outbox.post(
        session,
        address_id=desk.id,
        channel=Channel.SMS,
        text=say("alert", key, "en", Channel.SMS, **facts, reference=reference),
        purpose=Purpose.ALERT,
        lane=Lane.URGENT,
        now=now,
    )
