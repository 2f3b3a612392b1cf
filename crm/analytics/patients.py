"""How it goes with patients: coming, answering, collecting points, reachable as they wish."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, String, cast, exists, func, select, text
from sqlalchemy.orm import Session

from crm import feedback
from crm.analytics.wanted import Wanted, nonzero
from crm.kit.clock import at_lagos, lagos_day
from crm.kit.intervals import Rate
from crm.kit.permissions import Scope
from crm.models import (
    Address,
    AddressHolder,
    Appointment,
    AppointmentStatus,
    LoyaltyAccount,
    LoyaltyStatus,
    Patient,
    PatientStatus,
    PointsKind,
    PointsTransaction,
    Suppression,
)

LATE = timedelta(hours=2)
ENROLLED_FOR = timedelta(days=30)
ACTIVE_WITHIN = timedelta(days=90)
_S = AppointmentStatus
_CAME = (_S.FULFILLED, _S.ARRIVED, _S.CHECKED_IN)
# What was taken back was never issued.
_ISSUED = (PointsKind.EARN, PointsKind.ADJUST, PointsKind.REVERSAL)


@dataclass(frozen=True, slots=True)
class Points:
    """Points in the window, and what is owed to members at its end."""

    issued: int
    redeemed: Rate
    expired: Rate
    outstanding: int


@dataclass(frozen=True, slots=True)
class Preferences:
    """How contactable patients want to be reached."""

    contactable: Rate
    by_channel: Mapping[str, int]
    by_language: Mapping[str, int]
    marketing: Rate
    """Those with an address that agreed to marketing, of the contactable."""


@dataclass(frozen=True, slots=True)
class Patients:
    """The figures of patients."""

    attendance: Rate
    no_show: Rate
    feedback_response: Rate
    loyalty_engagement: Rate
    points: Points
    preferences: Preferences
    as_of: datetime


def patients(
    session: Session,
    wanted: Wanted,
    *,
    scope: Scope,
    now: datetime,
    late_is_missed: bool = False,
) -> Patients:
    """Count what concerns patients in the window.

    With `late_is_missed`, a visit cancelled less than two hours ahead counts as missed.
    """
    attendance = _attendance(session, wanted, scope, now, late_is_missed=late_is_missed)
    missed = attendance.denominator - attendance.numerator
    asked = feedback.Wanted(window=wanted.window, hospital_id=wanted.hospital_id)
    return Patients(
        attendance=attendance,
        no_show=Rate(missed, attendance.denominator, attendance.excluded),
        feedback_response=feedback.response(session, asked, scope),
        loyalty_engagement=_engagement(session, wanted, scope),
        points=_points(session, wanted, scope),
        preferences=_preferences(session, wanted, scope),
        as_of=now,
    )


# -- attendance -----------------------------------------------------------------------------------


def _attendance(
    session: Session, wanted: Wanted, scope: Scope, now: datetime, *, late_is_missed: bool
) -> Rate:
    """Those who came, of those who came or were missed; whoever is in the house today may go on."""
    came, missed = 0, 0
    excluded: Counter[str] = Counter()
    rows = session.execute(_visits(wanted, scope, now))
    for status, is_late, is_moved, is_over, number in rows:
        if status in _CAME and (is_over or status == _S.FULFILLED):
            came += number
        elif status == _S.NOSHOW or (late_is_missed and is_late and not is_moved):
            missed += number
        else:
            excluded[_left_out(status, is_moved=is_moved)] += number
    return Rate(came, came + missed, dict(excluded))


def _visits(wanted: Wanted, scope: Scope, now: datetime) -> Select[*tuple[Any, ...]]:
    starts_at: ColumnElement[datetime] = func.lower(Appointment.during)
    is_cancelled = Appointment.status == _S.CANCELLED
    is_late = is_cancelled & (Appointment.cancelled_at > starts_at - LATE)
    is_moved = is_cancelled & (Appointment.cancel_reason == "rescheduled")
    today_began = at_lagos(lagos_day(now))
    key = (
        Appointment.status,
        func.coalesce(is_late, False).label("is_late"),
        func.coalesce(is_moved, False).label("is_moved"),
        (starts_at < today_began).label("is_over"),
    )
    held = Appointment.cancel_reason.is_distinct_from("hold ended")
    return (
        select(*key, func.count())
        .where(scope.where(Appointment.hospital_id), *wanted.at(Appointment.hospital_id))
        .where(starts_at >= wanted.window.begins_at, starts_at < wanted.window.ends_at)
        .where(Appointment.status != _S.PENDING, held)
        .group_by(Appointment.status, text("is_late"), text("is_moved"), text("is_over"))
    )


def _left_out(status: AppointmentStatus, *, is_moved: bool) -> str:
    if status == _S.CANCELLED:
        return "rescheduled" if is_moved else "cancelled"
    return "outcome not known yet" if status in (_S.BOOKED, *_CAME) else status.replace("-", " ")


# -- points ---------------------------------------------------------------------------------------


def _members(wanted: Wanted, scope: Scope) -> list[ColumnElement[bool]]:
    """Accounts of patients at home in the scope."""
    return [
        LoyaltyAccount.patient_id == Patient.id,
        scope.where(Patient.home_hospital_id),
        *wanted.at(Patient.home_hospital_id),
    ]


def _engagement(session: Session, wanted: Wanted, scope: Scope) -> Rate:
    """Members who earned or redeemed in the ninety days before the window's end."""
    end = wanted.window.ends_at
    is_active = exists().where(
        PointsTransaction.account_id == LoyaltyAccount.id,
        PointsTransaction.kind.in_((PointsKind.EARN, PointsKind.REDEEM)),
        PointsTransaction.at >= end - ACTIVE_WITHIN,
        PointsTransaction.at < end,
    )
    is_open = LoyaltyAccount.status == LoyaltyStatus.ACTIVE
    is_settled = LoyaltyAccount.created_at <= end - ENROLLED_FOR
    row = session.execute(
        select(
            func.count().filter(is_open, is_settled, is_active),
            func.count().filter(is_open, is_settled),
            func.count().filter(is_open, ~is_settled),
            func.count().filter(~is_open),
        ).where(*_members(wanted, scope))
    ).one()
    left_out = {"enrolled less than 30 days": row[2], "frozen or closed": row[3]}
    return Rate(row[0], row[1], nonzero(left_out))


def _points(session: Session, wanted: Wanted, scope: Scope) -> Points:
    moved = session.execute(
        select(PointsTransaction.kind, cast(func.sum(PointsTransaction.points), BigInteger))
        .join(LoyaltyAccount, LoyaltyAccount.id == PointsTransaction.account_id)
        .where(*_members(wanted, scope), wanted.window.holds(PointsTransaction.at))
        .group_by(PointsTransaction.kind)
    )
    by_kind = {row[0]: row[1] for row in moved}
    issued = sum(by_kind.get(kind, 0) for kind in _ISSUED)
    out = {kind: -by_kind.get(kind, 0) for kind in (PointsKind.REDEEM, PointsKind.EXPIRE)}
    redeemed = out[PointsKind.REDEEM] - by_kind.get(PointsKind.REFUND, 0)
    outstanding = session.scalar(
        select(cast(func.coalesce(func.sum(LoyaltyAccount.available), 0), BigInteger)).where(
            *_members(wanted, scope)
        )
    )
    return Points(
        issued=issued,
        redeemed=Rate(redeemed, issued, is_of_cases=False),
        expired=Rate(out[PointsKind.EXPIRE], issued, is_of_cases=False),
        outstanding=outstanding or 0,
    )


# -- preferences ----------------------------------------------------------------------------------

# As the gate reads consents: the last word on marketing, unless all was withdrawn after it.
_AGREES = text("""
    exists (
        select from address_holders h
        join lateral (
            select w.id, w.is_granted from consents w
            where w.address_id = h.address_id and w.purpose = 'marketing'
            order by w.id desc limit 1
        ) said on said.is_granted
        left join lateral (
            select w.id, w.is_granted from consents w
            where w.address_id = h.address_id and w.purpose = 'all'
            order by w.id desc limit 1
        ) whole on true
        where h.patient_id = patient_profiles.id
            and (whole.id is null or whole.is_granted or whole.id < said.id)
    )
""")


def _preferences(session: Session, wanted: Wanted, scope: Scope) -> Preferences:
    at_home = [scope.where(Patient.home_hospital_id), *wanted.at(Patient.home_hospital_id)]
    is_alive = Patient.status == PatientStatus.ACTIVE
    is_suppressed = exists().where(
        Suppression.address_id == Address.id, Suppression.lifted_at.is_(None)
    )
    is_reached = exists(
        select(Address.id)
        .join(AddressHolder, AddressHolder.address_id == Address.id)
        .where(AddressHolder.patient_id == Patient.id, ~is_suppressed)
    )
    reached, alive, gone, agreed = session.execute(
        select(
            func.count().filter(is_alive, is_reached),
            func.count().filter(is_alive),
            func.count().filter(~is_alive),
            func.count().filter(is_alive, is_reached, _AGREES),
        )
        .select_from(Patient)
        .where(*at_home)
    ).one()
    contactable = [*at_home, is_alive, is_reached]
    return Preferences(
        contactable=Rate(reached, alive, nonzero({"erased, deceased or inactive": gone})),
        by_channel=_by(
            session, func.coalesce(cast(Patient.preferred_channel, String), "any"), contactable
        ),
        by_language=_by(session, Patient.language, contactable),
        marketing=Rate(agreed, reached),
    )


def _by(session: Session, key: Any, conditions: list[ColumnElement[bool]]) -> dict[str, int]:
    rows = session.execute(
        select(key.label("group_key"), func.count())
        .where(*conditions)
        .group_by(text("group_key"))
        .order_by(text("group_key"))
    )
    return {str(each): number for each, number in rows}
