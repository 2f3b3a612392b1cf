"""How messages fared: counts, rates with their intervals, how long they took, what they cost.

Counted live from the messages themselves, by the Lagos day on which they were due; tests of
channels never count.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Date, Select, and_, cast, exists, func, or_, select, true
from sqlalchemy.orm import Session

from bot.channels.carrier import Channel
from bot.channels.errors import explain
from crm.kit.clock import at_lagos
from crm.kit.ids import uuid7_floor
from crm.kit.intervals import Rate
from crm.kit.permissions import Scope
from crm.models import (
    AddressHolder,
    CampaignRecipient,
    Direction,
    Message,
    MessageAttempt,
    MessageStatus,
    Owner,
    Patient,
    Purpose,
    Suppression,
    SuppressionReason,
    Template,
    TemplateVersion,
)
from crm.templates import Prices

_LONGEST_WAIT = timedelta(days=95)
"""A message may be set for so long ahead, and its id carries the day it was asked for."""
_TOP = 10

_Query = Select[*tuple[Any, ...]]

S = MessageStatus
_ARRIVED = (S.DELIVERED, S.READ)
_SENT = (S.SENT, *_ARRIVED)
_ACCEPTED = (S.ACCEPTED, *_SENT)
_FAILED = (S.FAILED, S.UNDELIVERED)


class Grouping(StrEnum):
    """What a series runs over."""

    HOUR = "hour"
    DAY = "day"
    CHANNEL = "channel"
    TEMPLATE = "template"
    ERROR_CODE = "error_code"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which messages; the days are Lagos days, both included."""

    since: date
    until: date
    channel: Channel | None = None
    purpose: Purpose | None = None
    template: str | None = None
    campaign_id: UUID | None = None
    hospital_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """So many messages in each standing; what was delivered was sent and accepted too."""

    by_status: Mapping[MessageStatus, int]

    def of(self, *statuses: MessageStatus) -> int:
        """How many are in these."""
        return sum(self.by_status.get(status, 0) for status in statuses)

    @property
    def totals(self) -> Mapping[str, int]:
        """The counts by the names of the API."""
        return {
            "requested": sum(self.by_status.values()),
            "suppressed": self.of(S.SUPPRESSED),
            "waiting": self.of(S.QUEUED, S.SENDING),
            "accepted": self.of(*_ACCEPTED),
            "sent": self.of(*_SENT),
            "delivered": self.of(*_ARRIVED),
            "read": self.of(S.READ),
            "failed": self.of(*_FAILED),
            "unknown": self.of(S.UNKNOWN),
            "expired": self.of(S.EXPIRED),
            "cancelled": self.of(S.CANCELLED),
        }

    @property
    def rates(self) -> Mapping[str, Rate]:
        """Delivered and failed of what was handed over, read of what was delivered."""
        handed = self.of(*_ACCEPTED, *_FAILED)
        return {
            "delivered": Rate(self.of(*_ARRIVED), handed),
            "failed": Rate(self.of(*_FAILED), handed),
            "read": Rate(self.of(S.READ), self.of(*_ARRIVED)),
        }


@dataclass(frozen=True, slots=True)
class TopError:
    """A carrier's code, how often it came and what it means."""

    code: int
    number: int
    meaning: str


@dataclass(frozen=True, slots=True)
class Statistics:
    """The answer."""

    counts: Counts
    series: Sequence[tuple[str, Counts]]
    received: int
    opt_outs: int
    p50_s: float | None
    p95_s: float | None
    """Seconds from handing over to delivery, of those not read yet."""
    cost_kobo: int
    top_errors: Sequence[TopError]


def statistics(
    session: Session, wanted: Wanted, *, scope: Scope, group_by: Grouping = Grouping.DAY
) -> Statistics:
    """Count the messages that one may know of."""
    conditions = _conditions(wanted, scope)
    out = and_(Message.direction == Direction.OUT, *conditions)
    series = _series(session, wanted, out, group_by)
    total: Counter[MessageStatus] = Counter()
    for _, counts in series:
        total.update(counts.by_status)
    p50, p95 = _latency(session, wanted, out)
    return Statistics(
        counts=Counts(total),
        series=series,
        received=_received(session, wanted, conditions),
        opt_outs=_opt_outs(session, wanted, scope),
        p50_s=p50,
        p95_s=p95,
        cost_kobo=_cost(session, wanted, out),
        top_errors=_top_errors(session, wanted, out),
    )


# -- which messages -------------------------------------------------------------------------------


def _span(wanted: Wanted) -> tuple[datetime, datetime]:
    return at_lagos(wanted.since), at_lagos(wanted.until + timedelta(days=1))


def _conditions(wanted: Wanted, scope: Scope) -> list[ColumnElement[bool]]:
    since, until = _span(wanted)
    conditions = [
        Message.id >= uuid7_floor(since - _LONGEST_WAIT),
        Message.due_at >= since,
        Message.due_at < until,
        ~Message.is_test,
        _in_scope(scope),
    ]
    if wanted.hospital_id is not None:
        conditions.append(_in_scope(Scope(frozenset({wanted.hospital_id}))))
    for column, value in (
        (Message.channel, wanted.channel),
        (Message.purpose, wanted.purpose),
        (Template.code, wanted.template),
        (CampaignRecipient.campaign_id, wanted.campaign_id),
    ):
        if value is not None:
            conditions.append(column == value)
    return conditions


def _in_scope(scope: Scope) -> ColumnElement[bool]:
    """A hospital's messages are those with its people."""
    if scope.hospitals is None:
        return true()
    is_patients = exists().where(
        Patient.id == Message.patient_id, scope.where(Patient.home_hospital_id)
    )
    return or_(
        is_patients, exists().where(Owner.id == Message.owner_id, scope.where(Owner.hospital_id))
    )


def _joined(query: _Query, wanted: Wanted, *, with_template: bool = False) -> _Query:
    if wanted.template is not None or with_template:
        query = query.outerjoin(
            TemplateVersion, TemplateVersion.id == Message.template_version_id
        ).outerjoin(Template, Template.id == TemplateVersion.template_id)
    if wanted.campaign_id is not None:
        query = query.join(CampaignRecipient, CampaignRecipient.id == Message.campaign_recipient_id)
    return query


# -- the figures ----------------------------------------------------------------------------------


def _series(
    session: Session, wanted: Wanted, out: ColumnElement[bool], group_by: Grouping
) -> list[tuple[str, Counts]]:
    key = _key(group_by)
    query = select(key.label("key"), Message.status, func.count()).select_from(Message)
    query = _joined(query, wanted, with_template=group_by is Grouping.TEMPLATE)
    rows = session.execute(query.where(out).group_by("key", Message.status))
    groups: defaultdict[str, dict[MessageStatus, int]] = defaultdict(dict)
    for name, status, number in rows:
        groups[_spelt(name)][status] = number
    return [(name, Counts(groups[name])) for name in sorted(groups)]


def _key(group_by: Grouping) -> ColumnElement[Any]:
    local = func.timezone("Africa/Lagos", Message.due_at)
    keys: Mapping[Grouping, Any] = {
        Grouping.HOUR: func.date_trunc("hour", local),
        Grouping.DAY: cast(local, Date),
        Grouping.CHANNEL: Message.channel,
        Grouping.TEMPLATE: Template.code,
        Grouping.ERROR_CODE: Message.error_code,
    }
    found: ColumnElement[Any] = keys[group_by]
    return found


def _spelt(key: Any) -> str:
    if key is None:
        return "none"
    return str(key.isoformat()) if isinstance(key, date) else str(key)


def _latency(
    session: Session, wanted: Wanted, out: ColumnElement[bool]
) -> tuple[float | None, float | None]:
    took = func.extract("epoch", Message.status_at - MessageAttempt.started_at)
    query = select(
        func.percentile_cont(0.5).within_group(took), func.percentile_cont(0.95).within_group(took)
    ).select_from(Message)
    query = _joined(query, wanted).join(
        MessageAttempt,
        and_(MessageAttempt.message_id == Message.id, MessageAttempt.n == Message.attempts),
    )
    row = session.execute(query.where(out, Message.status == S.DELIVERED)).one()
    p50, p95 = (float(each) if each is not None else None for each in row)
    return p50, p95


def _received(session: Session, wanted: Wanted, conditions: Sequence[ColumnElement[bool]]) -> int:
    query = _joined(select(func.count()).select_from(Message), wanted)
    return session.scalar(query.where(Message.direction == Direction.IN, *conditions)) or 0


def _opt_outs(session: Session, wanted: Wanted, scope: Scope) -> int:
    since, until = _span(wanted)
    query = select(func.count()).where(
        Suppression.reason == SuppressionReason.STOP,
        Suppression.since >= since,
        Suppression.since < until,
    )
    if scope.hospitals is not None:
        held = (
            select(AddressHolder.address_id)
            .join(Patient, Patient.id == AddressHolder.patient_id)
            .where(scope.where(Patient.home_hospital_id))
        )
        query = query.where(Suppression.address_id.in_(held))
    return session.scalar(query) or 0


def _cost(session: Session, wanted: Wanted, out: ColumnElement[bool]) -> int:
    """By the price of each day; answers inside WhatsApp's window cost nothing."""
    day = cast(func.timezone("Africa/Lagos", Message.due_at), Date).label("day")
    query: _Query = select(
        day, Message.channel, Message.purpose, func.sum(Message.segments), func.count()
    )
    query = _joined(query.select_from(Message), wanted)
    is_free = and_(Message.channel == Channel.WHATSAPP, Message.purpose == Purpose.REPLY)
    query = query.where(out, Message.status.in_((*_ACCEPTED, *_FAILED, S.UNKNOWN)), ~is_free)
    rows = session.execute(query.group_by(day, Message.channel, Message.purpose)).all()
    prices = {day: Prices.on(session, at_lagos(day)) for day in {row[0] for row in rows}}
    return sum(
        prices[day].of(channel, purpose, int(parts))
        if channel is Channel.SMS
        else prices[day].of(channel, purpose) * number
        for day, channel, purpose, parts, number in rows
    )


def _top_errors(session: Session, wanted: Wanted, out: ColumnElement[bool]) -> list[TopError]:
    query = _joined(select(Message.error_code, func.count()).select_from(Message), wanted)
    query = query.where(out, Message.error_code.is_not(None), Message.status.in_(_FAILED))
    rows = session.execute(
        query.group_by(Message.error_code)
        .order_by(func.count().desc(), Message.error_code)
        .limit(_TOP)
    )
    return [TopError(code, number, explain(code).words) for code, number in rows]
