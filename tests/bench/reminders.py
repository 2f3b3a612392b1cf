"""Reminders that fall due at once, among all the visits a house has ever had.

Most visits are long over, with their reminders posted; of those to come, ten thousand have a
reminder due now, each of another patient. The job posts them as clock and worker have it do.
"""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import text

from bot.embedded import Servers
from bot.wiring import Wiring
from tests.bench import apart, house, people
from tests.bench.people import REACHED
from workers import reminders

NAME = "reminders due"
SIZES = (50_000, 200_000, 1_000_000)
"""Visits."""
DUE = 10_000
_REPEATS = 3
_AHEAD = 3
"""For each reminder that is due, so many visits are still to come."""
_PEOPLE_EACH = 5
"""Visits of one patient, in the mean."""

_WORKERS = """
insert into practitioners (id, hospital_id, name)
select uuidv7(), h.id, 'Dr Bench ' || n
from generate_series(1, 1 + :ahead / 16) n, (select id from hospitals order by code limit 1) h
"""
_VISITS = """
create table bench_visits as
with staff as (
    select p.id, p.hospital_id, s.id as service_id, row_number() over (order by p.id) - 1 as at
    from practitioners p join lateral (
        select id from services where hospital_id = p.hospital_id limit 1
    ) s on true
    where p.name like 'Dr Bench %'
), who as (
    select id, address_id, row_number() over (order by n) - 1 as at
    from bench_people where kind >= :reached
)
select v.n, uuidv7() as id, who.id as patient_id, who.address_id, staff.id as practitioner_id,
    staff.hospital_id, staff.service_id, v.n <= :ahead as is_ahead,
    case when v.n <= :ahead
        then date_trunc('day', now()) + interval '1 day 8 hours' + v.n % 16 * interval '30 minutes'
        else now() - interval '1 day' - v.n % 900 * interval '1 day'
    end as starts_at
from generate_series(1, :visits) as v(n)
join staff on staff.at = v.n / 16 % (select count(*) from staff)
join who on who.at = v.n % (select count(*) from who)
"""
_APPOINTMENTS = """
insert into appointments (id, reference, hospital_id, patient_id, service_id, practitioner_id,
    during, blocked, status, source)
select id, 'B-' || n, hospital_id, patient_id, service_id, practitioner_id, r.during, r.during,
    case when is_ahead then 'booked' else 'fulfilled' end, 'desk'
from bench_visits, lateral (
    select tstzrange(starts_at, starts_at + interval '20 minutes') as during
) r
"""
_REMINDERS = """
insert into appointment_reminders (id, appointment_id, appointment_version, kind, channel,
    address_id, due_at, status)
select uuidv7(), id, 1, 'day-before', 'whatsapp', address_id, starts_at - interval '1 hour',
    case when is_ahead then 'pending' else 'posted' end
from bench_visits
"""
# Visits beyond those of the run before, so that no reminder is posted twice.
_FALL_DUE = """
update appointment_reminders r set due_at = now() - v.n % 600 * interval '1 second'
from bench_visits v
where v.is_ahead and v.n > cast(:after as int)
    and v.n <= cast(:after as int) + cast(:number as int) and r.appointment_id = v.id
"""


def run(
    servers: Servers, sizes: Sequence[int] = SIZES, due: int = DUE, repeats: int = _REPEATS
) -> list[dict[str, Any]]:
    """A row for each number of visits."""
    return [_measure(servers, size, due, repeats) for size in sizes]


def _measure(servers: Servers, visits: int, due: int, repeats: int) -> dict[str, Any]:
    with TemporaryDirectory() as home:
        wiring = house.build(servers, Path(home))
        fill(wiring, visits, ahead=due * (repeats + 1))
        with apart.starting(servers, wiring) as worker:
            runs = []
            for turn in range(repeats + 1):
                number = due if turn else due // 10
                people.run(wiring, _FALL_DUE, after=turn * due, number=number)
                people.settle(wiring)
                if turn:
                    runs.append(worker.measure(reminders.post_due, units=number))
                else:
                    worker.warm_up(reminders.post_due)
            assert all(run["found"] == {"posted": due} for run in runs), runs
            posted = due * repeats + due // 10
        _check(wiring, posted)
        wiring.disconnect()
    return {"name": NAME, "size": visits, **apart.middle(runs)}


def fill(wiring: Wiring, visits: int, *, ahead: int) -> None:
    """Give the house so many visits, of which these are to come."""
    people.fill(wiring, max(visits // _PEOPLE_EACH, ahead * 2), messages=1)
    index = "create index on bench_visits (n)"
    given = {"visits": max(visits, ahead), "ahead": ahead, "reached": REACHED}
    people.run(wiring, _WORKERS, _VISITS, index, _APPOINTMENTS, _REMINDERS, **given)
    people.settle(wiring)


def _check(wiring: Wiring, posted: int) -> None:
    """Each reminder that was due has its one message, and no other has."""
    with wiring.engine.connect() as connection:
        counted = connection.execute(
            text("""
                select count(*), count(distinct m.id) from appointment_reminders r
                join messages m on m.id = r.message_id and m.about_id = r.appointment_id
            """)
        ).one()
    assert tuple(counted) == (posted, posted), counted
