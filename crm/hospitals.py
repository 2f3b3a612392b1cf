"""Hospitals, what they offer, and who offers it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.kit.clock import lagos
from crm.models import Hospital, Practitioner, PractitionerService, Service


def active(session: Session) -> Sequence[Hospital]:
    """The hospitals one can go to, in the group's order."""
    return session.scalars(
        select(Hospital).where(Hospital.is_active).order_by(Hospital.position, Hospital.name)
    ).all()


def services(session: Session, hospital_id: UUID) -> Sequence[Service]:
    """What the hospital offers, in its order."""
    return session.scalars(
        select(Service)
        .where(Service.hospital_id == hospital_id, Service.is_active)
        .order_by(Service.position, Service.name)
    ).all()


def practitioners(session: Session, service_id: UUID) -> Sequence[Practitioner]:
    """Who offers the service, by name."""
    return session.scalars(
        select(Practitioner)
        .join(PractitionerService, PractitionerService.practitioner_id == Practitioner.id)
        .where(PractitionerService.service_id == service_id, Practitioner.is_active)
        .order_by(Practitioner.name)
    ).all()


def desk_is_open(hospital: Hospital, *, now: datetime) -> bool:
    """True in the desk's hours, Monday to Saturday."""
    local = lagos(now)
    return local.weekday() < 6 and hospital.opens <= local.time() < hospital.closes  # noqa: PLR2004
