"""What is free, and the sessions that many come to."""

from datetime import date, datetime, timedelta
from typing import Annotated
from uuid import UUID

from pydantic import Field

from crm import availability, clinic_sessions, patients, services
from crm.api.kit import Body, Data, Door, Out, Page, Query, call, expected_version, needs
from crm.api.kit.changes import given
from crm.api.kit.fields import Day, Moment, Version, WallClock
from crm.api.kit.shapes import Given
from crm.kit.clock import lagos_day
from crm.kit.errors import Invalid
from crm.kit.permissions import Permission
from crm.models import ClinicSession
from crm.slots import Slot

door = Door("availability", __name__)

_MOST_DAYS = timedelta(days=62)
_WEEK = timedelta(days=6)
_MOST_FREE_DAYS = 7


class FreeQuery(Given):
    """Of which service, with whom or anybody, from which day to which, between which hours."""

    service_id: UUID
    practitioner_id: UUID | None = None
    patient_id: UUID | None = None
    """Leaves out when this patient is elsewhere."""
    first: Day | None = None
    last: Day | None = None
    earliest: WallClock | None = None
    latest: WallClock | None = None
    limit: Annotated[int, Field(ge=1, le=500)] = 60


class SlotOut(Out):
    """A free time; a session with the places it has left."""

    practitioner_id: UUID
    practitioner: str
    start_at: datetime
    end_at: datetime
    places_left: int | None = None

    @classmethod
    def of(cls, slot: Slot) -> "SlotOut":
        """The slot in the contract's words."""
        return cls(
            practitioner_id=slot.practitioner_id,
            practitioner=slot.practitioner,
            start_at=slot.starts_at,
            end_at=slot.ends_at,
            places_left=slot.places_left,
        )


class DayOut(Out):
    """A day that has something free."""

    on: date
    free: int


@door.get("/availability")
@needs(Permission.HOSPITALS_READ)
@door.input(FreeQuery, location="query")
@door.output(Data[list[SlotOut]])
def free(query_data: FreeQuery) -> Data[list[SlotOut]]:
    """The free times of a service from day to day, a week unless said; each time once."""
    first = query_data.first or lagos_day(call.now)
    last = query_data.last or first + _WEEK
    if not timedelta() <= last - first <= _MOST_DAYS:
        raise Invalid("last", "Ask for two months at most, the last day after the first.")
    slots = availability.free_slots(
        call.session,
        services.get(call.session, query_data.service_id, scope=call.scope),
        first=first,
        last=last,
        now=call.now,
        earliest=query_data.earliest,
        latest=query_data.latest,
        limit=query_data.limit,
        practitioner_id=query_data.practitioner_id,
        patient_id=_patient_of(query_data),
    )
    return Data(data=[SlotOut.of(slot) for slot in slots])


@door.get("/availability/days")
@needs(Permission.HOSPITALS_READ)
@door.input(FreeQuery, location="query")
@door.output(Data[list[DayOut]])
def free_days(query_data: FreeQuery) -> Data[list[DayOut]]:
    """The next days that have something free, with how much; seven unless `limit` says fewer."""
    days = availability.free_days(
        call.session,
        services.get(call.session, query_data.service_id, scope=call.scope),
        now=call.now,
        from_day=query_data.first,
        count=min(query_data.limit, _MOST_FREE_DAYS),
        practitioner_id=query_data.practitioner_id,
        patient_id=_patient_of(query_data),
    )
    return Data(data=[DayOut(on=day, free=number) for day, number in days])


def _patient_of(query: FreeQuery) -> UUID | None:
    """Whose other visits count: the patient who asks, or one the caller may see."""
    if call.scope.patient_id is not None:
        return call.scope.patient_id
    if query.patient_id is None:
        return None
    scope = call.require(Permission.PATIENTS_READ)
    return patients.get(call.session, query.patient_id, scope=scope).id


# -- sessions -------------------------------------------------------------------------------------


class ClinicSessionQuery(Query):
    """Which sessions."""

    hospital_id: UUID | None = None
    service_id: UUID | None = None
    practitioner_id: UUID | None = None
    begin: Moment | None = None
    end: Moment | None = None


class ClinicSessionBody(Body):
    """A session as the weekly hours make it: service, practitioner and its beginning."""

    service_id: UUID
    practitioner_id: UUID
    start_at: Moment


class ClinicSessionChange(Body):
    """What may change of one session; a field left out stays."""

    version: Version | None = None
    capacity: Annotated[int, Field(ge=0, le=500)] | None = None
    overbook: Annotated[int, Field(ge=0, le=50)] | None = None
    is_closed: bool | None = None


class ClinicSessionOut(Out):
    """A session with its places; `last_number` is the newest number in its queue."""

    id: UUID
    hospital_id: UUID
    service_id: UUID
    practitioner_id: UUID
    start_at: datetime
    end_at: datetime
    capacity: int
    overbook: int
    booked: int
    last_number: int
    is_closed: bool
    version: int

    @classmethod
    def of(cls, there: ClinicSession) -> "ClinicSessionOut":
        """The row in the contract's words."""
        return cls(
            id=there.id,
            hospital_id=there.hospital_id,
            service_id=there.service_id,
            practitioner_id=there.practitioner_id,
            start_at=there.starts_at,
            end_at=there.ends_at,
            capacity=there.capacity,
            overbook=there.overbook,
            booked=there.booked,
            last_number=there.last_number,
            is_closed=there.is_closed,
            version=there.version,
        )


@door.get("/clinic-sessions")
@needs(Permission.APPOINTMENTS_READ)
@door.input(ClinicSessionQuery, location="query")
@door.output(Page[ClinicSessionOut])
def sessions(query_data: ClinicSessionQuery) -> Page[ClinicSessionOut]:
    """The sessions that anybody has booked or staff have changed, by when they begin."""
    found = clinic_sessions.search(
        call.session,
        scope=call.scope,
        page=query_data.page(),
        hospital_id=query_data.hospital_id,
        service_id=query_data.service_id,
        practitioner_id=query_data.practitioner_id,
        begin=query_data.begin,
        end=query_data.end,
    )
    return Page[ClinicSessionOut].of(found, ClinicSessionOut.of)


@door.post("/clinic-sessions")
@needs(Permission.HOSPITALS_WRITE)
@door.input(ClinicSessionBody)
@door.output(Data[ClinicSessionOut], status_code=201)
def arrange(json_data: ClinicSessionBody) -> Data[ClinicSessionOut]:
    """The session of that time, as a row whose places can be changed."""
    there = clinic_sessions.arrange(
        call.session,
        service_id=json_data.service_id,
        practitioner_id=json_data.practitioner_id,
        starts_at=json_data.start_at,
        by=call.actor,
        now=call.now,
    )
    return _one(there)


@door.get("/clinic-sessions/<uuid:session_id>")
@needs(Permission.APPOINTMENTS_READ)
@door.output(Data[ClinicSessionOut])
def session(session_id: UUID) -> Data[ClinicSessionOut]:
    """One session."""
    return _one(clinic_sessions.get(call.session, session_id, scope=call.scope))


@door.patch("/clinic-sessions/<uuid:session_id>")
@needs(Permission.HOSPITALS_WRITE)
@door.input(ClinicSessionChange)
@door.output(Data[ClinicSessionOut])
def change(session_id: UUID, json_data: ClinicSessionChange) -> Data[ClinicSessionOut]:
    """Change a session's places, or close it; what is booked stays booked."""
    there = clinic_sessions.change(
        call.session,
        session_id,
        version=expected_version(json_data.version),
        by=call.actor,
        now=call.now,
        **given(json_data),
    )
    return _one(there)


def _one(there: ClinicSession) -> Data[ClinicSessionOut]:
    call.concerns("clinic_session", there.id, hospital_id=there.hospital_id)
    return Data(data=ClinicSessionOut.of(there))
