"""The directory: read once, seen anew after a change of ours, and after half a minute."""

from sqlalchemy import event, update

from crm import directory
from crm.models import Hospital, Service


def test_it_holds_open_hospitals_with_their_services_and_who_gives_them(session):
    found = directory.of(session)
    assert [hospital.code for hospital in found.hospitals] == ["IKJ", "WUS", "PHC"]
    eye = next(each for each in found.services[found.hospitals[0].id] if each.name == "Eye")
    assert found.service(eye.id) is eye
    assert found.practitioners[eye.id]


def test_it_is_read_once(session):
    directory.of(session)
    asked = []
    event.listen(session.get_bind(), "before_cursor_execute", lambda *said: asked.append(said[2]))
    assert directory.of(session).hospitals
    assert asked == []


def test_a_change_of_this_process_is_seen_at_once(session):
    ikeja = directory.of(session).hospitals[0]
    session.get_one(Hospital, ikeja.id).name = "GrandPro Ikeja GRA"
    session.flush()
    assert directory.of(session).hospitals[0].name == "GrandPro Ikeja GRA"


def test_a_change_of_another_process_is_seen_half_a_minute_later(session):
    eye = next(iter(directory.of(session, at=1000.0).services.values()))[0]
    session.connection().execute(
        update(Service.__table__).where(Service.id == eye.id).values(is_active=False)
    )
    assert directory.of(session, at=1029.9).service(eye.id)
    assert directory.of(session, at=1030.0).service(eye.id) is None


def test_nobody_s_session_holds_its_rows(session):
    found = directory.of(session)
    assert found.hospitals[0] not in session
    assert session.get_one(Hospital, found.hospitals[0].id) is not found.hospitals[0]
