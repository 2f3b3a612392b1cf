"""Patients are asked once after a visit, at a decent hour, if they may be asked at all."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from bot.channels.carrier import Channel
from crm import feedback, suppressions
from crm.feedback import Said
from crm.kit.tokens import Links
from crm.models import (
    FeedbackInvitation,
    Message,
    PatientStatus,
    SuppressionReason,
)
from crm.outbox import unseal
from tests.crm.clinic import a_patient, a_phone
from tests.crm.visits import HOUR, a_visit, give

DAY = timedelta(days=1)


def lagos_at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of November 2026 on a Lagos clock."""
    return datetime(2026, 11, day, hour - 1, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("over_at", "now", "due_at"),
    [
        (lagos_at(24, 10), lagos_at(24, 10), lagos_at(24, 12)),
        (lagos_at(24, 10), lagos_at(24, 11), lagos_at(24, 12)),
        (lagos_at(24, 10), lagos_at(24, 15), lagos_at(24, 15)),
        (lagos_at(24, 17, 59), lagos_at(24, 17, 59), lagos_at(24, 19, 59)),
        (lagos_at(24, 18), lagos_at(24, 18), lagos_at(25, 9)),
        (lagos_at(24, 23), lagos_at(24, 23), lagos_at(25, 9)),
        (lagos_at(24, 3), lagos_at(24, 3), lagos_at(24, 9)),
    ],
)
def test_the_question_comes_two_hours_later_and_never_at_night(over_at, now, due_at):
    assert feedback.due_time(over_at, now=now) == due_at


def test_it_always_comes_within_a_day():
    visits = [lagos_at(24, 1) + timedelta(minutes=n) for n in range(0, 24 * 60, 7)]
    waits = [feedback.due_time(at, now=at) - at for at in visits]
    assert min(waits) == timedelta(hours=2)
    assert max(waits) < DAY


@pytest.fixture
def visit(session, clinic, now):
    """Ada was here this morning; it is Sunday, ten o'clock."""
    return a_visit(session, clinic, clinic.ada, over_at=now - HOUR)


def invite(session, visit, now):
    return feedback.invite(session, appointment=visit, now=now)


def post(session, now, **more):
    return dict(feedback.post_due(session, now=now, **more))


def only_message(session) -> Message:
    return session.scalars(select(Message)).one()


def test_a_visit_has_one_invitation(session, visit, now):
    first = invite(session, visit, now)
    assert (first.status, first.due_at, first.expires_at) == (
        "pending",
        now + HOUR,
        now + HOUR + 14 * DAY,
    )
    assert invite(session, visit, now) is None


def test_a_visit_that_ends_early_is_asked_about_from_then(session, clinic, now):
    visit = a_visit(session, clinic, clinic.ada, over_at=now + HOUR)
    assert invite(session, visit, now).due_at == now + 2 * HOUR


def test_nobody_is_asked_twice_in_thirty_days(session, clinic, visit, now):
    invite(session, visit, now)
    post(session, now + HOUR)
    soon = a_visit(session, clinic, clinic.ada, over_at=now + 29 * DAY)
    later = a_visit(session, clinic, clinic.ada, over_at=now + 32 * DAY)

    skipped = invite(session, soon, now + 29 * DAY)
    assert (skipped.status, skipped.skip_reason) == (
        "skipped",
        "the patient was asked in the last 30 days",
    )
    assert invite(session, later, now + 32 * DAY).status == "pending"


def test_two_visits_of_a_day_are_one_question(session, clinic, visit, now):
    other = a_visit(session, clinic, clinic.ada, over_at=now - 2 * HOUR)
    assert invite(session, visit, now).status == "pending"
    assert invite(session, other, now).status == "skipped"


@pytest.mark.parametrize("status", [PatientStatus.DECEASED, PatientStatus.ERASED])
def test_those_who_are_gone_are_left_alone(session, clinic, visit, now, status):
    clinic.ada.status = status
    assert invite(session, visit, now).skip_reason == "the patient is not active"


def test_who_complains_is_not_asked_again_before_it_is_settled(session, clinic, visit, now):
    give(session, visit, Said(rating=1), now=now)
    again = a_visit(session, clinic, clinic.ada, over_at=now + 40 * DAY)
    assert invite(session, again, now + 40 * DAY).skip_reason == (
        "a complaint of this patient is open"
    )


def test_what_is_long_past_is_not_asked_about(session, clinic, now):
    old = a_visit(session, clinic, clinic.ada, over_at=now - 4 * DAY)
    assert invite(session, old, now).skip_reason == "the visit is long past"


# -- posting --------------------------------------------------------------------------------------


def test_it_is_posted_once_when_it_is_due(session, clinic, visit, now, vault):
    invitation = invite(session, visit, now)
    assert post(session, now) == {}
    assert post(session, now + HOUR) == {"posted": 1}
    assert post(session, now + HOUR) == {}

    message = only_message(session)
    body = unseal(vault, message.body_sealed, row=message.id)
    assert (message.purpose, message.lane, message.status) == ("survey", "utility", "queued")
    assert (message.patient_id, message.about_id) == (clinic.ada.id, visit.id)
    assert message.conversation_id is not None
    assert body.text == (
        "Hello Ada, thank you for coming to GrandPro Test. How was your visit on Sun 22 Nov?"
        " Please tell us with one number."
    )
    assert [(option.id, option.label) for option in body.options] == [
        (f"v1|feedback|{invitation.id.hex}|1", "Very poor"),
        (f"v1|feedback|{invitation.id.hex}|2", "Poor"),
        (f"v1|feedback|{invitation.id.hex}|3", "Fair"),
        (f"v1|feedback|{invitation.id.hex}|4", "Good"),
        (f"v1|feedback|{invitation.id.hex}|5", "Excellent"),
    ]
    assert body.template.name == "feedback_invitation_en"
    assert body.template.variables[-1] == invitation.id.hex
    assert message.expires_at == invitation.expires_at


def test_the_answer_finds_its_question(session, clinic, visit, now):
    invitation = invite(session, visit, now)
    post(session, now + HOUR)

    def waits(at):
        return feedback.awaiting(session, address_id=clinic.phone.id, now=at)

    assert waits(now + 2 * HOUR) is invitation
    assert feedback.still_open(session, clinic.ada.id, now=now) == [invitation]
    assert waits(invitation.expires_at) is None
    give(session, visit, Said(rating=4), now=now + 2 * HOUR)
    assert waits(now + 2 * HOUR) is None


def test_who_has_spoken_already_is_not_asked(session, visit, now):
    invitation = invite(session, visit, now)
    give(session, visit, Said(rating=4), now=now)
    session.refresh(invitation)

    assert (invitation.status, invitation.skip_reason) == (
        "skipped",
        "answered without being asked",
    )
    assert post(session, now + HOUR) == {}


def test_who_said_stop_is_skipped_for_good(session, clinic, visit, now):
    invitation = invite(session, visit, now)
    suppressions.suppress(session, clinic.phone.id, SuppressionReason.STOP, now=now)

    assert post(session, now + HOUR) == {"skipped": 1}
    assert invitation.skip_reason == "the person asked us to stop"
    assert not session.scalars(select(Message)).all()


def test_who_has_no_number_is_skipped(session, clinic, now):
    visit = a_visit(session, clinic, clinic.musa, over_at=now - HOUR)
    invitation = invite(session, visit, now)
    assert post(session, now + HOUR) == {"skipped": 1}
    assert invitation.skip_reason == "there is no address from which an answer can come"


def test_where_text_messages_hear_no_answer_they_carry_a_link(session, clinic, now, vault):
    bola = a_patient("Bola Ade")
    session.add(bola)
    session.flush()
    a_phone(session, bola, "+2349140000188", now=now, channel=Channel.SMS)
    invitation = invite(session, a_visit(session, clinic, bola, over_at=now - HOUR), now)

    links = Links("https://bot.example", "secret")
    assert post(session, now + HOUR, forms=links) == {"posted": 1}
    message = session.get_one(Message, {"id": invitation.message_id})
    body = unseal(vault, message.body_sealed, row=message.id)
    assert body.text.endswith(f"Please tell us here: {links.form('feedback', invitation.id)}")
    assert not body.options


def test_a_question_that_could_not_be_asked_for_days_is_dropped(session, visit, now):
    invitation = invite(session, visit, now)
    assert post(session, now + 4 * DAY) == {"skipped": 1}
    assert invitation.skip_reason == "it could not be asked in time"


def test_what_is_due_is_counted(session, visit, now):
    invite(session, visit, now)
    assert feedback.count_due(session, now=now) == 0
    assert feedback.count_due(session, now=now + HOUR) == 1
    assert session.scalars(select(FeedbackInvitation.status)).all() == ["pending"]
