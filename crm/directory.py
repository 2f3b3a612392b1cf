"""What the group offers, as the talks need it, kept by each process for half a minute.

Hospitals, their services and who gives them change a few times a year and are asked for in every
second turn of a booking. What this process changes is seen at once, what another one changes half
a minute later at most. Nothing is answered from here that must be exact: free times, holds,
bookings and the desks' own pages ask the tables.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session, UOWTransaction

from crm.models import Hospital, Practitioner, PractitionerService, Service

KEPT_FOR_S = 30.0
_KINDS = (Hospital, Service, Practitioner, PractitionerService)


@dataclass(frozen=True, slots=True)
class Directory:
    """The open hospitals, what they offer and who gives it; rows nobody may change."""

    hospitals: Sequence[Hospital]
    services: Mapping[UUID, Sequence[Service]]
    """By hospital, in its order."""
    practitioners: Mapping[UUID, Sequence[Practitioner]]
    """By service, by name."""

    def hospital(self, id_: UUID) -> Hospital | None:
        """The hospital, when it is open."""
        return next((each for each in self.hospitals if each.id == id_), None)

    def service(self, id_: UUID) -> Service | None:
        """The service, when it is offered somewhere."""
        return next((each for of in self.services.values() for each in of if each.id == id_), None)


@dataclass(frozen=True, slots=True)
class _Kept:
    directory: Directory
    until: float


_kept: WeakKeyDictionary[Engine, _Kept] = WeakKeyDictionary()


def of(session: Session, *, at: float | None = None) -> Directory:
    """The directory of the session's database; `at` is the process's own clock, in seconds."""
    at = monotonic() if at is None else at
    found = _kept.get(_database(session))
    if found is None or found.until <= at:
        found = _kept[_database(session)] = _Kept(_read(session), at + KEPT_FOR_S)
    return found.directory


def _database(session: Session) -> Engine:
    assert session.bind is not None  # noqa: S101 -- all of ours are made for one
    return session.bind.engine


def _read(session: Session) -> Directory:
    """All of it in three queries, in a session of its own, so that the rows belong to no turn."""
    with Session(session.connection(), expire_on_commit=False, autoflush=False) as own:
        hospitals = own.scalars(
            select(Hospital).where(Hospital.is_active).order_by(Hospital.position, Hospital.name)
        ).all()
        services: defaultdict[UUID, list[Service]] = defaultdict(list)
        for service in own.scalars(
            select(Service).where(Service.is_active).order_by(Service.position, Service.name)
        ):
            services[service.hospital_id].append(service)
        practitioners: defaultdict[UUID, list[Practitioner]] = defaultdict(list)
        for service_id, practitioner in own.execute(
            select(PractitionerService.service_id, Practitioner)
            .join(Practitioner, Practitioner.id == PractitionerService.practitioner_id)
            .where(Practitioner.is_active)
            .order_by(Practitioner.name)
        ):
            practitioners[service_id].append(practitioner)
        own.expunge_all()
    return Directory(hospitals, dict(services), dict(practitioners))


@event.listens_for(Session, "after_flush")
def _notice(session: Session, _: UOWTransaction) -> None:
    """A change of ours is seen at once; after the commit again, for who read in between."""
    changed: list[Any] = [*session.new, *session.dirty, *session.deleted]
    if any(isinstance(row, _KINDS) for row in changed):
        _kept.pop(_database(session), None)
        session.info["directory"] = "changed"


@event.listens_for(Session, "after_commit")
def _forget(session: Session) -> None:
    if session.info.pop("directory", None):
        _kept.pop(_database(session), None)
