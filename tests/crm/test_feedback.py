"""A visit is rated once, whoever asks, and a bad word is followed up."""

import logging
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError

from crm import feedback
from crm.feedback import Said, signs
from crm.kit.clock import at_lagos, lagos_day
from crm.kit.errors import Invalid, NotFound
from crm.kit.permissions import Scope
from crm.loyalty import accounts
from crm.models import (
    AnswerSource,
    AppointmentStatus,
    FeedbackInvitation,
    FollowUp,
    Message,
    PatientFeedback,
    Severity,
    Topic,
)
from tests.crm.visits import HOUR, a_visit, give

DAY = timedelta(days=1)
FINE = Said(rating=5)


@pytest.fixture
def visit(session, clinic, now):
    """Ada was here two hours ago."""
    return a_visit(session, clinic, clinic.ada, over_at=now - 2 * HOUR)


def points_of(session, patient) -> int:
    account = accounts.of(session, patient.id)
    return account.available if account else 0


def count(session, kind) -> int:
    return len(session.scalars(select(kind.id)).all())


# -- giving ---------------------------------------------------------------------------------------


def test_what_was_said_is_kept_with_its_visit(session, clinic, visit, now):
    said = Said(
        rating=4,
        nps=9,
        categories=[Topic.PHARMACY, Topic.BILLING, Topic.PHARMACY],
        comment="The pharmacy was slow.",
    )
    given = give(session, visit, said, now=now)
    row = given.feedback

    assert (row.patient_id, row.appointment_id) == (clinic.ada.id, visit.id)
    assert (row.hospital_id, row.practitioner_id) == (clinic.hospital.id, clinic.ngozi.id)
    assert (row.rating, row.nps, row.categories) == (4, 9, ["pharmacy", "billing"])
    assert feedback.comment_of(session, row) == "The pharmacy was slow."
    assert b"pharmacy was slow" not in row.comment_sealed
    assert given.follow_up is None


@pytest.mark.parametrize("rating", [1, 3, 5])
def test_twenty_points_for_any_score(session, clinic, visit, now, rating):
    assert give(session, visit, Said(rating=rating), now=now).points == 20
    assert points_of(session, clinic.ada) == 20


def test_a_visit_is_rated_once(session, clinic, visit, now):
    give(session, visit, FINE, now=now)
    with pytest.raises(feedback.AlreadyAnswered):
        give(session, visit, Said(rating=1), now=now)
    assert count(session, PatientFeedback) == 1
    assert points_of(session, clinic.ada) == 20


def test_a_missed_visit_may_be_spoken_of_too(session, clinic, now):
    missed = a_visit(
        session, clinic, clinic.ada, over_at=now - DAY, status=AppointmentStatus.NOSHOW
    )
    assert give(session, missed, Said(rating=2), now=now).feedback.rating == 2


@pytest.mark.parametrize("status", [AppointmentStatus.BOOKED, AppointmentStatus.CANCELLED])
def test_only_what_took_place_can_be_rated(session, clinic, now, status):
    visit = a_visit(session, clinic, clinic.ada, over_at=now + DAY, status=status)
    with pytest.raises(Invalid) as refused:
        give(session, visit, FINE, now=now)
    assert (refused.value.field, refused.value.field_code) == ("appointment_id", "not_visited")


def test_after_ninety_days_it_is_too_late(session, clinic, now):
    old = a_visit(session, clinic, clinic.ada, over_at=now - 90 * DAY)
    older = a_visit(session, clinic, clinic.ada, over_at=now - 90 * DAY - HOUR)

    assert give(session, old, FINE, now=now)
    with pytest.raises(Invalid, match="too long ago"):
        give(session, older, FINE, now=now)


def test_nobody_rates_the_visit_of_another(session, clinic, visit, now):
    with pytest.raises(NotFound):
        give(session, visit, FINE, now=now, patient_id=clinic.musa.id)
    with pytest.raises(NotFound):
        give(session, visit, FINE, now=now, scope=Scope(frozenset(), patient_id=clinic.musa.id))
    with pytest.raises(NotFound):
        give(session, visit, FINE, now=now, scope=Scope(frozenset({uuid4()})))
    with pytest.raises(NotFound):
        give(session, visit, FINE, now=now, scope=Scope(frozenset(), owner_id=uuid4()))


def test_the_desk_writes_down_what_a_patient_says(session, clinic, visit, now):
    desk = Scope(frozenset({clinic.hospital.id}))
    given = give(session, visit, FINE, now=now, scope=desk, source=AnswerSource.DESK)
    assert given.feedback.source == "desk"


def test_the_database_takes_no_other_topics_and_scores(session, visit, now):
    row = give(session, visit, FINE, now=now).feedback
    for field, value in (("rating", 6), ("nps", 11), ("categories", ["parking"])):
        with pytest.raises(IntegrityError), session.begin_nested():
            session.execute(update(PatientFeedback).values({field: value}))
    assert row.rating == 5


def test_a_comment_stands_in_no_log(session, visit, now, caplog):
    caplog.set_level(logging.DEBUG)
    give(session, visit, Said(rating=1, comment="canary-in-the-ward"), now=now)
    assert "canary" not in caplog.text


# -- by invitation --------------------------------------------------------------------------------


def invited_to(session, visit, invitation_id, now):
    return feedback.invited_to(session, invitation_id, patient_id=visit.patient_id, now=now)


def test_an_invitation_stands_for_its_visit(session, visit, now):
    invitation = feedback.invite(session, appointment=visit, now=now)
    assert invited_to(session, visit, invitation.id, now + HOUR) == visit.id

    give(session, visit, FINE, now=now + HOUR)
    session.refresh(invitation)
    assert invitation.answered_at == now + HOUR


def test_an_expired_invitation_is_gone(session, visit, now):
    invitation = feedback.invite(session, appointment=visit, now=now)
    with pytest.raises(feedback.InvitationExpired) as gone:
        invited_to(session, visit, invitation.id, invitation.expires_at)
    assert gone.value.status == 410


def test_the_invitation_of_another_is_not_there(session, clinic, visit, now):
    musas = a_visit(session, clinic, clinic.musa, over_at=now - HOUR)
    invitation = feedback.invite(session, appointment=musas, now=now)
    with pytest.raises(NotFound):
        invited_to(session, visit, invitation.id, now)
    with pytest.raises(NotFound):
        invited_to(session, visit, uuid4(), now)


# -- staying unknown ------------------------------------------------------------------------------


def test_an_anonymous_row_says_neither_who_nor_which_visit_nor_when(session, clinic, visit, now):
    given = give(session, visit, Said(rating=2, comment="rude"), now=now, is_anonymous=True)
    row = session.execute(
        text("select * from patient_feedback where id = :id"), {"id": given.feedback.id}
    ).one()

    kept = row._mapping
    strangers = {clinic.ada.id, visit.id, clinic.ngozi.id, clinic.service.id}
    assert not [value for value in kept.values() if str(value) in map(str, strangers)]
    assert kept["said_at"] == at_lagos(lagos_day(now))
    assert kept["id"].version == 4
    assert not kept["may_contact"]


def test_the_points_come_all_the_same_and_only_once(session, clinic, visit, now):
    given = give(session, visit, FINE, now=now, is_anonymous=True)
    assert given.points == 20
    with pytest.raises(feedback.AlreadyAnswered):
        give(session, visit, FINE, now=now, is_anonymous=True)
    assert points_of(session, clinic.ada) == 20


def test_no_row_of_ours_tells_the_moment_of_an_anonymous_word(session, clinic, visit, now):
    moment = now + timedelta(minutes=23, seconds=11)
    given = give(session, visit, Said(rating=1), now=moment, is_anonymous=True)
    invitation = session.scalars(select(FeedbackInvitation)).one()

    assert invitation.answered_at == at_lagos(lagos_day(now))
    assert invitation.updated_at == invitation.answered_at
    follow_up = given.follow_up
    times = (follow_up.opened_at, follow_up.created_at, follow_up.updated_at, follow_up.due_at)
    assert all((at.minute, at.second) == (0, 0) for at in times)
    assert follow_up.id.version == 4


def test_the_database_refuses_an_anonymous_row_with_a_name(session, clinic, visit, now):
    give(session, visit, FINE, now=now, is_anonymous=True)
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(
            text("update patient_feedback set patient_id = :ada"), {"ada": clinic.ada.id}
        )


def test_an_anonymous_word_cannot_be_changed(session, visit, now):
    row = give(session, visit, FINE, now=now, is_anonymous=True).feedback
    with pytest.raises(NotFound):
        change(session, visit, row, now, rating=1)


# -- changing -------------------------------------------------------------------------------------


def change(session, visit, row, now, **changes):
    return feedback.edit(
        session,
        row.id,
        patient_id=visit.patient_id,
        scope=Scope(frozenset(), patient_id=visit.patient_id),
        now=now,
        **changes,
    )


def test_within_a_day_it_can_be_changed_bit_by_bit(session, clinic, visit, now):
    row = give(session, visit, Said(rating=5, nps=9), now=now).feedback
    change(session, visit, row, now + HOUR, comment="Clean wards.")
    changed = change(session, visit, row, now + DAY, rating=4).feedback

    assert (changed.rating, changed.nps, changed.edited_at) == (4, 9, now + DAY)
    assert feedback.comment_of(session, changed) == "Clean wards."
    assert points_of(session, clinic.ada) == 20


def test_after_a_day_it_stays(session, visit, now):
    row = give(session, visit, FINE, now=now).feedback
    with pytest.raises(feedback.EditClosed):
        change(session, visit, row, now + DAY + timedelta(seconds=1), rating=1)


def test_a_worse_second_thought_opens_a_follow_up_and_a_better_one_leaves_it(session, visit, now):
    row = give(session, visit, FINE, now=now).feedback
    opened = change(session, visit, row, now + HOUR, rating=1).follow_up
    change(session, visit, row, now + 2 * HOUR, rating=5)

    assert session.scalars(select(FollowUp)).one() is opened
    assert opened.due_at == now + HOUR + DAY


# -- what asks for a call -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rating", "nps", "comment", "expected"),
    [
        (5, None, "", None),
        (3, None, "", None),
        (3, 7, "", None),
        (3, 6, "", Severity.LOW_SCORE),
        (4, 0, "", None),
        (2, 10, "", Severity.LOW_SCORE),
        (1, None, "waited four hours", Severity.LOW_SCORE),
        (5, 10, "They gave me the wrong drug", Severity.URGENT),
        (1, None, "She asked for a bribe", Severity.URGENT),
        (3, None, "My wife dey bleed, nobody come", Severity.URGENT),
        (2, None, "The nurse SLAPPED my son", Severity.URGENT),
        (2, None, "he can’t breathe since", Severity.URGENT),
        (2, None, "Bád beating of drums outside", Severity.LOW_SCORE),
        (5, None, "They saved my life, wonderful drugs and injections", None),
        (5, None, "the scrape on the wall", None),
    ],
)
def test_what_asks_for_a_call_and_how_soon(rating, nps, comment, expected):
    assert signs.severity(rating=rating, nps=nps, comment=comment) is expected


def test_a_low_score_is_followed_up_within_a_day(session, clinic, visit, now):
    follow_up = give(session, visit, Said(rating=2), now=now).follow_up

    assert (follow_up.severity, follow_up.hospital_id) == ("low_score", clinic.hospital.id)
    assert (follow_up.opened_at, follow_up.due_at) == (now, now + DAY)
    assert not session.scalars(select(Message)).all()


def test_urgent_words_are_due_within_the_hour_and_the_desk_is_told(session, clinic, visit, now):
    clinic.hospital.desk_phone = "+2349140000777"
    said = Said(rating=4, comment="I am still bleeding")
    follow_up = give(session, visit, said, now=now).follow_up
    alert = session.scalars(select(Message)).one()

    assert (follow_up.severity, follow_up.due_at) == ("urgent", now + HOUR)
    assert (alert.purpose, alert.lane) == ("alert", "urgent")
    assert alert.patient_id is None


def test_a_name_is_taken_off_within_the_day_and_the_follow_up_stays(session, clinic, now):
    visit = a_visit(session, clinic, clinic.ada, over_at=now - 2 * HOUR)
    given = give(session, visit, Said(rating=1), now=now)
    mine = {"patient_id": clinic.ada.id, "scope": Scope(frozenset(), patient_id=clinic.ada.id)}
    bare = feedback.unname(
        session, given.feedback.id, now=now + HOUR / 3, comment="they shouted", **mine
    )
    assert (bare.rating, bare.patient_id, bare.appointment_id) == (1, None, None)
    assert feedback.comment_of(session, bare) == "they shouted"
    assert not bare.may_contact
    session.refresh(given.follow_up)
    assert given.follow_up.feedback_id == bare.id
    assert given.follow_up.opened_at == now.replace(minute=0) + HOUR
    with pytest.raises(NotFound):
        feedback.unname(session, given.feedback.id, now=now, **mine)
    with pytest.raises(feedback.AlreadyAnswered):
        give(session, visit, Said(rating=5), now=now)


def test_after_a_day_a_name_stays_on(session, clinic, now):
    visit = a_visit(session, clinic, clinic.ada, over_at=now - 2 * HOUR)
    given = give(session, visit, Said(rating=4), now=now)
    with pytest.raises(feedback.EditClosed):
        feedback.unname(
            session,
            given.feedback.id,
            patient_id=clinic.ada.id,
            scope=Scope(frozenset(), patient_id=clinic.ada.id),
            now=now + 25 * HOUR,
        )
