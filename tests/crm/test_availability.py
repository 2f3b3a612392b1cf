from datetime import UTC, date, time, timedelta

from sqlalchemy import event, select
from sqlalchemy.dialects.postgresql import Range

from crm import availability
from crm.kit.clock import at_lagos
from crm.models import Closure, Hospital
from tests.crm.clinic import TUESDAY

CHRISTMAS = date(2026, 12, 25)


def close(session, first, last, **where):
    during = Range(first, last)
    session.add(Closure(during=during, reason=where.pop("reason", "closed"), **where))
    session.flush()


def test_a_working_day_is_free_on_the_half_hours_from_eight_to_five(session, clinic, now):
    free = clinic.free(session, now=now)

    assert free[:3] == ["08:00", "08:30", "09:00"]
    assert free[-1] == "16:30"
    assert len(free) == 18


def test_sunday_is_not_free_because_nobody_works(session, clinic, now):
    assert clinic.free(session, now=now, day=date(2026, 11, 29)) == []


def test_a_christmas_visit_is_not_offered(session, clinic, now):
    assert clinic.free(session, now=now, day=CHRISTMAS) == []


def test_a_holiday_is_open_again_where_a_row_says_so(session, clinic, now):
    opens, closes = at_lagos(CHRISTMAS, time(10)), at_lagos(CHRISTMAS, time(12))
    close(session, opens, closes, hospital_id=clinic.hospital.id, is_open=True)

    free = clinic.free(session, now=now, day=CHRISTMAS)

    assert free == ["10:00", "10:30", "11:00", "11:30"]


def test_another_hospital_that_opens_on_a_holiday_opens_only_itself(session, clinic, now):
    other = session.scalar(select(Hospital.id).where(Hospital.code != "TST").limit(1))
    day = Range(at_lagos(CHRISTMAS), at_lagos(CHRISTMAS + timedelta(days=1)))
    session.add(Closure(during=day, reason="open", hospital_id=other, is_open=True))
    session.flush()

    assert clinic.free(session, now=now, day=CHRISTMAS) == []


def test_leave_takes_one_doctor_away_and_leaves_the_other(session, clinic, now):
    noon, evening = at_lagos(TUESDAY, time(12)), at_lagos(TUESDAY, time(20))
    close(session, noon, evening, practitioner_id=clinic.ngozi.id)

    with_ngozi = clinic.free(session, now=now, practitioner_id=clinic.ngozi.id)

    assert with_ngozi[-1] == "11:30"
    assert len(clinic.free(session, now=now)) == 18


def test_a_closure_of_the_hospital_or_of_all_closes_everything(session, clinic, now):
    close(session, at_lagos(TUESDAY), at_lagos(TUESDAY, time(10)), hospital_id=clinic.hospital.id)
    close(session, at_lagos(TUESDAY, time(16)), None)

    free = clinic.free(session, now=now)

    assert (free[0], free[-1]) == ("10:00", "15:30")


def test_the_notice_a_service_needs_is_kept(session, clinic):
    at_ten = at_lagos(TUESDAY, time(10)).astimezone(UTC)

    assert clinic.free(session, now=at_ten)[0] == "11:00"


def test_nothing_is_offered_beyond_the_horizon(session, clinic, now):
    clinic.service.horizon_days = 1

    assert clinic.free(session, now=now, day=TUESDAY) == []


def test_a_service_no_longer_offered_has_no_times(session, clinic, now):
    clinic.service.is_active = False

    assert clinic.free(session, now=now) == []


def test_hours_hold_from_their_first_to_their_last_day(session, clinic, now):
    session.connection().exec_driver_sql(
        "update schedules set valid_to = '2026-11-23' where practitioner_id = %s",
        (clinic.ngozi.id,),
    )

    assert clinic.free(session, now=now, practitioner_id=clinic.ngozi.id) == []
    monday = date(2026, 11, 23)
    assert clinic.free(session, now=now, day=monday, practitioner_id=clinic.ngozi.id) != []


def test_when_anyone_will_do_a_time_is_free_until_the_last_doctor_is_taken(session, clinic, now):
    clinic.book(session, clinic.musa, clinic.slot(10), now=now)
    assert "10:00" in clinic.free(session, now=now)

    clinic.book(session, clinic.ada, clinic.slot(10, who=clinic.bayo), now=now)
    assert "10:00" not in clinic.free(session, now=now)


def test_the_doctor_with_less_to_do_is_offered_first(session, clinic, now):
    clinic.book(session, clinic.musa, clinic.slot(10, who=clinic.bayo), now=now)

    slot = availability.free_slots(
        session, clinic.service, first=TUESDAY, last=TUESDAY, now=now, limit=1
    )[0]

    assert slot.practitioner == "Dr Ngozi"


def test_the_patients_own_visit_is_not_free_but_their_hold_is(session, clinic, now):
    clinic.book(session, clinic.ada, clinic.slot(10), now=now)
    clinic.hold(session, clinic.ada, clinic.slot(11), now=now)

    free = clinic.free(session, now=now, patient_id=clinic.ada.id)

    assert "10:00" not in free
    assert "11:00" in free


def test_a_hold_takes_the_time_from_others_until_it_dies(session, clinic, now):
    clinic.hold(session, clinic.ada, clinic.slot(10), now=now)
    with_ngozi = {"practitioner_id": clinic.ngozi.id}

    assert "10:00" not in clinic.free(session, now=now, **with_ngozi)
    later = now + timedelta(minutes=10)
    assert "10:00" in clinic.free(session, now=later, **with_ngozi)


def test_the_visit_being_moved_does_not_stand_in_its_own_way(session, clinic, now):
    visit = clinic.book(session, clinic.ada, clinic.slot(10), now=now)

    free = clinic.free(session, now=now, patient_id=clinic.ada.id, moving_id=visit.id)

    assert "10:00" in free


def test_morning_means_from_the_earliest_hour_to_before_the_latest(session, clinic, now):
    free = clinic.free(session, now=now, earliest=time(9), latest=time(10))

    assert free == ["09:00", "09:30"]


def test_days_without_room_are_left_out_of_the_next_days(session, clinic, now):
    friday, monday = date(2026, 12, 25), date(2026, 12, 28)
    days = availability.free_days(session, clinic.service, now=now, from_day=friday, count=3)

    assert [day for day, _ in days] == [date(2026, 12, 29), date(2026, 12, 30), date(2026, 12, 31)]
    assert monday not in dict(days)
    assert dict(days)[date(2026, 12, 29)] == 18


def test_nearest_takes_the_same_day_first_then_the_same_hour_of_the_next(session, clinic, now):
    close(session, at_lagos(TUESDAY, time(8, 30)), at_lagos(TUESDAY, time(16)))
    wanted = at_lagos(TUESDAY, time(11))

    found = availability.nearest(session, clinic.service, wanted, now=now, count=5)

    assert [f"{slot.starts_at:%a %H:%M}" for slot in found] == [  # UTC, an hour behind Lagos
        "Tue 07:00",
        "Tue 15:00",
        "Tue 15:30",
        "Wed 10:00",
        "Wed 09:30",
    ]


def test_two_queries_are_enough_for_sixty_days(session, clinic, now):
    statements = []
    bind = session.get_bind()
    event.listen(bind, "before_cursor_execute", lambda *event: statements.append(event[2]))

    last = TUESDAY + timedelta(days=58)
    slots = availability.free_slots(session, clinic.service, first=TUESDAY, last=last, now=now)

    assert len(slots) > 600
    assert len(statements) == 2
