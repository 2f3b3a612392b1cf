"""Looking visits up."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Response

from crm import appointments
from crm.api.appointments.door import door
from crm.api.appointments.shapes import (
    AppointmentChange,
    AppointmentDetailOut,
    AppointmentOut,
    AppointmentQuery,
)
from crm.api.appointments.visits import newest_for_staff, shown
from crm.api.kit import Data, Page, call, expected_version, needs
from crm.kit.clock import at_lagos
from crm.kit.errors import Invalid
from crm.kit.permissions import Permission

_DAY = timedelta(days=1)
_CALENDAR: dict[int | str, Any] = {
    200: {"description": "The calendar file", "content": {"text/calendar": {}}}
}


@door.get("/appointments")
@needs(Permission.APPOINTMENTS_READ)
@door.input(AppointmentQuery, location="query")
@door.output(Page[AppointmentOut])
def index(query_data: AppointmentQuery) -> Page[AppointmentOut]:
    """The visits one may see, by when they begin; a patient sees their own."""
    begin, end = _stretch(query_data)
    found = appointments.search(
        call.session,
        scope=call.scope,
        page=query_data.page(),
        hospital_id=query_data.hospital_id,
        patient_id=query_data.patient_id,
        practitioner_id=query_data.practitioner_id,
        service_id=query_data.service_id,
        clinic_session_id=query_data.session_id,
        statuses=query_data.status,
        begin=begin,
        end=end,
        newest_first=query_data.sort == "-start_at",
    )
    return Page[AppointmentOut].of(found, AppointmentOut.of)


@door.get("/appointments/<uuid:appointment_id>")
@needs(Permission.APPOINTMENTS_READ)
@door.output(Data[AppointmentDetailOut])
def show(appointment_id: UUID) -> Data[AppointmentDetailOut]:
    """One visit."""
    visit = appointments.get_in_scope(call.session, appointment_id, scope=call.scope)
    call.concerns("appointment", visit.id, hospital_id=visit.hospital_id)
    return shown(visit.id)


@door.patch("/appointments/<uuid:appointment_id>")
@needs(Permission.APPOINTMENTS_WRITE)
@door.input(AppointmentChange)
@door.output(Data[AppointmentDetailOut])
def change(appointment_id: UUID, json_data: AppointmentChange) -> Data[AppointmentDetailOut]:
    """Change what was said of a visit; for staff."""
    visit = newest_for_staff(appointment_id, expected_version(json_data.version))
    sent = {name: getattr(json_data, name) or "" for name in json_data.model_fields_set}
    appointments.note(
        call.session,
        visit,
        reason=sent.get("reason"),
        notes=sent.get("internal_notes"),
        now=call.now,
    )
    return shown(visit.id)


@door.get("/appointments/<uuid:appointment_id>/calendar")
@needs(Permission.APPOINTMENTS_READ)
@door.doc(responses=_CALENDAR)
def calendar(appointment_id: UUID) -> Response:
    """The visit as a calendar file (RFC 5545); it names the place alone."""
    visit = appointments.get_in_scope(call.session, appointment_id, scope=call.scope)
    call.concerns("appointment", visit.id, hospital_id=visit.hospital_id)
    body = appointments.calendar_file(appointments.get(call.session, visit.id))
    return Response(body, mimetype="text/calendar")


def _stretch(query: AppointmentQuery) -> tuple[datetime | None, datetime | None]:
    """From when until when: a day in Lagos, or what was said."""
    if query.day is None:
        return query.begin, query.end
    if query.begin or query.end:
        raise Invalid("day", "Ask for a day, or from when until when.", code="ambiguous")
    return at_lagos(query.day), at_lagos(query.day + _DAY)
