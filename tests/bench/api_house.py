"""The house that the API is asked about, in the size wanted, and those who ask.

Patients with visits, messages and points; a calendar that is half full; two years of payouts, a
contract for every five hundred patients; and what was looked at before, in the audit.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import Range, insert
from sqlalchemy.orm import Session

from bot.wiring import Wiring
from crm import availability, sign_in, users
from crm.kit.clock import lagos_day
from crm.kit.ids import uuid7
from crm.kit.permissions import Role
from crm.models import (
    AccountKind,
    Appointment,
    AppointmentStatus,
    Hospital,
    Patient,
    Service,
)
from crm.patients import sealed
from crm.sign_in import Device
from crm.slots import DAY, Slot
from tests.bench import payouts, people
from tests.bench.people import REACHED
from workers import payouts as payout_jobs

PLACE = "IKJ"
MONTHS = 24
MOST_KNOWN = 600
"""Patients who are asked about."""
_PATIENTS_OF_A_CONTRACT = 500
_WEEKS_TAKEN = 2

_VISITS = """
insert into appointments (id, reference, hospital_id, patient_id, service_id, practitioner_id,
    during, blocked, status, source)
select uuidv7(), 'V' || n || '-' || nth, w.hospital_id, b.id, w.service_id, w.practitioner_id,
    r.during, r.during, case when n % 10 = nth then 'noshow' else 'fulfilled' end, 'desk'
from bench_people b
cross join generate_series(1, 3) as nth
join lateral (
    select s.hospital_id, s.id as service_id, p.practitioner_id
    from services s join practitioner_services p on p.service_id = s.id
    where s.hospital_id = b.hospital_id offset mod(b.n + nth, 5) limit 1
) w on true
cross join lateral (
    select tstzrange(at, at + interval '30 minutes') as during
    from (select now() - (b.n % 200 + 200 * nth) * interval '1 day' as at) d
) r
"""
_POINTS = """
insert into loyalty_points (id, patient_id, referral_code, tier_since)
select uuidv7(), id, 'R' || lpad(to_hex(n), 7, '0'), now() from bench_people
"""
_AUDIT = """
insert into audit_events (id, hospital_id, at, actor_kind, actor_id, roles, action, entity,
    entity_id, outcome)
select uuidv7(), hospital_id, now(), 'user',
    (array(select id from bench_people where n <= 20))[1 + n % 20], '{front_desk}',
    'patients.profile', 'patient', id, 'done'
from bench_people, generate_series(1, 5)
"""
# The month that the job has drafted, once more for each month before it.
_PAYOUTS = """
insert into owner_payouts
select (jsonb_populate_record(p, jsonb_build_object(
    'id', uuidv7(), 'reference', p.reference || '-' || m, 'run_id', null,
    'period_start', (p.period_start - m * interval '1 month')::date,
    'period_end', (p.period_start - (m - 1) * interval '1 month')::date - 1,
    'status', case when m = 1 then 'pending_approval' else 'draft' end
))).*
from owner_payouts p, generate_series(1, :months) as m
"""
_OTHERS = "select id from bench_people where kind >= 4 and kind < :reached and kind <> 11"


@dataclass(frozen=True)
class World:
    """Who asks, and what there is to ask about at one hospital."""

    tokens: dict[Role, str]
    hospital_id: UUID
    service_id: UUID
    patients: Sequence[UUID]
    free: Iterator[tuple[UUID, Slot]]
    """Services and the times at which they are free, the soonest first."""
    today: date


def fill(wiring: Wiring, patients: int) -> World:
    """Give the house so many patients and all that comes with them."""
    contracts = max(patients // _PATIENTS_OF_A_CONTRACT, 10) // 10 * 10
    people.fill(wiring, patients, messages=4)
    people.seal_phones(wiring)
    people.run(wiring, _VISITS, _POINTS, _AUDIT)
    payouts.fill(wiring, contracts, entries_each=5)
    payout_jobs.draft_month(wiring)
    people.run(wiring, _PAYOUTS, months=MONTHS - 1)
    with wiring.transaction() as session:
        world = _world(session, wiring)
        _take_every_other(session, wiring)
    people.settle(wiring)
    return world


def _world(session: Session, wiring: Wiring) -> World:
    place = session.scalars(select(Hospital.id).where(Hospital.code == PLACE)).one()
    offered = session.scalars(
        select(Service).where(Service.hospital_id == place).order_by(Service.position)
    ).all()
    known = session.execute(
        text("""
            select id from bench_people
            where hospital_id = :place and kind >= :reached order by n limit :most
        """),
        {"place": place, "reached": REACHED, "most": MOST_KNOWN},
    ).all()
    for row in known:
        sealed.write(session, session.get_one(Patient, row.id), "born_on", date(1990, 11, 25))
    roles = {Role.FRONT_DESK: place, Role.COMMUNICATIONS: place, Role.FINANCE: None}
    return World(
        tokens={role: _sign_in(session, wiring, role, at) for role, at in roles.items()},
        hospital_id=place,
        service_id=offered[0].id,
        patients=[row.id for row in known],
        free=iter(_free(session, offered, wiring)),
        today=lagos_day(wiring.now()),
    )


def _sign_in(session: Session, wiring: Wiring, role: Role, place: UUID | None) -> str:
    user = users.create(
        session,
        wiring.passwords,
        name=role.value,
        email=f"{role.value}@example.com",
        password="a password that is long enough",
        grants=[(role, place)],
        now=wiring.now(),
    )
    tokens = sign_in.start(
        session,
        wiring.tokens,
        AccountKind.USER,
        user.id,
        device=Device("127.0.0.1", "bench"),
        is_strong=True,
        now=wiring.now(),
    )
    return tokens.access_token


def _free(session: Session, offered: Sequence[Service], wiring: Wiring) -> list[tuple[UUID, Slot]]:
    """What is free beyond the weeks that are half taken; everybody does one thing there."""
    now = wiring.now()
    first = lagos_day(now) + (7 * _WEEKS_TAKEN + 1) * DAY
    does: dict[UUID, UUID] = {}
    found = [
        (service.id, slot)
        for service in offered
        for slot in availability.free_slots(
            session, service, first=first, last=availability.horizon(service, now=now), now=now
        )
        if does.setdefault(slot.practitioner_id, service.id) == service.id
    ]
    return sorted(found, key=lambda each: each[1].starts_at)


def _take_every_other(session: Session, wiring: Wiring) -> None:
    """Half of the next two weeks is taken, by patients who are not asked about."""
    taken = 0
    now, others = wiring.now(), session.scalars(text(_OTHERS), {"reached": REACHED}).all()
    for service in session.scalars(select(Service).where(Service.is_active)).all():
        last = lagos_day(now) + 7 * _WEEKS_TAKEN * DAY
        free = availability.free_slots(session, service, first=lagos_day(now), last=last, now=now)
        for slot in free[::2]:
            during = Range(slot.starts_at, slot.ends_at)
            taken += 1
            session.execute(
                insert(Appointment)
                .values(
                    id=uuid7(),
                    reference=f"T-{taken}",
                    hospital_id=service.hospital_id,
                    patient_id=others[taken % len(others)],
                    service_id=service.id,
                    practitioner_id=slot.practitioner_id,
                    during=during,
                    status=AppointmentStatus.BOOKED,
                    source="desk",
                )
                .on_conflict_do_nothing()
            )
