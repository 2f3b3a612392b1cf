"""What patients think, counted: satisfaction, recommendation, answers, follow-ups."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, String, cast, func, select, text, true
from sqlalchemy.orm import Session

from crm import follow_ups
from crm.feedback import invited
from crm.feedback.invited import Wanted
from crm.kit.intervals import Rate
from crm.kit.permissions import Scope
from crm.kit.scores import Tally, counted
from crm.kit.windows import lagos_start
from crm.models import FollowUp, Hospital, PatientFeedback, Practitioner, Service


@dataclass(frozen=True, slots=True)
class Group:
    """One line of a series."""

    key: str
    name: str
    tally: Tally


@dataclass(frozen=True, slots=True)
class Handling:
    """How complaints were dealt with."""

    open: int
    breached: int
    median_hours: float | None
    """From opening to first contact."""


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures of one question. Groups of fewer than five answers are left out and counted."""

    tally: Tally
    response: Rate
    is_complete: bool
    """False while some who were invited may still answer in time."""
    unasked: int
    by_category: Sequence[Group]
    handling: Handling
    series: Sequence[Group]
    suppressed_groups: int
    as_of: datetime


def summary(
    session: Session, wanted: Wanted, *, scope: Scope, now: datetime, group_by: str | None = None
) -> Summary:
    """Count what was said in the window; `group_by` is one of `GROUPS`."""
    conditions = _conditions(wanted, scope)
    series = _groups(session, GROUPS[group_by], conditions) if group_by else []
    topics = _groups(session, _by_category(), conditions)
    shown = [group for group in series if not group.tally.is_hidden]
    return Summary(
        tally=_tally(session, conditions),
        response=invited.response(session, wanted, scope),
        is_complete=wanted.window.ends_at + invited.ANSWERED_WITHIN <= now,
        unasked=invited.unasked(session, wanted, scope),
        by_category=[group for group in topics if not group.tally.is_hidden],
        handling=_handling(session, conditions, now),
        series=shown,
        suppressed_groups=len(series) - len(shown),
        as_of=now,
    )


def _conditions(wanted: Wanted, scope: Scope) -> list[ColumnElement[bool]]:
    same = {
        PatientFeedback.hospital_id: wanted.hospital_id,
        PatientFeedback.practitioner_id: wanted.practitioner_id,
        PatientFeedback.service_id: wanted.service_id,
        PatientFeedback.source: wanted.source,
    }
    narrowed = [column == value for column, value in same.items() if value is not None]
    if wanted.category:
        narrowed.append(PatientFeedback.categories.contains([wanted.category]))
    in_scope = scope.where(PatientFeedback.hospital_id)
    return [in_scope, wanted.window.holds(PatientFeedback.said_at), *narrowed]


def _tally(session: Session, conditions: Sequence[ColumnElement[bool]]) -> Tally:
    columns = counted(PatientFeedback.rating, PatientFeedback.nps)
    return Tally.of(session.execute(select(*columns).where(*conditions)).one())


# -- groups ---------------------------------------------------------------------------------------

Grouped = Select[*tuple[Any, ...]]


def _by_time(part: str) -> Grouped:
    key = func.to_char(lagos_start(part, PatientFeedback.said_at), "YYYY-MM-DD")
    return _keyed(key, key).select_from(PatientFeedback)


def _by_hospital() -> Grouped:
    return _by_name(Hospital.id, Hospital.name).join(
        Hospital, Hospital.id == PatientFeedback.hospital_id
    )


def _by_practitioner() -> Grouped:
    return _by_name(Practitioner.id, Practitioner.name).join(
        Practitioner, Practitioner.id == PatientFeedback.practitioner_id
    )


def _by_service() -> Grouped:
    return _by_name(Service.id, Service.name).join(
        Service, Service.id == PatientFeedback.service_id
    )


def _by_name(id_: Any, name: Any) -> Grouped:
    return _keyed(cast(id_, String), name).select_from(PatientFeedback)


def _by_category() -> Grouped:
    unnested = func.unnest(PatientFeedback.categories).table_valued("topic")
    topics = unnested.lateral("topic")  # PostgreSQL names its column after it
    found = _keyed(topics.c.topic, topics.c.topic).select_from(PatientFeedback)
    return found.join(topics, true())


def _keyed(key: Any, name: Any) -> Grouped:
    # By their labels: the same bound format twice would be two expressions.
    labelled: Grouped = select(key.label("group_key"), name.label("group_name"))
    by = (text("group_name"), text("group_key"))
    return labelled.group_by(*by).order_by(*by)


GROUPS: Mapping[str, Grouped] = {
    "day": _by_time("day"),
    "week": _by_time("week"),
    "month": _by_time("month"),
    "hospital": _by_hospital(),
    "practitioner": _by_practitioner(),
    "service": _by_service(),
    "category": _by_category(),
}


def _groups(
    session: Session, grouped: Grouped, conditions: Sequence[ColumnElement[bool]]
) -> list[Group]:
    columns = counted(PatientFeedback.rating, PatientFeedback.nps)
    rows = session.execute(grouped.add_columns(*columns).where(*conditions))
    return [Group(key, name, Tally.of(counts)) for key, name, *counts in rows]


def _handling(
    session: Session, conditions: Sequence[ColumnElement[bool]], now: datetime
) -> Handling:
    took = FollowUp.first_contact_at - FollowUp.opened_at
    hours = func.greatest(func.extract("epoch", took), 0) / 3600
    row = session.execute(
        select(
            func.count().filter(FollowUp.resolved_at.is_(None)),
            func.count().filter(follow_ups.breached(now)),
            func.percentile_cont(0.5).within_group(hours).filter(took.is_not(None)),
        )
        .select_from(FollowUp)
        .join(PatientFeedback, PatientFeedback.id == FollowUp.feedback_id)
        .where(*conditions)
    ).one()
    return Handling(row[0], row[1], None if row[2] is None else float(row[2]))
