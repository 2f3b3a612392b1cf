"""Booking, holding and moving visits."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from flask import Response, jsonify

from crm import appointments, waitlist
from crm.api.appointments.door import door
from crm.api.appointments.shapes import (
    Anybody,
    AppointmentBody,
    AppointmentDetailOut,
    HoldOut,
    MoveBody,
    TimeBody,
    detail,
)
from crm.api.appointments.visits import newest
from crm.api.availability import SlotOut
from crm.api.kit import Data, Empty, also, call, idempotent, needs
from crm.api.waitlist import WaitlistOut, entry_out
from crm.appointments import Booking, OutsideHours, Request, SlotTaken
from crm.kit.errors import Denied
from crm.kit.permissions import Permission
from crm.waitlist import Wish

_CHATS = frozenset({"whatsapp", "sms"})
_OR_WAIT = also(202, "Nothing is free then: the patient is on the waiting list", Data[WaitlistOut])


@door.post("/patients/appointments")
@needs(Permission.APPOINTMENTS_WRITE)
@idempotent
@door.input(AppointmentBody)
@door.output(Data[AppointmentDetailOut], status_code=201)
@door.doc(responses=_OR_WAIT)
def book(json_data: AppointmentBody) -> Data[AppointmentDetailOut] | Response:
    """Book a visit with its reminders, points and confirmation; or wait for it (202)."""
    request = _request(json_data)
    try:
        with _shown_alternatives(), call.session.begin_nested():
            booked = appointments.ask(call.session, request, by=call.actor, now=call.now)
    except SlotTaken:
        if not json_data.join_waitlist:
            raise
        return _wait(request)
    return _booked(booked)


@door.post("/appointments/holds")
@needs(Permission.APPOINTMENTS_WRITE)
@idempotent
@door.input(TimeBody)
@door.output(Data[HoldOut], status_code=201)
def hold(json_data: TimeBody) -> Data[HoldOut]:
    """Keep a time for ten minutes; the patient's other holds end."""
    with _shown_alternatives():
        held = appointments.ask_hold(call.session, _request(json_data), by=call.actor, now=call.now)
    call.concerns("appointment", held.id, hospital_id=held.hospital_id)
    kept = HoldOut(
        hold_id=held.id,
        hold_until=held.hold_until,
        start_at=held.starts_at,
        end_at=held.ends_at,
        practitioner_id=held.practitioner_id,
    )
    return Data(data=kept)


@door.delete("/appointments/holds/<uuid:hold_id>")
@needs(Permission.APPOINTMENTS_WRITE)
@door.output(Empty, status_code=204)
def release(hold_id: UUID) -> Empty:
    """Give a kept time back; one that was booked or has ended stays as it is."""
    held = appointments.get_in_scope(call.session, hold_id, scope=call.scope)
    call.concerns("appointment", held.id, hospital_id=held.hospital_id)
    appointments.release(call.session, held.id, now=call.now)
    return Empty()


@door.post("/appointments/<uuid:appointment_id>/move")
@needs(Permission.APPOINTMENTS_WRITE)
@idempotent
@door.input(MoveBody)
@door.output(Data[AppointmentDetailOut], status_code=201)
def move(appointment_id: UUID, json_data: MoveBody) -> Data[AppointmentDetailOut]:
    """Move a visit: the old one is cancelled and a new one takes its place, both or neither."""
    visit = newest(appointment_id, json_data.version)
    who = json_data.practitioner_id
    with _shown_alternatives():
        moved = appointments.ask_move(
            call.session,
            visit,
            starts_at=json_data.start_at,
            practitioner_id=_named(who),
            is_for_any=who == "any",
            source=_source(None),
            override=json_data.override.reason if json_data.override else None,
            by=call.actor,
            now=call.now,
        )
    return _booked(moved)


def _request(body: TimeBody) -> Request:
    """What is asked for, by whom it is asked; patients may not write notes or set lengths."""
    more: dict[str, Any] = {}
    if isinstance(body, AppointmentBody):
        if not call.scope.is_staff and (body.duration_min or body.internal_notes):
            raise Denied("The length of a visit and internal notes are for staff.")
        more = {
            "duration_min": body.duration_min,
            "reason": body.reason,
            "notes": body.internal_notes,
            "hold_id": body.hold_id,
            "override": body.override.reason if body.override else None,
        }
    return Request(
        patient_id=body.patient_id,
        hospital_id=body.hospital_id,
        service_id=body.service_id,
        practitioner_id=_named(body.practitioner_id),
        starts_at=body.start_at,
        session_id=body.session_id,
        source=_source(body.source),
        **more,
    )


def _named(who: Anybody | None) -> UUID | None:
    return who if isinstance(who, UUID) else None


def _source(said: str | None) -> str:
    """Where it comes from: a patient acts on the web, whoever else says so or is the desk."""
    return (said or "desk") if call.scope.is_staff else "web"


def _booked(booked: Booking) -> Data[AppointmentDetailOut]:
    """Confirm a booking to the patient, unless a chat does; and show it."""
    call.concerns("appointment", booked.id, hospital_id=booked.hospital_id)
    visit = appointments.get(call.session, booked.id)
    if booked.source not in _CHATS:
        calendar = call.wiring.links.calendar(visit.id)
        appointments.tell_booked(call.session, visit, calendar=calendar, now=call.now)
    return Data(data=detail(visit))


def _wait(request: Request) -> Response:
    wish = Wish(
        patient_id=request.patient_id,
        service_id=request.service_id,
        practitioner_id=request.practitioner_id,
        source=request.source,
    )
    entry = waitlist.join(call.session, wish, by=call.actor, now=call.now)
    call.concerns("waitlist_entry", entry.id, hospital_id=entry.hospital_id)
    answer = jsonify(Data(data=entry_out(entry)).model_dump(mode="json"))
    answer.status_code = 202
    return answer


@contextmanager
def _shown_alternatives() -> Iterator[None]:
    """Show the free times of a refusal in the contract's words."""
    try:
        yield
    except (SlotTaken, OutsideHours) as refusal:
        slots = refusal.facts["alternatives"]
        shown = [SlotOut.of(slot).model_dump(mode="json") for slot in slots]
        refusal.facts["alternatives"] = shown
        raise
