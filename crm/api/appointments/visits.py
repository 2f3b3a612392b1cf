"""Finding the visit a request speaks of."""

from uuid import UUID

from crm import appointments
from crm.api.appointments.shapes import AppointmentDetailOut, detail
from crm.api.kit import Data, call
from crm.kit.errors import Denied, StaleVersion
from crm.models import Appointment


def newest(appointment_id: UUID, version: int | None = None) -> Appointment:
    """The visit, ours until the request ends. Raises NotFound, StaleVersion."""
    appointments.get_in_scope(call.session, appointment_id, scope=call.scope)
    visit = appointments.locked(call.session, appointment_id)
    call.concerns("appointment", visit.id, hospital_id=visit.hospital_id)
    if version is not None and version != visit.revision:
        raise StaleVersion("Somebody changed this visit meanwhile.", version=visit.revision)
    return visit


def newest_for_staff(appointment_id: UUID, version: int | None = None) -> Appointment:
    """The same for what only staff may do. Raises Denied."""
    if not call.scope.is_staff:
        raise Denied("Only staff may do this.")
    return newest(appointment_id, version)


def shown(appointment_id: UUID) -> Data[AppointmentDetailOut]:
    """The visit as it stands now."""
    return Data(data=detail(appointments.get(call.session, appointment_id)))
