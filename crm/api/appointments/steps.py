"""The steps of a visit's life: confirmed, checked in, arrived, fulfilled, missed, cancelled."""

from uuid import UUID

from crm import appointments
from crm.api.appointments.door import door
from crm.api.appointments.shapes import AppointmentDetailOut, CancelBody, ErrorBody, StepBody
from crm.api.appointments.visits import newest, newest_for_staff, shown
from crm.api.kit import Data, call, idempotent, needs
from crm.kit.errors import Denied
from crm.kit.permissions import Permission


@door.post("/appointments/<uuid:appointment_id>/confirm")
@needs(Permission.APPOINTMENTS_WRITE)
@idempotent
@door.input(StepBody)
@door.output(Data[AppointmentDetailOut])
def confirm(appointment_id: UUID, json_data: StepBody) -> Data[AppointmentDetailOut]:
    """The patient will come; saying so twice changes nothing."""
    visit = newest(appointment_id, json_data.version)
    appointments.confirm(call.session, visit.id, now=call.now)
    return shown(visit.id)


@door.post("/appointments/<uuid:appointment_id>/check-in")
@needs(Permission.APPOINTMENTS_WRITE)
@idempotent
@door.input(StepBody)
@door.output(Data[AppointmentDetailOut])
def check_in(appointment_id: UUID, json_data: StepBody) -> Data[AppointmentDetailOut]:
    """The patient is at the desk; on the day alone, for staff."""
    visit = newest_for_staff(appointment_id, json_data.version)
    appointments.check_in(call.session, visit.id, now=call.now)
    return shown(visit.id)


@door.post("/appointments/<uuid:appointment_id>/arrive")
@needs(Permission.APPOINTMENTS_WRITE)
@idempotent
@door.input(StepBody)
@door.output(Data[AppointmentDetailOut])
def arrive(appointment_id: UUID, json_data: StepBody) -> Data[AppointmentDetailOut]:
    """The patient is with the practitioner, or came although marked absent; for staff."""
    visit = newest_for_staff(appointment_id, json_data.version)
    appointments.arrive(call.session, visit.id, now=call.now)
    return shown(visit.id)


@door.post("/appointments/<uuid:appointment_id>/fulfil")
@needs(Permission.APPOINTMENTS_WRITE)
@idempotent
@door.input(StepBody)
@door.output(Data[AppointmentDetailOut])
def fulfil(appointment_id: UUID, json_data: StepBody) -> Data[AppointmentDetailOut]:
    """The visit took place: feedback is asked for and referrals are thanked; for staff."""
    visit = newest_for_staff(appointment_id, json_data.version)
    appointments.fulfil(call.session, visit.id, now=call.now)
    return shown(visit.id)


@door.post("/appointments/<uuid:appointment_id>/no-show")
@needs(Permission.APPOINTMENTS_WRITE)
@idempotent
@door.input(StepBody)
@door.output(Data[AppointmentDetailOut])
def no_show(appointment_id: UUID, json_data: StepBody) -> Data[AppointmentDetailOut]:
    """The patient did not come, half an hour after the beginning; for staff."""
    visit = newest_for_staff(appointment_id, json_data.version)
    appointments.no_show(call.session, visit.id, now=call.now)
    return shown(visit.id)


@door.post("/appointments/<uuid:appointment_id>/cancel")
@needs(Permission.APPOINTMENTS_WRITE)
@idempotent
@door.input(CancelBody)
@door.output(Data[AppointmentDetailOut])
def cancel(appointment_id: UUID, json_data: CancelBody) -> Data[AppointmentDetailOut]:
    """Give the time back; patients until two hours before. Staff's cancelling is told to them."""
    visit = newest(appointment_id, json_data.version)
    is_staff = call.scope.is_staff
    before = visit.status
    cancelled = appointments.cancel(
        call.session,
        visit.id,
        reason=json_data.reason,
        by_patient=not is_staff,
        keeps_points=is_staff and json_data.cancelled_by == "hospital",
        now=call.now,
    )
    if is_staff and cancelled.status != before:
        told = appointments.get(call.session, visit.id)
        appointments.tell_cancelled(call.session, told, now=call.now)
    return shown(visit.id)


@door.post("/appointments/<uuid:appointment_id>/enter-in-error")
@needs(Permission.APPOINTMENTS_WRITE)
@idempotent
@door.input(ErrorBody)
@door.output(Data[AppointmentDetailOut])
def enter_in_error(appointment_id: UUID, json_data: ErrorBody) -> Data[AppointmentDetailOut]:
    """The visit should never have been written down; for those who may override."""
    override = call.require(Permission.APPOINTMENTS_OVERRIDE)
    visit = newest_for_staff(appointment_id, json_data.version)
    if not override.covers(visit.hospital_id):
        raise Denied("You may not strike a visit of this hospital from the books.")
    appointments.enter_in_error(call.session, visit.id, reason=json_data.reason, now=call.now)
    return shown(visit.id)
