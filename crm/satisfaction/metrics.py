"""How satisfied owners are, counted: by month, hospital, state or kind of contract.

There is one answer for each owner, contract and quarter. The plain average counts answers; the
owner-weighted one counts each owner once, however many contracts they have. Groups of fewer than
five answers are left out and counted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Float, Select, String, cast, func, select, text
from sqlalchemy.orm import Session

from crm.kit.intervals import Rate
from crm.kit.permissions import Scope
from crm.kit.scores import Tally, counted
from crm.kit.windows import Window, lagos_start
from crm.models import (
    Contract,
    ContractModel,
    Hospital,
    InvitationStatus,
    Message,
    MessageStatus,
    OwnerSatisfaction,
    OwnerSurvey,
)
from crm.satisfaction.questions import DIMENSIONS

_ARRIVED = (MessageStatus.DELIVERED, MessageStatus.READ)
Grouped = Select[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which answers; what is None narrows nothing."""

    window: Window
    hospital_id: UUID | None = None
    state: str | None = None
    contract_model: ContractModel | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """One line of a series."""

    key: str
    name: str
    tally: Tally


@dataclass(frozen=True, slots=True)
class Driver:
    """The mean of one dimension over those who answered it."""

    mean: float | None
    n: int


@dataclass(frozen=True, slots=True)
class Metrics:
    """The figures of one question."""

    tally: Tally
    owner_weighted_average: float | None
    drivers: Mapping[str, Driver]
    response: Rate
    series: Sequence[Group]
    suppressed_groups: int
    as_of: datetime


def metrics(
    session: Session, wanted: Wanted, *, scope: Scope, now: datetime, group_by: str | None = None
) -> Metrics:
    """Count what owners said in the window; `group_by` is one of `GROUPS`."""
    series = _groups(session, group_by, wanted, scope) if group_by else []
    shown = [group for group in series if not group.tally.is_hidden]
    columns = counted(OwnerSatisfaction.overall, OwnerSatisfaction.nps)
    return Metrics(
        tally=Tally.of(session.execute(_within(select(*columns), wanted, scope)).one()),
        owner_weighted_average=_owner_weighted(session, wanted, scope),
        drivers=_drivers(session, wanted, scope),
        response=response(session, wanted, scope),
        series=shown,
        suppressed_groups=len(series) - len(shown),
        as_of=now,
    )


def response(session: Session, wanted: Wanted, scope: Scope) -> Rate:
    """Answered before the round ended, of those whose question arrived."""
    is_posted = OwnerSurvey.status == InvitationStatus.POSTED
    arrived = (
        select(Message.id)
        .where(Message.id == OwnerSurvey.message_id, Message.status.in_(_ARRIVED))
        .exists()
    )
    in_time = OwnerSurvey.answered_at < OwnerSurvey.expires_at
    asked = (
        select(
            func.count().filter(is_posted, arrived, in_time),
            func.count().filter(is_posted, arrived),
            func.count().filter(is_posted, ~arrived),
            func.count().filter(OwnerSurvey.status == InvitationStatus.SKIPPED),
        )
        .select_from(OwnerSurvey)
        .join(Contract, Contract.id == OwnerSurvey.contract_id)
        .join(Hospital, Hospital.id == OwnerSurvey.hospital_id)
        .where(scope.where(OwnerSurvey.hospital_id), wanted.window.holds(OwnerSurvey.due_at))
        .where(*_narrowing(wanted))
    )
    answered, delivered, lost, skipped = session.execute(asked).one()
    left_out = {"not delivered": lost, "not asked": skipped}
    return Rate(answered, delivered, {why: n for why, n in left_out.items() if n})


# -- the answers that count -----------------------------------------------------------------------


def _within(found: Grouped, wanted: Wanted, scope: Scope) -> Grouped:
    return (
        found.select_from(OwnerSatisfaction)
        .outerjoin(Contract, Contract.id == OwnerSatisfaction.contract_id)
        .outerjoin(Hospital, Hospital.id == OwnerSatisfaction.hospital_id)
        .where(scope.where(OwnerSatisfaction.hospital_id))
        .where(wanted.window.holds(OwnerSatisfaction.said_at))
        .where(*_narrowing(wanted))
    )


def _narrowing(wanted: Wanted) -> list[ColumnElement[bool]]:
    same = {
        Hospital.id: wanted.hospital_id,
        Hospital.state: wanted.state,
        Contract.model: wanted.contract_model,
    }
    return [column == value for column, value in same.items() if value is not None]


def _owner_weighted(session: Session, wanted: Wanted, scope: Scope) -> float | None:
    of_each = select(cast(func.avg(OwnerSatisfaction.overall), Float).label("mean"))
    means = _within(of_each, wanted, scope).group_by(OwnerSatisfaction.owner_id).subquery()
    return session.scalar(select(func.avg(means.c.mean)))


def _drivers(session: Session, wanted: Wanted, scope: Scope) -> dict[str, Driver]:
    columns = [getattr(OwnerSatisfaction, name) for name in DIMENSIONS]
    asked = [(cast(func.avg(column), Float), func.count(column)) for column in columns]
    flat = [each for pair in asked for each in pair]
    row = session.execute(_within(select(*flat), wanted, scope)).one()
    return {
        name: Driver(row[2 * place], row[2 * place + 1]) for place, name in enumerate(DIMENSIONS)
    }


# -- groups ---------------------------------------------------------------------------------------

_MONTH = func.to_char(lagos_start("month", OwnerSatisfaction.said_at), "YYYY-MM")
_HOSPITAL = cast(Hospital.id, String)
_MODEL = cast(Contract.model, String)
GROUPS: Mapping[str, tuple[ColumnElement[str], ColumnElement[str]]] = {
    "month": (_MONTH, _MONTH),
    "hospital": (_HOSPITAL, cast(Hospital.name, String)),
    "state": (cast(Hospital.state, String), cast(Hospital.state, String)),
    "contract_model": (_MODEL, _MODEL),
}


def _groups(session: Session, group_by: str, wanted: Wanted, scope: Scope) -> list[Group]:
    key, name = GROUPS[group_by]
    columns = counted(OwnerSatisfaction.overall, OwnerSatisfaction.nps)
    labelled: Grouped = select(key.label("group_key"), name.label("group_name"), *columns)
    found = _within(labelled, wanted, scope).where(key.is_not(None))
    # By their labels: the same bound format twice would be two expressions.
    by = (text("group_name"), text("group_key"))
    rows = session.execute(found.group_by(*by).order_by(*by))
    return [Group(each[0], each[1], Tally.of(each[2:])) for each in rows]
