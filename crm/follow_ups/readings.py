"""Which follow-ups there are, for those who may see them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, true
from sqlalchemy.orm import Session

from crm.kit.crypto import Vault
from crm.kit.errors import NotFound
from crm.kit.paging import Found, PageRequest, keyset
from crm.kit.permissions import Actor, Permission, Scope
from crm.models import FollowUp, OwnerSatisfaction, PatientFeedback, Payout, Severity

NOTE = "follow_ups.contact_note"
RESOLUTION = "follow_ups.resolution"
WORDS = "follow_ups.words"
_ABOUT = (
    (FollowUp.feedback_id, Permission.FEEDBACK_READ),
    (FollowUp.satisfaction_id, Permission.SATISFACTION_READ),
    (FollowUp.payout_id, Permission.PAYOUTS_READ),
)
"""What they may be about, and who may know of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which follow-ups; what is None or False narrows nothing."""

    status: str | None = None
    severity: Severity | None = None
    hospital_id: UUID | None = None
    assignee_id: UUID | None = None
    is_breached: bool = False


def search(
    session: Session, wanted: Wanted, *, scope: Scope, by: Actor, page: PageRequest, now: datetime
) -> Found[FollowUp]:
    """The follow-ups one may see, newest first."""
    statement = select(FollowUp).where(
        scope.where(FollowUp.hospital_id), _may_see(by), *_narrowed(wanted, now)
    )
    return keyset(session, statement, page, FollowUp.opened_at.desc(), FollowUp.id.desc())


def get(session: Session, follow_up_id: UUID, *, scope: Scope, by: Actor) -> FollowUp:
    """One follow-up. Raises NotFound, also for whom it complains of."""
    found = session.scalar(
        select(FollowUp).where(
            FollowUp.id == follow_up_id, scope.where(FollowUp.hospital_id), _may_see(by)
        )
    )
    if found is None:
        raise NotFound("There is no such follow-up.")
    return found


def breached(now: datetime) -> ColumnElement[bool]:
    """First contact came, or is still missing, after it was due."""
    return func.coalesce(FollowUp.first_contact_at, FollowUp.resolved_at, now) > FollowUp.due_at


def about(session: Session, follow_up: FollowUp) -> PatientFeedback | OwnerSatisfaction | Payout:
    """What was said that it answers, or the payout that is disputed."""
    if follow_up.feedback_id is not None:
        return session.get_one(PatientFeedback, follow_up.feedback_id)
    if follow_up.payout_id is not None:
        return session.get_one(Payout, follow_up.payout_id)
    return session.get_one(OwnerSatisfaction, follow_up.satisfaction_id)


def words_of(session: Session, follow_up: FollowUp) -> str | None:
    """What was said where no other row keeps it, opened. Never log it."""
    vault: Vault = session.info["vault"]
    sealed = follow_up.words_sealed
    return vault.open(sealed, where=WORDS, row=follow_up.id) if sealed else None


def subject(follow_up: FollowUp) -> Permission:
    """What one must be allowed to read to handle it."""
    return next(needed for column, needed in _ABOUT if getattr(follow_up, column.key) is not None)


def notes_of(session: Session, follow_up: FollowUp) -> tuple[str | None, str | None]:
    """What was noted at first contact and at the end, opened. Never log it."""
    vault: Vault = session.info["vault"]
    sealed = ((follow_up.contact_note_sealed, NOTE), (follow_up.resolution_sealed, RESOLUTION))
    contact, resolution = (
        vault.open(value, where=where, row=follow_up.id) if value else None
        for value, where in sealed
    )
    return contact, resolution


def _may_see(by: Actor) -> ColumnElement[bool]:
    """Whoever it complains of may not, nor who may not read what it is about."""
    hidden = [column.is_(None) for column, needed in _ABOUT if not by.may(needed)]
    return and_(_not_about(by), *hidden)


def _not_about(by: Actor) -> ColumnElement[bool]:
    if by.id is None:
        return true()
    return or_(FollowUp.named_user_id.is_(None), FollowUp.named_user_id != by.id)


_STATUSES: dict[str, ColumnElement[bool]] = {
    "open": and_(FollowUp.first_contact_at.is_(None), FollowUp.resolved_at.is_(None)),
    "contacted": and_(FollowUp.first_contact_at.is_not(None), FollowUp.resolved_at.is_(None)),
    "resolved": FollowUp.resolved_at.is_not(None),
}


def _narrowed(wanted: Wanted, now: datetime) -> list[ColumnElement[bool]]:
    same = {
        FollowUp.severity: wanted.severity,
        FollowUp.hospital_id: wanted.hospital_id,
        FollowUp.assignee_id: wanted.assignee_id,
    }
    conditions = [column == value for column, value in same.items() if value is not None]
    if wanted.status:
        conditions.append(_STATUSES[wanted.status])
    if wanted.is_breached:
        conditions.append(breached(now))
    return conditions
