"""Finding visits, for those who may see them."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, false, func, select
from sqlalchemy.orm import Session

from crm.appointments.visits import Visit, views
from crm.kit.errors import NotFound
from crm.kit.paging import Found, PageRequest, keyset
from crm.kit.permissions import Scope
from crm.models import Appointment, Practitioner
from crm.models import AppointmentStatus as Status

_HIDDEN = (Status.PENDING, Status.ENTERED_IN_ERROR)


def visible(scope: Scope) -> ColumnElement[bool]:
    """The condition for a query over visits: at one's hospitals, or one's own."""
    if scope.patient_id is not None:
        return Appointment.patient_id == scope.patient_id
    return false() if scope.owner_id is not None else scope.where(Appointment.hospital_id)


def get_in_scope(session: Session, appointment_id: UUID, *, scope: Scope) -> Appointment:
    """The visit's row. Raises NotFound, also outside the scope."""
    visit = session.scalar(
        select(Appointment).where(Appointment.id == appointment_id, visible(scope))
    )
    if visit is None:
        raise NotFound("There is no such visit.")
    return visit


def search(
    session: Session,
    *,
    scope: Scope,
    page: PageRequest,
    hospital_id: UUID | None = None,
    patient_id: UUID | None = None,
    practitioner_id: UUID | None = None,
    service_id: UUID | None = None,
    clinic_session_id: UUID | None = None,
    statuses: Collection[Status] = (),
    begin: datetime | None = None,
    end: datetime | None = None,
    newest_first: bool = False,
) -> Found[Visit]:
    """The visits one may see, by when they begin; holds and errors only when asked for."""
    starts_at = func.lower(Appointment.during)
    found = select(Appointment).where(visible(scope))
    wanted = {
        Appointment.hospital_id: hospital_id,
        Appointment.patient_id: patient_id,
        Appointment.practitioner_id: practitioner_id,
        Appointment.service_id: service_id,
        Appointment.clinic_session_id: clinic_session_id,
    }
    found = found.where(*(column == id_ for column, id_ in wanted.items() if id_ is not None))
    if practitioner_id and not hospital_id:
        # They work at one place, and the index goes by place.
        place = select(Practitioner.hospital_id).where(Practitioner.id == practitioner_id)
        found = found.where(Appointment.hospital_id == place.scalar_subquery())
    if statuses:
        found = found.where(Appointment.status.in_(statuses))
    else:
        found = found.where(Appointment.status.not_in(_HIDDEN))
    if begin:
        found = found.where(starts_at >= begin)
    if end:
        found = found.where(starts_at < end)
    by = (starts_at.desc(), Appointment.id.desc()) if newest_first else (starts_at, Appointment.id)
    rows = keyset(session, found, page, *by)
    seen = views(session, [row.id for row in rows.items])
    return Found([seen[row.id] for row in rows.items], rows.next_cursor)
