"""Requests of people and breaches, with their days."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from crm import consents, privacy
from crm.kit.errors import Invalid, NotFound
from crm.kit.ids import uuid7
from crm.kit.paging import PageRequest
from crm.kit.permissions import EVERYTHING, Actor, Kind, Scope
from crm.models import (
    BreachSeverity,
    Message,
    MessageStatus,
    Purpose,
    RequestKind,
    RequestStatus,
)
from crm.privacy import breaches, requests
from tests.crm.privacy.records import ADMIN, at, erase, say


def test_a_request_is_due_in_thirty_days_and_asked_once(session, clinic, now):
    me = Actor(Kind.PATIENT, clinic.ada.id, "Ada")
    asked = requests.ask(session, clinic.ada, RequestKind.ERASE, by=me, now=now)
    again = requests.ask(session, clinic.ada, RequestKind.ERASE, by=me, now=now)
    assert asked is again
    assert asked.due_on == date(2026, 12, 22)
    late = now + timedelta(days=31)
    assert not requests.is_overdue(asked, now=now)
    assert requests.is_overdue(asked, now=late)
    assert privacy.due(session, now=late)["requests_late"] == 1
    found = requests.search(
        session, scope=EVERYTHING, page=PageRequest(), now=late, is_overdue=True
    )
    assert found.items == [asked]
    erase(session, clinic.ada, now)
    session.refresh(asked)
    assert asked.status is RequestStatus.DONE


def test_a_request_is_answered_once(session, clinic, now):
    asked = requests.ask(session, clinic.ada, RequestKind.RECTIFY, by=ADMIN, now=now)
    closed = requests.close(
        session,
        asked.id,
        RequestStatus.REFUSED,
        "The record is right.",
        scope=EVERYTHING,
        by=ADMIN,
        now=now,
    )
    assert (closed.closed_at, closed.closed_by_id) == (now, ADMIN.id)
    with pytest.raises(requests.RequestClosed):
        requests.close(
            session, asked.id, RequestStatus.DONE, "Done.", scope=EVERYTHING, by=ADMIN, now=now
        )


def test_an_objection_ends_marketing_at_once(session, clinic, now):
    consents.record(
        session,
        address_id=clinic.phone.id,
        patient_id=clinic.ada.id,
        purpose="marketing",
        is_granted=True,
        wording="w",
        language="en",
        source="test",
        now=now,
    )
    offer = say(session, clinic.phone, clinic.ada, "Half price", now, purpose=Purpose.MARKETING)
    requests.ask(session, clinic.ada, RequestKind.OBJECT, by=ADMIN, now=now)
    status = session.scalar(select(Message.status).where(Message.id == offer))
    assert status is MessageStatus.CANCELLED


def test_the_clock_of_a_breach_runs_from_its_detection(session, clinic, now):
    found = breaches.log(
        session,
        summary="A folder was left on a bus.",
        severity=BreachSeverity.MEDIUM,
        detected_at=now - timedelta(hours=60),
        hospital_id=clinic.hospital.id,
        scope=at(clinic),
        by=ADMIN,
        now=now,
    )
    assert breaches.hours_left(found, now=now) == 12.0
    assert privacy.due(session, now=now)["breaches_due"] == 1
    assert privacy.due(session, now=now + timedelta(hours=13))["breaches_late"] == 1
    breaches.change(session, found.id, {"reported_at": now}, scope=at(clinic), now=now)
    assert breaches.hours_left(found, now=now) is None
    assert not any(privacy.due(session, now=now + timedelta(hours=13)).values())
    elsewhere = Scope(frozenset({uuid7()}))
    assert not breaches.search(session, scope=elsewhere, page=PageRequest()).items
    with pytest.raises(NotFound):
        breaches.change(session, found.id, {}, scope=elsewhere, now=now)
    with pytest.raises(Invalid):
        breaches.change(
            session, found.id, {"closed_at": now + timedelta(1)}, scope=EVERYTHING, now=now
        )
