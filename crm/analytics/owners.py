"""How it goes with owners: satisfied, paid in time, reached, staying."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Date, Select, cast, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from bot.channels.carrier import Channel
from crm import holidays, satisfaction
from crm.analytics.wanted import Wanted, nonzero
from crm.kit.clock import lagos_day
from crm.kit.ids import uuid7_floor
from crm.kit.intervals import Rate
from crm.kit.permissions import Scope
from crm.models import (
    Contract,
    ContractStatus,
    Conversation,
    Direction,
    Message,
    MessageStatus,
    Owner,
    Payout,
    PayoutStatus,
)
from crm.satisfaction import Metrics

ON_TIME_DAYS = 3
"""Working days after the due day on which a payment still counts as in time."""
DECIDED_AFTER = timedelta(days=30)
ENGAGED_WITHIN = timedelta(days=7)
_ARRIVED = (MessageStatus.DELIVERED, MessageStatus.READ)
_LONGEST_WAIT = timedelta(days=95)


@dataclass(frozen=True, slots=True)
class Owners:
    """The figures of owners."""

    satisfaction: Metrics
    payouts_completed: Rate
    value_completed: Rate
    payouts_on_time: Rate
    engagement: Mapping[str, Rate]
    """By channel: text messages report no reading, so of them only answers count."""
    renewal: Rate
    as_of: datetime


def owners(session: Session, wanted: Wanted, *, scope: Scope, now: datetime) -> Owners:
    """Count what concerns owners in the window."""
    asked = satisfaction.Wanted(window=wanted.window, hospital_id=wanted.hospital_id)
    completed, value, on_time = _payouts(session, wanted, scope, now)
    return Owners(
        satisfaction=satisfaction.metrics(session, asked, scope=scope, now=now),
        payouts_completed=completed,
        value_completed=value,
        payouts_on_time=on_time,
        engagement=_engagement(session, wanted, scope),
        renewal=_renewal(session, wanted, scope, now),
        as_of=now,
    )


# -- payouts --------------------------------------------------------------------------------------


def _payouts(
    session: Session, wanted: Wanted, scope: Scope, now: datetime
) -> tuple[Rate, Rate, Rate]:
    """By number, by value, and paid within three working days of the due day, of what fell due."""
    excluded: Counter[str] = Counter()
    due, due_kobo, done, done_kobo, in_time = 0, 0, 0, 0, 0
    today = lagos_day(now)
    for status, due_on, paid_on, is_zero, number, kobo in session.execute(_due(wanted, scope)):
        reason = _left_out(status, due_on, today, is_zero=is_zero)
        if reason:
            excluded[reason] += number
            continue
        due, due_kobo = due + number, due_kobo + kobo
        if status == PayoutStatus.COMPLETED:
            done, done_kobo = done + number, done_kobo + kobo
            in_time += number if paid_on <= latest_in_time(due_on) else 0
    left_out = dict(excluded)
    return (
        Rate(done, due, left_out),
        Rate(done_kobo, due_kobo, left_out, is_of_cases=False),
        Rate(in_time, due, left_out),
    )


def _due(wanted: Wanted, scope: Scope) -> Select[PayoutStatus, date, date, bool, int, int]:
    """The payouts that fall due in the window, counted by what matters."""
    paid_on = cast(func.timezone("Africa/Lagos", Payout.paid_at), Date)
    key = (Payout.status, Payout.due_on, paid_on, Payout.net_kobo == 0)
    kobo = cast(func.sum(Payout.net_kobo), Payout.net_kobo.type)
    return (
        select(*key, func.count(), kobo)
        .where(scope.where(Payout.hospital_id), *wanted.at(Payout.hospital_id))
        .where(Payout.due_on.between(wanted.window.since, wanted.window.until))
        .group_by(*key)
    )


def _left_out(status: PayoutStatus, due_on: date, today: date, *, is_zero: bool) -> str | None:
    if status in {PayoutStatus.CANCELLED, PayoutStatus.REJECTED}:
        return str(status)
    if is_zero:
        return "nothing to pay"
    if due_on > today and status != PayoutStatus.COMPLETED:
        return "not due yet"
    return None


def latest_in_time(due_on: date) -> date:
    """Three working days after the due day: no week-ends, no public holidays."""
    closed = holidays.closed_days(due_on, due_on + timedelta(days=31))
    day, left = due_on, ON_TIME_DAYS
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < 5 and day not in closed  # noqa: PLR2004 -- Saturday
    return day


# -- messages -------------------------------------------------------------------------------------


def _engagement(session: Session, wanted: Wanted, scope: Scope) -> dict[str, Rate]:
    """Delivered messages that were read, or answered within a week."""
    answer = aliased(Message)
    is_answered = exists(
        select(answer.id)
        .join(Conversation, Conversation.id == answer.conversation_id)
        .where(Conversation.address_id == Message.address_id)
        .where(answer.direction == Direction.IN, answer.due_at > Message.due_at)
        .where(answer.due_at <= Message.due_at + ENGAGED_WITHIN)
    )
    is_engaged = or_(Message.status == MessageStatus.READ, is_answered)
    rows = session.execute(
        select(
            Message.channel,
            func.count().filter(~Message.is_test, is_engaged),
            func.count().filter(~Message.is_test),
            func.count().filter(Message.is_test),
        )
        .join(Owner, Owner.id == Message.owner_id)
        .where(Message.direction == Direction.OUT, Message.status.in_(_ARRIVED))
        .where(Message.id >= uuid7_floor(wanted.window.begins_at - _LONGEST_WAIT))
        .where(wanted.window.holds(Message.due_at))
        .where(_reaches(scope), *_reaches_hospital(wanted))
        .group_by(Message.channel)
    )
    return {
        Channel(channel): Rate(engaged, delivered, nonzero({"test": tests}))
        for channel, engaged, delivered, tests in rows
    }


def _reaches(scope: Scope) -> ColumnElement[bool]:
    """Owners at home in the scope, or with a contract there."""
    has_contract = exists().where(Contract.owner_id == Owner.id, scope.where(Contract.hospital_id))
    return or_(scope.where(Owner.hospital_id), has_contract)


def _reaches_hospital(wanted: Wanted) -> list[ColumnElement[bool]]:
    return [_reaches(Scope(frozenset({wanted.hospital_id})))] if wanted.hospital_id else []


# -- contracts ------------------------------------------------------------------------------------


def _renewal(session: Session, wanted: Wanted, scope: Scope, now: datetime) -> Rate:
    """Contracts that ended and were followed by another within thirty days."""
    successor = aliased(Contract)
    is_followed = exists(
        select(successor.id).where(
            successor.owner_id == Contract.owner_id,
            successor.hospital_id == Contract.hospital_id,
            successor.status != ContractStatus.CANCELLED,
            successor.id != Contract.id,
            successor.starts_on > Contract.ends_on,
            successor.starts_on <= Contract.ends_on + DECIDED_AFTER.days,
        )
    )
    is_decided = Contract.ends_on + DECIDED_AFTER.days < lagos_day(now)
    ran_out = Contract.status == ContractStatus.ACTIVE
    row = session.execute(
        select(
            func.count().filter(ran_out, is_decided, is_followed),
            func.count().filter(ran_out, is_decided),
            func.count().filter(ran_out, ~is_decided),
            func.count().filter(Contract.status == ContractStatus.TERMINATED),
            func.count().filter(Contract.status == ContractStatus.CANCELLED),
        )
        .where(scope.where(Contract.hospital_id), *wanted.at(Contract.hospital_id))
        .where(Contract.ends_on.between(wanted.window.since, wanted.window.until))
    ).one()
    renewed, ended, pending, terminated, cancelled = row
    return Rate(
        renewed,
        ended,
        nonzero({"not decided yet": pending, "terminated": terminated, "cancelled": cancelled}),
    )
