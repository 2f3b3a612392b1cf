"""Members bring friends; both get points when the friend's first visit has taken place.

Refused outright: oneself, a circle, somebody who was brought before or is not new. Doubtful cases
(a phone or an insurance number shared with another patient, many friends in one month) wait for a
person, because families share phones.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, exists, func, or_, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from crm import loyalty, patients
from crm.kit.clock import at_lagos, lagos_day
from crm.kit.errors import DomainError, NotFound
from crm.kit.ids import uuid7
from crm.kit.paging import Found, PageRequest, keyset
from crm.kit.permissions import Scope
from crm.models import (
    AddressHolder,
    Appointment,
    AppointmentStatus,
    LoyaltyAccount,
    LoyaltyStatus,
    Patient,
    Referral,
    ReferralStatus,
)

MOST_A_MONTH = 10
NEW_FOR = timedelta(days=30)
_SOURCE = "referral"

_LOCK = text("""
    select id from loyalty_points where patient_id in (:one, :other) order by id for no key update
""")
_IS_CIRCLE = text("""
    with recursive above as (
        select referrer_id from referrals where friend_id = :referrer_id
        union
        select r.referrer_id from referrals r join above on r.friend_id = above.referrer_id
    )
    select exists (select from above where referrer_id = :friend_id)
""")


class UnknownCode(NotFound):
    """No member has this code."""

    code = "unknown_referral_code"


class OwnCode(DomainError):
    """The code is one's own."""

    code = "own_referral_code"


class Circle(DomainError):
    """The friend has brought the member, or whoever brought the member."""

    code = "circular_referral"


class BroughtBefore(DomainError):
    """Somebody has brought this person already."""

    code = "already_referred"


class NotNew(DomainError):
    """The person was with us before."""

    code = "not_a_new_patient"


class NotInReview(DomainError):
    """Nobody has to look at this referral, or somebody has."""

    code = "not_in_review"


def is_known(session: Session, code: str) -> bool:
    """True when a member has this code, and it counts."""
    try:
        _referrer_of(session, code)
    except UnknownCode:
        return False
    return True


def join(session: Session, *, code: str, friend_id: UUID, now: datetime) -> Referral:
    """Note that a new patient came on a member's advice; doubtful cases wait for a person.

    Raises UnknownCode, OwnCode, BroughtBefore, Circle, NotNew.
    """
    referrer_id = _referrer_of(session, code)
    if referrer_id == friend_id:
        raise OwnCode("Nobody can bring themselves.")
    loyalty.enrol(session, friend_id, now=now)
    # Both accounts, so that two who bring each other at once come one after the other.
    session.execute(_LOCK, {"one": referrer_id, "other": friend_id})
    _refuse_circle(session, referrer_id, friend_id)
    _refuse_unless_new(session, friend_id, now)
    doubts = _doubts(session, referrer_id, friend_id, now)
    return _inserted(session, referrer_id, friend_id, doubts, now)


def visit_fulfilled(
    session: Session, *, patient_id: UUID, appointment_id: UUID, now: datetime
) -> Referral | None:
    """Reward whoever brought this patient, if this was what it waited for; else None."""
    referral = session.scalars(
        select(Referral)
        .where(
            Referral.friend_id == patient_id,
            Referral.first_visit_id.is_(None),
            Referral.status.in_((ReferralStatus.PENDING, ReferralStatus.REVIEW)),
        )
        .with_for_update()
    ).one_or_none()
    if referral is None:
        return None
    referral.first_visit_id, referral.updated_at = appointment_id, now
    if referral.status is ReferralStatus.PENDING:
        _reward(session, referral, now)
    session.flush()
    return referral


def approve(session: Session, referral: Referral, *, by_id: UUID | None, now: datetime) -> Referral:
    """Take away the doubt; rewarded at once when the visit has been. Raises NotInReview."""
    _take_up(session, referral, ReferralStatus.PENDING, by_id=by_id, now=now)
    if referral.first_visit_id is not None:
        _reward(session, referral, now)
    session.flush()
    return referral


def reject(
    session: Session, referral: Referral, *, reason: str, by_id: UUID | None, now: datetime
) -> Referral:
    """Give nothing for it. Raises NotInReview."""
    _take_up(session, referral, ReferralStatus.REJECTED, by_id=by_id, now=now)
    referral.reason = reason
    session.flush()
    return referral


def get(session: Session, referral_id: UUID, *, scope: Scope) -> Referral:
    """One referral of patients one may see. Raises NotFound."""
    query = select(Referral).where(Referral.id == referral_id, _visible(scope))
    referral = session.scalars(query).one_or_none()
    if referral is None:
        raise NotFound("There is no such referral.")
    return referral


def search(
    session: Session,
    *,
    scope: Scope,
    page: PageRequest,
    status: ReferralStatus | None = None,
    referrer_id: UUID | None = None,
) -> Found[Referral]:
    """The referrals of patients one may see, newest first."""
    query = select(Referral).where(_visible(scope))
    if status is not None:
        query = query.where(Referral.status == status)
    if referrer_id is not None:
        query = query.where(Referral.referrer_id == referrer_id)
    return keyset(session, query, page, Referral.id.desc())


def names(session: Session, referrals: Sequence[Referral], *, scope: Scope) -> dict[UUID, str]:
    """The names of those members and friends whom one may see, by their ids."""
    ids = {id_ for each in referrals for id_ in (each.referrer_id, each.friend_id)}
    rows: Sequence[Row[UUID, str]] = session.execute(
        select(Patient.id, Patient.full_name).where(Patient.id.in_(ids), patients.visible(scope))
    ).all()
    return {row.id: row.full_name for row in rows}


def _referrer_of(session: Session, code: str) -> UUID:
    found = session.scalars(
        select(LoyaltyAccount.patient_id).where(
            LoyaltyAccount.referral_code == code.strip().upper(),
            LoyaltyAccount.status == LoyaltyStatus.ACTIVE,
        )
    ).one_or_none()
    if found is None:
        raise UnknownCode("No member has this code.")
    return found


def _refuse_circle(session: Session, referrer_id: UUID, friend_id: UUID) -> None:
    pair = {"referrer_id": referrer_id, "friend_id": friend_id}
    if session.execute(_IS_CIRCLE, pair).scalar_one():
        raise Circle("This person brought you here.")


def _refuse_unless_new(session: Session, friend_id: UUID, now: datetime) -> None:
    registered_at = session.scalars(select(Patient.created_at).where(Patient.id == friend_id)).one()
    has_visited = session.scalar(
        select(
            exists().where(
                Appointment.patient_id == friend_id,
                Appointment.status == AppointmentStatus.FULFILLED,
            )
        )
    )
    if has_visited or registered_at < now - NEW_FOR:
        raise NotNew("This person was with us before.")


def _doubts(session: Session, referrer_id: UUID, friend_id: UUID, now: datetime) -> list[str]:
    month = at_lagos(lagos_day(now).replace(day=1))
    brought = session.scalar(
        select(func.count())
        .select_from(Referral)
        .where(Referral.referrer_id == referrer_id, Referral.created_at >= month)
        .where(Referral.status != ReferralStatus.REJECTED)
    )
    found = {
        "shared_phone": session.scalar(select(_shares_address(friend_id))),
        "shared_identity": session.scalar(select(_shares_insurance(friend_id))),
        "many_this_month": (brought or 0) >= MOST_A_MONTH,
    }
    return [doubt for doubt, is_so in found.items() if is_so]


def _shares_address(friend_id: UUID) -> ColumnElement[bool]:
    mine, other = aliased(AddressHolder), aliased(AddressHolder)
    return exists().where(
        mine.patient_id == friend_id,
        other.address_id == mine.address_id,
        other.patient_id != friend_id,
    )


def _shares_insurance(friend_id: UUID) -> ColumnElement[bool]:
    mine, other = aliased(Patient), aliased(Patient)
    return exists().where(
        and_(mine.id == friend_id, other.nhis_index == mine.nhis_index, other.id != friend_id)
    )


def _inserted(
    session: Session, referrer_id: UUID, friend_id: UUID, doubts: list[str], now: datetime
) -> Referral:
    made: Referral | None = session.scalar(
        insert(Referral)
        .values(
            id=uuid7(),
            referrer_id=referrer_id,
            friend_id=friend_id,
            status=ReferralStatus.REVIEW if doubts else ReferralStatus.PENDING,
            doubts=doubts,
            created_at=now,
            updated_at=now,
        )
        .on_conflict_do_nothing(index_elements=["friend_id"])
        .returning(Referral)
    )
    if made is None:
        raise BroughtBefore("Somebody has brought this person already.")
    return made


def _take_up(
    session: Session,
    referral: Referral,
    status: ReferralStatus,
    *,
    by_id: UUID | None,
    now: datetime,
) -> None:
    session.refresh(referral, with_for_update=True)
    if referral.status is not ReferralStatus.REVIEW:
        raise NotInReview(f"This referral is {referral.status}.")
    referral.status = status
    referral.decided_by, referral.decided_at, referral.updated_at = by_id, now, now


def _reward(session: Session, referral: Referral, now: datetime) -> None:
    """Give both their points; an account that takes none sends it to a person instead."""
    session.execute(_LOCK, {"one": referral.referrer_id, "other": referral.friend_id})
    given = [
        loyalty.award(
            session,
            patient_id=patient_id,
            rule=rule,
            source_type=_SOURCE,
            source_id=referral.id,
            now=now,
        )
        for rule, patient_id in (
            ("referral", referral.referrer_id),
            ("welcome", referral.friend_id),
        )
    ]
    if given[0] is None:
        referral.status = ReferralStatus.REVIEW
        referral.doubts = [*referral.doubts, "no_points_given"]
        return
    referral.status, referral.rewarded_at = ReferralStatus.REWARDED, now


def _visible(scope: Scope) -> ColumnElement[bool]:
    """Staff see those of their patients on either side, a member those they brought."""
    seen = select(Patient.id).where(patients.visible(scope))
    if not scope.is_staff:
        return Referral.referrer_id.in_(seen)
    return or_(Referral.referrer_id.in_(seen), Referral.friend_id.in_(seen))
