"""The audit log: what is sealed cannot be changed unseen."""

from datetime import datetime, timedelta

import psycopg
import pytest
from psycopg import errors
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from crm import audit
from crm.audit import Act
from crm.kit.ids import uuid7
from crm.kit.permissions import Actor, Kind, Role
from crm.models import AuditEvent, Hospital
from tests.at_once import at_once


@pytest.fixture
def ikeja(session: Session):
    return session.scalars(select(Hospital.id).where(Hospital.code == "IKJ")).one()


def act(sessions: sessionmaker[Session], now: datetime, hospital_id=None, action="patients.show"):
    ngozi = Actor(Kind.USER, uuid7(), "Ngozi", ((Role.FRONT_DESK, hospital_id),))
    with sessions() as session:
        audit.record(session, Act(actor=ngozi, action=action, fields=["name"]), now=now)
        session.commit()


def seal(sessions: sessionmaker[Session], now: datetime) -> int:
    with sessions() as session:
        count = audit.seal_due(session, now=now, margin=timedelta(0))
        session.commit()
    return count


def broken(sessions: sessionmaker[Session]) -> list[audit.Broken]:
    with sessions() as session:
        return audit.verify(session)[0]


def test_sealed_events_hold_and_each_hospital_has_its_chain(sessions, now, ikeja):
    for place in (ikeja, None, ikeja):
        act(sessions, now, place)
    assert seal(sessions, now) == 3
    act(sessions, now, ikeja)
    assert seal(sessions, now) == 1
    with sessions() as session:
        found, newest = audit.verify(session)
    assert (found, set(newest)) == ([], {ikeja, None})


def test_an_event_is_sealed_once(sessions, now):
    act(sessions, now)
    assert [seal(sessions, now), seal(sessions, now)] == [1, 0]


@pytest.mark.parametrize(
    "crime",
    [
        "update audit_events set action = 'x' where seq = (select min(seq) from audit_events)",
        "delete from audit_events where seq = (select min(seq) from audit_events)",
        "update audit_events set actor_id = null",
        "update audit_seals set count = count + 1",
        "delete from audit_seals where n = 1",
    ],
)
def test_a_change_behind_our_back_is_found(sessions, now, database_url, crime):
    for _ in range(3):
        act(sessions, now)
        seal(sessions, now)
    with psycopg.connect(database_url) as thief:
        thief.execute("alter table audit_events disable trigger all")
        thief.execute("alter table audit_seals disable trigger all")
        thief.execute(crime)
    assert broken(sessions)


@pytest.mark.parametrize("table", ["audit_events", "audit_seals"])
@pytest.mark.parametrize(
    "crime", ["update {} set hospital_id = null", "delete from {}", "truncate {}"]
)
def test_the_database_refuses_to_change_the_log(sessions, now, database_url, table, crime):
    act(sessions, now)
    seal(sessions, now)
    with psycopg.connect(database_url) as thief, pytest.raises(errors.RestrictViolation):
        thief.execute(crime.format(table))


def test_an_event_still_being_written_is_left_for_the_next_seal(sessions, now):
    act(sessions, now)
    with sessions() as slow:
        audit.record(slow, Act(actor=Actor.system(), action="payouts.approve"), now=now)
        act(sessions, now)
        assert seal(sessions, now) == 1
        slow.commit()
    assert seal(sessions, now) == 2
    assert broken(sessions) == []


def test_two_sealers_at_once_make_one_chain(sessions, now):
    for _ in range(50):
        act(sessions, now)
    at_once([lambda: seal(sessions, now)] * 4)
    seal(sessions, now)
    assert broken(sessions) == []
    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(AuditEvent)) == 50
