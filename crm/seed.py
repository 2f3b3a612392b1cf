"""The demo's hospitals: three places, what they offer, who works there and when."""

import random
from collections.abc import Callable, Collection, Iterable
from datetime import UTC, date, datetime, time
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from crm.kit.clock import at_lagos
from crm.kit.ids import uuid7
from crm.models import (
    Closure,
    Hospital,
    Practitioner,
    PractitionerService,
    Schedule,
    Service,
)
from crm.slots import DAY

Place = tuple[str, ...]

_GENERAL, _ANTENATAL, _CHILD = "General consultation", "Antenatal", "Child health"
_DENTAL, _EYE, _PHYSIO = "Dental", "Eye", "Physiotherapy"

_LENGTHS_MIN = {
    _GENERAL: 30,
    _ANTENATAL: 30,
    _CHILD: 20,
    _DENTAL: 45,
    _EYE: 30,
    _PHYSIO: 60,
}

_OTHER_WORDS = {
    _GENERAL: ["gp", "check-up"],
    _ANTENATAL: ["pregnancy", "pregnant", "midwife"],
    _CHILD: ["children", "paediatrics", "baby", "pikin"],
    _DENTAL: ["dentist", "tooth", "teeth"],
    _EYE: ["eyes", "optician", "glasses"],
    _PHYSIO: ["physio", "back pain"],
}

_PRICES_NAIRA = {
    _GENERAL: 8_000,
    _ANTENATAL: 10_000,
    _CHILD: 8_000,
    _DENTAL: 15_000,
    _EYE: 12_000,
    _PHYSIO: 18_000,
}

# Code, name, state, address, phone, desk phone. No network gives out numbers in 0914.
_HOSPITALS = (
    (
        "IKJ",
        "GrandPro Ikeja",
        "Lagos",
        "14 Oba Akran Avenue, Ikeja, Lagos",
        "+2349140000100",
        "+2349140000101",
    ),
    (
        "WUS",
        "GrandPro Wuse",
        "FCT",
        "27 Aminu Kano Crescent, Wuse 2, Abuja",
        "+2349140000200",
        "+2349140000201",
    ),
    (
        "PHC",
        "GrandPro Port Harcourt",
        "Rivers",
        "8 Aba Road, Port Harcourt, Rivers",
        "+2349140000300",
        "+2349140000301",
    ),
)

_STAFF: dict[str, dict[str, tuple[str, ...]]] = {
    "IKJ": {
        "Dr Adaeze Okafor": (_GENERAL, _CHILD),
        "Dr Babatunde Adeyemi": (_GENERAL,),
        "Dr Chioma Eze": (_ANTENATAL,),
        "Dr Folake Ogunleye": (_DENTAL,),
        "Dr Ibrahim Lawal": (_EYE,),
    },
    "WUS": {
        "Dr Aisha Bello": (_GENERAL, _ANTENATAL),
        "Dr Emeka Nwosu": (_GENERAL, _EYE),
        "Dr Halima Sani": (_ANTENATAL,),
        "Mr Yakubu Danladi": (_PHYSIO,),
    },
    "PHC": {
        "Dr Boma Briggs": (_GENERAL,),
        "Dr Ibiso Amadi": (_GENERAL, _CHILD),
        "Dr Tonye Harry": (_DENTAL,),
    },
}

_WEEKDAYS, _SATURDAY = range(5), 5
_DAY_HOURS, _SATURDAY_HOURS = (time(8), time(17)), (time(9), time(13))

_CLOSED = {
    date(2027, 1, 16): "Presidential election: no movement",
    date(2027, 2, 6): "Governorship election: no movement",
}


def demo(
    session: Session,
    *,
    now: datetime,
    seed: int = 1,
    watch: Callable[[Collection[Place]], Iterable[Place]] = iter,
) -> bool:
    """Fill an empty house; False, and nothing done, when there are hospitals already.

    The same seed gives the same house: chance only decides who works on Saturdays. `watch` goes
    round the places and may show how far we are.
    """
    if session.scalar(select(Hospital.id).limit(1)) is not None:
        return False
    chance = random.Random(seed)  # noqa: S311 -- a demo's timetable guards nothing
    for position, place in enumerate(watch(_HOSPITALS)):
        _open(session, position, place, chance, now.astimezone(UTC))
    session.add_all(
        Closure(during=Range(at_lagos(day), at_lagos(day + DAY)), reason=reason)
        for day, reason in _CLOSED.items()
    )
    session.flush()
    return True


def _open(
    session: Session, position: int, place: Place, chance: random.Random, now: datetime
) -> None:
    code, name, state, address, phone, desk_phone = place
    hospital = Hospital(
        id=uuid7(),
        code=code,
        name=name,
        state=state,
        address=address,
        phone=phone,
        desk_phone=desk_phone,
        directions_url=f"https://maps.google.com/?q={address.replace(' ', '+')}",
        position=position,
        created_at=now,
        updated_at=now,
    )
    session.add(hospital)
    session.flush()
    services = _offer(session, hospital.id, _STAFF[code])
    for number, (who, offered) in enumerate(_STAFF[code].items()):
        works_saturdays = number == 0 or chance.random() < 0.4  # noqa: PLR2004 -- two in five
        practitioner_id = _employ(session, hospital.id, who, works_saturdays=works_saturdays)
        session.add_all(
            PractitionerService(service_id=services[service], practitioner_id=practitioner_id)
            for service in offered
        )
    session.flush()


def _offer(
    session: Session, hospital_id: UUID, staff: dict[str, tuple[str, ...]]
) -> dict[str, UUID]:
    """The services somebody there offers, in the group's order; returns their ids by name."""
    offered = {service for services in staff.values() for service in services}
    rows = [
        Service(
            id=uuid7(),
            hospital_id=hospital_id,
            name=name,
            synonyms=_OTHER_WORDS[name],
            duration_min=length,
            price_kobo=_PRICES_NAIRA[name] * 100,
            position=position,
        )
        for position, (name, length) in enumerate(_LENGTHS_MIN.items())
        if name in offered
    ]
    session.add_all(rows)
    session.flush()
    return {service.name: service.id for service in rows}


def _employ(session: Session, hospital_id: UUID, name: str, *, works_saturdays: bool) -> UUID:
    practitioner = Practitioner(id=uuid7(), hospital_id=hospital_id, name=name)
    session.add(practitioner)
    session.flush()
    week = dict.fromkeys(_WEEKDAYS, _DAY_HOURS)
    if works_saturdays:
        week[_SATURDAY] = _SATURDAY_HOURS
    session.add_all(
        Schedule(practitioner_id=practitioner.id, weekday=weekday, starts=starts, ends=ends)
        for weekday, (starts, ends) in week.items()
    )
    return practitioner.id
