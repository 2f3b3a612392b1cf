"""What the tests of visits book: the seeded hospitals, and a patient of Ikeja."""

from dataclasses import dataclass
from datetime import date, time
from uuid import UUID

from sqlalchemy import select

from bot.channels.carrier import Channel
from crm import addresses, patients
from crm.kit.clock import at_lagos
from crm.models import HolderRole, Practitioner, PractitionerService, Schedule, Service
from tests.api.caller import Api

TUESDAY = date(2026, 11, 24)


@dataclass(frozen=True, slots=True)
class Offer:
    """A service and who offers it."""

    hospital_id: UUID
    service_id: UUID
    practitioner_ids: tuple[UUID, ...]


def offer(api: Api, name: str = "General consultation", *, hospital: str = "IKJ") -> Offer:
    """A service of a seeded hospital by its name."""
    with api.wiring.sessions() as session:
        place = api.hospitals[hospital]
        service = session.scalars(
            select(Service).where(Service.hospital_id == place, Service.name == name)
        ).one()
        who = session.scalars(
            select(Practitioner.id)
            .join(PractitionerService)
            .where(PractitionerService.service_id == service.id)
            .order_by(Practitioner.name)
        ).all()
        return Offer(place, service.id, tuple(who))


def a_patient(
    api: Api, name: str, number: str, *, hospital: str = "IKJ", born_on: date = date(1990, 11, 25)
) -> UUID:
    """Somebody registered on WhatsApp; their id."""
    with api.wiring.transaction() as session:
        now = api.wiring.now()
        address = addresses.find_or_make(session, Channel.WHATSAPP, number, now=now)
        return patients.register(
            session,
            address_id=address.id,
            full_name=name,
            born_on=born_on,
            state="Lagos",
            home_hospital_id=api.hospitals[hospital],
            role=HolderRole.SELF,
            wording="care-test",
            source="whatsapp",
            now=now,
        ).patient.id


def at(hour: int, minute: int = 0, *, day: date = TUESDAY) -> str:
    """A moment of a Lagos day as the API wants it."""
    return at_lagos(day, time(hour, minute)).isoformat()


def a_session_clinic(api: Api, *, capacity: int = 3, overbook: int = 0) -> Offer:
    """A vaccination clinic at Ikeja on Tuesday mornings, many at a time."""
    base = offer(api)
    doctor = base.practitioner_ids[0]
    with api.wiring.transaction() as session:
        service = Service(
            hospital_id=base.hospital_id,
            name="Vaccination",
            duration_min=15,
            mode="session",
            capacity=capacity,
            overbook=overbook,
        )
        session.add(service)
        session.flush()
        session.add(PractitionerService(service_id=service.id, practitioner_id=doctor))
        session.add(
            Schedule(
                practitioner_id=doctor,
                service_id=service.id,
                weekday=1,
                starts=time(18),
                ends=time(20),
            )
        )
        session.flush()
        return Offer(base.hospital_id, service.id, (doctor,))
