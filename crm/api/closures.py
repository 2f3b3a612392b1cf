"""Closures: leave, days when a hospital or the group is shut, and public holidays."""

from datetime import date, datetime, timedelta
from uuid import UUID

from crm import closures, holidays
from crm.api.kit import Body, Data, Door, Empty, Out, Page, Query, call, expected_version, needs
from crm.api.kit.changes import given
from crm.api.kit.fields import Day, Moment, Reason, Version
from crm.api.kit.shapes import Given
from crm.kit.clock import lagos_day
from crm.kit.errors import Invalid
from crm.kit.permissions import Permission
from crm.models import Closure

door = Door("closures", __name__)

_YEAR = timedelta(days=366)


class ClosureQuery(Query):
    """Which closures: those that touch this stretch of time."""

    hospital_id: UUID | None = None
    practitioner_id: UUID | None = None
    begin: Moment | None = None
    end: Moment | None = None


class ClosureBody(Body):
    """A stretch that is closed: for one practitioner, for a hospital, or, without both, for all.

    `is_open` opens a public holiday instead.
    """

    hospital_id: UUID | None = None
    practitioner_id: UUID | None = None
    starts_at: Moment
    ends_at: Moment
    is_open: bool = False
    reason: Reason


class ClosureChange(Body):
    """What may change; a field left out stays."""

    version: Version | None = None
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    is_open: bool | None = None
    reason: Reason | None = None


class ClosureOut(Out):
    """A closure; without hospital and practitioner it is the whole group's."""

    id: UUID
    hospital_id: UUID | None
    practitioner_id: UUID | None
    starts_at: datetime | None
    ends_at: datetime | None
    is_open: bool
    reason: str
    version: int

    @classmethod
    def of(cls, closure: Closure) -> "ClosureOut":
        """The row, its stretch as two moments."""
        return cls(
            id=closure.id,
            hospital_id=closure.hospital_id,
            practitioner_id=closure.practitioner_id,
            starts_at=closure.during.lower,
            ends_at=closure.during.upper,
            is_open=closure.is_open,
            reason=closure.reason,
            version=closure.version,
        )


class HolidayQuery(Given):
    """From which day to which; a year at most, this year from today unless said."""

    first: Day | None = None
    last: Day | None = None


class HolidayOut(Out):
    """A public holiday; a tentative one may still move."""

    on: date
    name: str
    is_tentative: bool


@door.get("/closures")
@needs(Permission.HOSPITALS_READ)
@door.input(ClosureQuery, location="query")
@door.output(Page[ClosureOut])
def index(query_data: ClosureQuery) -> Page[ClosureOut]:
    """The closures one may see, the group's among them, by when they begin."""
    if query_data.begin and query_data.end and query_data.end <= query_data.begin:
        raise Invalid("end", "It must come after the beginning.")
    found = closures.search(
        call.session,
        scope=call.scope,
        page=query_data.page(),
        hospital_id=query_data.hospital_id,
        practitioner_id=query_data.practitioner_id,
        begin=query_data.begin,
        end=query_data.end,
    )
    return Page[ClosureOut].of(found, ClosureOut.of)


@door.post("/closures")
@needs(Permission.HOSPITALS_WRITE)
@door.input(ClosureBody)
@door.output(Data[ClosureOut], status_code=201)
def create(json_data: ClosureBody) -> Data[ClosureOut]:
    """Close a stretch of time; `meta.visits_within` counts the visits to call about."""
    about = dict(json_data)
    return _one(closures.create(call.session, by=call.actor, now=call.now, **about))


@door.get("/closures/<uuid:closure_id>")
@needs(Permission.HOSPITALS_READ)
@door.output(Data[ClosureOut])
def show(closure_id: UUID) -> Data[ClosureOut]:
    """One closure."""
    return _one(closures.get(call.session, closure_id, scope=call.scope))


@door.patch("/closures/<uuid:closure_id>")
@needs(Permission.HOSPITALS_WRITE)
@door.input(ClosureChange)
@door.output(Data[ClosureOut])
def change(closure_id: UUID, json_data: ClosureChange) -> Data[ClosureOut]:
    """Move a closure, or say otherwise why."""
    closure = closures.change(
        call.session,
        closure_id,
        version=expected_version(json_data.version),
        by=call.actor,
        now=call.now,
        **given(json_data),
    )
    return _one(closure)


@door.delete("/closures/<uuid:closure_id>")
@needs(Permission.HOSPITALS_WRITE)
@door.output(Empty, status_code=204)
def delete(closure_id: UUID) -> Empty:
    """Open what was closed."""
    closure = closures.get(call.session, closure_id, scope=call.scope)
    call.concerns("closure", closure.id, hospital_id=closure.hospital_id)
    closures.delete(call.session, closure_id, version=closure.version, by=call.actor, now=call.now)
    return Empty()


@door.get("/holidays")
@needs(Permission.HOSPITALS_READ)
@door.input(HolidayQuery, location="query")
@door.output(Data[list[HolidayOut]])
def public_holidays(query_data: HolidayQuery) -> Data[list[HolidayOut]]:
    """Public holidays as the calendar knows them; a closure with `is_open` overrides one."""
    first = query_data.first or lagos_day(call.now)
    last = query_data.last or first + _YEAR
    if not timedelta() <= last - first <= _YEAR:
        raise Invalid("last", "Ask for a year at most, the last day after the first.")
    shown = [
        HolidayOut(on=day, name=name, is_tentative=holidays.is_tentative(name))
        for day, name in sorted(holidays.closed_days(first, last).items())
    ]
    return Data(data=shown)


def _one(closure: Closure) -> Data[ClosureOut]:
    call.concerns("closure", closure.id, hospital_id=closure.hospital_id)
    within = closures.visits_within(call.session, closure)
    return Data(data=ClosureOut.of(closure), meta={"visits_within": within})
