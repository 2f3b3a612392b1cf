"""The house that the demo's people come to: what is in the database already, read once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.demo.loading import Chance
from crm.kit.clock import lagos_day
from crm.kit.crypto import Vault
from crm.kit.passwords import Passwords
from crm.kit.permissions import Actor, Role
from crm.models import Hospital, Practitioner, PractitionerService, Schedule, Service, ServiceMode

YEARS_BACK = timedelta(days=730)


@dataclass(frozen=True, slots=True)
class Doctor:
    """Somebody who sees patients: what they offer, and on which weekdays from when until when."""

    practitioner: Practitioner
    services: Sequence[Service]
    hours: Mapping[int, tuple[int, int]]


@dataclass(slots=True)
class House:
    """Everything that the parts of the demo share."""

    session: Session
    chance: Chance
    now: datetime
    passwords: Passwords
    hospitals: Sequence[Hospital]
    doctors: Mapping[UUID, Sequence[Doctor]]
    staff: dict[Role, Actor] = field(default_factory=dict)
    """One user of each role, for the whole group."""
    desks: dict[UUID, Actor] = field(default_factory=dict)
    """Each hospital's administrator."""

    @property
    def vault(self) -> Vault:
        """What seals."""
        vault: Vault = self.session.info["vault"]
        return vault

    @property
    def today(self) -> date:
        """The day in Lagos."""
        return lagos_day(self.now)

    @classmethod
    def read(cls, session: Session, *, now: datetime, seed: int, passwords: Passwords) -> "House":
        """The seeded hospitals, their people and their hours, in an order that never changes."""
        hospitals = session.scalars(select(Hospital).order_by(Hospital.position)).all()
        doctors = {hospital.id: _doctors(session, hospital.id) for hospital in hospitals}
        return cls(session, Chance(seed), now, passwords, hospitals, doctors)


def _doctors(session: Session, hospital_id: UUID) -> list[Doctor]:
    people = select(Practitioner).where(Practitioner.hospital_id == hospital_id)
    return [
        Doctor(each, _services(session, each.id), _hours(session, each.id))
        for each in session.scalars(people.order_by(Practitioner.name))
    ]


def _services(session: Session, practitioner_id: UUID) -> Sequence[Service]:
    offered = select(PractitionerService.service_id).where(
        PractitionerService.practitioner_id == practitioner_id
    )
    mine = select(Service).where(Service.id.in_(offered), Service.mode == ServiceMode.EXCLUSIVE)
    return session.scalars(mine.order_by(Service.position, Service.name)).all()


def _hours(session: Session, practitioner_id: UUID) -> dict[int, tuple[int, int]]:
    mine = select(Schedule).where(
        Schedule.practitioner_id == practitioner_id, Schedule.service_id.is_(None)
    )
    return {each.weekday: (each.starts.hour, each.ends.hour) for each in session.scalars(mine)}
