"""Complaints reach a person in time, and never the one complained of."""

from datetime import timedelta

import pytest

from crm import feedback, follow_ups
from crm.feedback import Said
from crm.follow_ups import Wanted
from crm.kit.errors import Invalid, NotFound, StaleVersion
from crm.kit.ids import uuid7
from crm.kit.paging import PageRequest
from crm.kit.permissions import EVERYTHING, Actor, Kind, Role, Scope
from crm.models import AnswerSource, RootCause, Severity, User, UserGrant, UserStatus
from tests.crm.clinic import a_clinic
from tests.crm.visits import HOUR, a_visit, give

DAY = timedelta(days=1)


@pytest.fixture
def complaint(session, clinic, now):
    """Ada was not happy."""
    visit = a_visit(session, clinic, clinic.ada, over_at=now - HOUR)
    return give(session, visit, Said(rating=1), now=now).follow_up


def a_user(session, role, hospital_id=None, *, status=UserStatus.ACTIVE) -> User:
    id_ = uuid7()
    user = User(
        id=id_,
        name="Ngozi",
        email_sealed=b"-",
        email_index=id_.bytes,
        password_hash="-",
        status=status,
    )
    session.add(user)
    session.flush()
    session.add(UserGrant(user_id=id_, role=role, hospital_id=hospital_id))
    session.flush()
    return user


def actor(user, role=Role.COMMUNICATIONS) -> Actor:
    return Actor(Kind.USER, user.id, user.name, ((role, None),))


@pytest.fixture
def ngozi(session, clinic):
    return a_user(session, Role.COMMUNICATIONS, clinic.hospital.id)


def act(verb, session, complaint, user, now, *, scope=EVERYTHING, version=None, **what):
    return verb(
        session,
        complaint.id,
        version=complaint.version if version is None else version,
        scope=scope,
        by=actor(user),
        now=now,
        **what,
    )


def found(session, now, user, *, scope=EVERYTHING, **wanted):
    page = follow_ups.search(
        session, Wanted(**wanted), scope=scope, by=actor(user), page=PageRequest(), now=now
    )
    return list(page.items)


def test_from_open_over_contacted_to_resolved(session, complaint, ngozi, now):
    assert complaint.status == "open"
    act(follow_ups.note_contact, session, complaint, ngozi, now + HOUR, note="Called, sorry.")
    assert (complaint.status, complaint.first_contact_at) == ("contacted", now + HOUR)
    assert complaint.assignee_id == ngozi.id

    act(
        follow_ups.resolve,
        session,
        complaint,
        ngozi,
        now + DAY,
        root_cause=RootCause.STAFFING,
        note="Two nurses were ill.",
    )
    assert (complaint.status, complaint.root_cause) == ("resolved", "staffing")
    assert complaint.resolved_by == ngozi.id
    assert follow_ups.notes_of(session, complaint) == ("Called, sorry.", "Two nurses were ill.")
    assert b"Called" not in complaint.contact_note_sealed


def test_the_first_contact_counts(session, complaint, ngozi, now):
    act(follow_ups.note_contact, session, complaint, ngozi, now + HOUR, note="No answer.")
    act(follow_ups.note_contact, session, complaint, ngozi, now + 2 * HOUR, note="Reached her.")
    assert complaint.first_contact_at == now + HOUR
    assert follow_ups.notes_of(session, complaint)[0] == "Reached her."


def test_what_is_closed_stays_closed(session, complaint, ngozi, now):
    close = {"root_cause": RootCause.PROCESS, "note": ""}
    act(follow_ups.resolve, session, complaint, ngozi, now, **close)
    with pytest.raises(follow_ups.AlreadyResolved):
        act(follow_ups.resolve, session, complaint, ngozi, now, **close)


def test_of_two_who_change_it_one_must_look_again(session, complaint, ngozi, now):
    act(follow_ups.assign, session, complaint, ngozi, now, assignee_id=ngozi.id)
    with pytest.raises(StaleVersion) as stale:
        act(follow_ups.assign, session, complaint, ngozi, now, assignee_id=ngozi.id, version=1)
    assert stale.value.facts == {"version": 2}


def test_it_goes_to_those_who_handle_complaints_there(session, clinic, complaint, ngozi, now):
    boss = a_user(session, Role.ADMIN)
    elsewhere = a_user(
        session, Role.COMMUNICATIONS, a_clinic(session, now=now, code="ELS").hospital.id
    )
    desk = a_user(session, Role.FRONT_DESK, clinic.hospital.id)
    gone = a_user(session, Role.COMMUNICATIONS, status=UserStatus.DISABLED)

    act(follow_ups.assign, session, complaint, ngozi, now, assignee_id=boss.id)
    assert complaint.assignee_id == boss.id
    for wrong in (elsewhere.id, desk.id, gone.id, uuid7()):
        with pytest.raises(Invalid) as refused:
            act(follow_ups.assign, session, complaint, ngozi, now, assignee_id=wrong)
        assert refused.value.field_code == "may_not_handle"


def test_whoever_is_complained_of_neither_sees_nor_closes_it(session, complaint, ngozi, now):
    musa = a_user(session, Role.COMMUNICATIONS)
    act(follow_ups.assign, session, complaint, ngozi, now, assignee_id=musa.id)
    act(follow_ups.name, session, complaint, ngozi, now, user_id=musa.id)
    assert complaint.assignee_id is None

    assert found(session, now, musa) == []
    assert found(session, now, ngozi) == [complaint]
    for verb, what in (
        (follow_ups.resolve, {"root_cause": RootCause.CONDUCT, "note": ""}),
        (follow_ups.note_contact, {"note": "fine"}),
        (follow_ups.name, {"user_id": ngozi.id}),
    ):
        with pytest.raises(NotFound):
            act(verb, session, complaint, musa, now, **what)
    with pytest.raises(Invalid):
        act(follow_ups.assign, session, complaint, ngozi, now, assignee_id=musa.id)


def test_nobody_names_themselves_or_nobody(session, complaint, ngozi, now):
    for user_id, code in ((ngozi.id, "yourself"), (uuid7(), "unknown_user")):
        with pytest.raises(Invalid) as refused:
            act(follow_ups.name, session, complaint, ngozi, now, user_id=user_id)
        assert refused.value.field_code == code


def test_another_hospital_sees_nothing(session, complaint, ngozi, now):
    elsewhere = Scope(frozenset({uuid7()}))
    assert found(session, now, ngozi, scope=elsewhere) == []
    with pytest.raises(NotFound):
        act(
            follow_ups.assign,
            session,
            complaint,
            ngozi,
            now,
            scope=elsewhere,
            assignee_id=ngozi.id,
        )


def test_they_are_found_by_what_is_to_be_done(session, clinic, complaint, ngozi, now):
    visit = a_visit(session, clinic, clinic.musa, over_at=now - HOUR)
    urgent = give(session, visit, Said(rating=3, comment="a bribe"), now=now + HOUR).follow_up
    act(follow_ups.note_contact, session, urgent, ngozi, now + HOUR, note="")

    assert found(session, now, ngozi) == [urgent, complaint]
    assert found(session, now, ngozi, status="open") == [complaint]
    assert found(session, now, ngozi, status="contacted") == [urgent]
    assert found(session, now, ngozi, status="resolved") == []
    assert found(session, now, ngozi, severity=Severity.URGENT) == [urgent]
    assert found(session, now, ngozi, assignee_id=ngozi.id) == [urgent]
    assert found(session, now, ngozi, hospital_id=uuid7()) == []


def test_late_is_what_was_not_contacted_in_time(session, clinic, complaint, ngozi, now):
    at = now + DAY
    assert found(session, at, ngozi, is_breached=True) == []
    assert not complaint.is_breached(at)
    late = at + timedelta(seconds=1)
    assert found(session, late, ngozi, is_breached=True) == [complaint]
    assert complaint.is_breached(late)
    act(follow_ups.note_contact, session, complaint, ngozi, now + HOUR, note="")
    assert found(session, late, ngozi, is_breached=True) == []


def test_an_urgent_second_thought_makes_it_urgent(session, clinic, complaint, now):
    feedback.edit(
        session,
        complaint.feedback_id,
        patient_id=clinic.ada.id,
        scope=Scope(frozenset(), patient_id=clinic.ada.id),
        now=now + HOUR,
        comment="they slapped me",
    )
    assert (complaint.severity, complaint.due_at) == ("urgent", now + 2 * HOUR)


def test_an_anonymous_complaint_is_due_a_little_later(session, clinic, now):
    visit = a_visit(session, clinic, clinic.ada, over_at=now - HOUR)
    moment = now + timedelta(minutes=20)
    given = give(
        session,
        visit,
        Said(rating=1, comment="bribe"),
        now=moment,
        is_anonymous=True,
        source=AnswerSource.WEB,
    )
    assert (given.follow_up.opened_at, given.follow_up.due_at) == (now + HOUR, now + 2 * HOUR)
