"""The weekly hours of practitioners."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from crm import schedules
from crm.api.kit import Body, Data, Door, Out, Page, Query, call, expected_version, needs
from crm.api.kit.changes import given
from crm.api.kit.fields import Day, Version, WallClock
from crm.api.kit.shapes import Given
from crm.kit.clock import lagos_day
from crm.kit.permissions import Permission
from crm.models import Schedule

door = Door("schedules", __name__)

Weekday = Annotated[int, Field(ge=0, le=6, description="0 is Monday.")]
_EMPTIED = frozenset({"service_id", "valid_to"})


class ScheduleQuery(Query):
    """Which hours; `on` are those in force on that day."""

    hospital_id: UUID | None = None
    practitioner_id: UUID | None = None
    service_id: UUID | None = None
    on: Day | None = None


class ScheduleBody(Body):
    """Hours on one day of every week. Hours of a session service name it and are its session."""

    practitioner_id: UUID
    service_id: UUID | None = None
    weekday: Weekday
    starts: WallClock
    ends: WallClock
    valid_from: Day | None = None
    valid_to: Day | None = None


class ScheduleChange(Body):
    """What may change; a field left out stays, null empties service and last day."""

    version: Version | None = None
    service_id: UUID | None = None
    weekday: Weekday | None = None
    starts: WallClock | None = None
    ends: WallClock | None = None
    valid_from: Day | None = None
    valid_to: Day | None = None


class ScheduleEnd(Given):
    """The last day on which the hours count; today unless said."""

    last: Day | None = None


class ScheduleOut(Out):
    """Hours of a practitioner, Lagos wall clock."""

    id: UUID
    practitioner_id: UUID
    service_id: UUID | None
    weekday: int
    starts: WallClock
    ends: WallClock
    valid_from: date
    valid_to: date | None
    version: int


@door.get("/schedules")
@needs(Permission.HOSPITALS_READ)
@door.input(ScheduleQuery, location="query")
@door.output(Page[ScheduleOut])
def index(query_data: ScheduleQuery) -> Page[ScheduleOut]:
    """The hours one may see, through the week."""
    found = schedules.search(
        call.session,
        scope=call.scope,
        page=query_data.page(),
        hospital_id=query_data.hospital_id,
        practitioner_id=query_data.practitioner_id,
        service_id=query_data.service_id,
        on=query_data.on,
    )
    return Page[ScheduleOut].of(found, ScheduleOut.model_validate)


@door.post("/schedules")
@needs(Permission.HOSPITALS_WRITE)
@door.input(ScheduleBody)
@door.output(Data[ScheduleOut], status_code=201)
def create(json_data: ScheduleBody) -> Data[ScheduleOut]:
    """Let a practitioner work these hours every week."""
    hours = {name: value for name, value in json_data if value is not None}
    return _one(schedules.create(call.session, by=call.actor, now=call.now, **hours))


@door.get("/schedules/<uuid:schedule_id>")
@needs(Permission.HOSPITALS_READ)
@door.output(Data[ScheduleOut])
def show(schedule_id: UUID) -> Data[ScheduleOut]:
    """The hours of one row."""
    return _one(schedules.get(call.session, schedule_id, scope=call.scope))


@door.patch("/schedules/<uuid:schedule_id>")
@needs(Permission.HOSPITALS_WRITE)
@door.input(ScheduleChange)
@door.output(Data[ScheduleOut])
def change(schedule_id: UUID, json_data: ScheduleChange) -> Data[ScheduleOut]:
    """Change hours; what is booked stays booked."""
    schedule = schedules.change(
        call.session,
        schedule_id,
        version=expected_version(json_data.version),
        by=call.actor,
        now=call.now,
        **given(json_data, nullable=_EMPTIED),
    )
    return _one(schedule)


@door.delete("/schedules/<uuid:schedule_id>")
@needs(Permission.HOSPITALS_WRITE)
@door.input(ScheduleEnd, location="query")
@door.output(Data[ScheduleOut])
def end(schedule_id: UUID, query_data: ScheduleEnd) -> Data[ScheduleOut]:
    """End hours after a day; those that never began are gone altogether (`meta.gone`)."""
    schedule = schedules.get(call.session, schedule_id, scope=call.scope)
    before = ScheduleOut.model_validate(schedule)
    ended = schedules.end(
        call.session,
        schedule_id,
        version=schedule.version,
        last=query_data.last or lagos_day(call.now),
        by=call.actor,
        now=call.now,
    )
    if ended is None:
        call.concerns("schedule", schedule_id)
        return Data(data=before, meta={"gone": True})
    return _one(ended)


def _one(schedule: Schedule) -> Data[ScheduleOut]:
    call.concerns("schedule", schedule.id)
    return Data(data=ScheduleOut.model_validate(schedule))
