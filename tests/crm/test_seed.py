import re

from sqlalchemy import func, select

from crm import availability, seed
from crm.models import Hospital, Practitioner, PractitionerService, Schedule, Service


def test_the_demo_has_three_hospitals_and_twelve_services(session):
    hospitals = session.scalars(select(Hospital).order_by(Hospital.position)).all()

    assert [hospital.code for hospital in hospitals] == ["IKJ", "WUS", "PHC"]
    assert [hospital.state for hospital in hospitals] == ["Lagos", "FCT", "Rivers"]
    assert session.scalar(select(func.count()).select_from(Service)) == 12


def test_every_service_has_somebody_and_something_free_next_week(session, now):
    for service in session.scalars(select(Service)):
        assert availability.free_days(session, service, now=now), service.name


def test_some_work_on_saturdays_in_every_hospital(session):
    saturdays = (
        select(Practitioner.hospital_id)
        .join(Schedule, Schedule.practitioner_id == Practitioner.id)
        .where(Schedule.weekday == 5)
    )
    assert len(set(session.scalars(saturdays))) == 3


def test_the_numbers_belong_to_no_network(session):
    numbers = session.execute(select(Hospital.phone, Hospital.desk_phone)).all()

    assert all(re.fullmatch(r"\+234914\d{7}", number) for row in numbers for number in row)


def test_a_house_that_has_hospitals_is_left_alone(session, now):
    before = session.scalar(select(func.count()).select_from(PractitionerService))

    assert not seed.demo(session, now=now)
    assert session.scalar(select(func.count()).select_from(PractitionerService)) == before
