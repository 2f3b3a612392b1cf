from datetime import date, datetime, time, timedelta

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy import event, select, text

from bot.channels.carrier import Channel
from bot.wiring import Wiring
from crm import appointments, reminders
from crm.kit.clock import SystemClock, at_lagos, lagos
from crm.kit.tokens import Links
from crm.models import (
    Appointment,
    Conversation,
    Lane,
    Message,
    MessageStatus,
    Purpose,
    Reminder,
    ReminderKind,
    ReminderStatus,
)
from crm.outbox.bodies import unseal
from tests.crm.clinic import TUESDAY, a_patient, a_phone
from tests.outbox import settings
from workers import reminders as jobs

MONDAY = TUESDAY - timedelta(days=1)
DAY_BEFORE, SAME_DAY = ReminderKind.DAY_BEFORE, ReminderKind.SAME_DAY


def due(starts_at: datetime, now: datetime) -> list[tuple[str, str]]:
    return [
        (kind.value, f"{lagos(at):%a %H:%M}")
        for kind, at in reminders.due_times(starts_at, now=now)
    ]


def test_an_afternoon_visit_is_announced_a_day_and_two_hours_ahead(now):
    visit = at_lagos(TUESDAY, time(15))

    assert due(visit, now) == [("day-before", "Mon 15:00"), ("same-day", "Tue 13:00")]


def test_a_visit_booked_on_the_day_is_announced_once(now):
    visit = at_lagos(date(2026, 11, 22), time(15))

    assert due(visit, now) == [("same-day", "Sun 13:00")]


def test_a_visit_in_an_hour_is_not_announced(now):
    assert due(now + timedelta(hours=1), now) == []


def test_nobody_is_woken_for_an_early_visit(now):
    visit = at_lagos(TUESDAY, time(8))

    assert due(visit, now) == [("day-before", "Mon 08:00")]


def test_an_early_visit_booked_late_is_announced_the_evening_before():
    visit, monday_noon = at_lagos(TUESDAY, time(8)), at_lagos(MONDAY, time(12))

    assert due(visit, monday_noon) == [("same-day", "Mon 19:00")]


def test_a_day_before_that_falls_in_the_night_waits_for_the_morning_or_comes_in_the_evening(now):
    assert due(at_lagos(TUESDAY, time(6)), now) == [("day-before", "Mon 07:00")]
    night = due(at_lagos(TUESDAY, time(22)), now)
    assert night == [("day-before", "Mon 19:00"), ("same-day", "Tue 20:00")]


def test_a_booking_plans_its_reminders_to_the_patients_whatsapp(session, clinic, now):
    visit = clinic.book(session, clinic.ada, clinic.slot(15), now=now)

    planned = session.scalars(select(Reminder).order_by(Reminder.due_at)).all()

    assert [reminder.kind for reminder in planned] == [DAY_BEFORE, SAME_DAY]
    assert {reminder.address_id for reminder in planned} == {clinic.phone.id}
    assert {reminder.appointment_id for reminder in planned} == {visit.id}


def test_the_address_last_heard_on_is_preferred_to_whatsapp(session, clinic, now):
    text_phone = a_phone(session, clinic.ada, "+2349140000003", now=now, channel=Channel.SMS)
    session.add(Conversation(address_id=text_phone.id, heard_at=now))
    session.flush()

    clinic.book(session, clinic.ada, clinic.slot(15), now=now)

    channels = set(session.scalars(select(Reminder.channel)))
    assert channels == {Channel.SMS}


def test_a_patient_without_a_phone_is_booked_and_not_reminded(session, clinic, now):
    clinic.book(session, clinic.musa, clinic.slot(15), now=now)

    assert session.scalars(select(Reminder)).all() == []


@pytest.fixture
def visit(session, clinic, now) -> Appointment:
    """Ada's visit on Tuesday at three."""
    return clinic.book(session, clinic.ada, clinic.slot(15), now=now)


@pytest.fixture
def day_before() -> datetime:
    """When it is announced."""
    return at_lagos(MONDAY, time(15))


def test_a_due_reminder_names_person_place_and_time_and_nothing_else(
    session, visit, vault, day_before
):
    counts = reminders.post_due(session, now=day_before)
    message = session.scalars(select(Message)).one()
    body = unseal(vault, message.body_sealed, row=message.id)

    assert counts == {"posted": 1, "skipped": 0, "left": 0}
    assert body.text == (
        "Reminder: Ada, you have an appointment at GrandPro Test on Tue 24 Nov, 3pm. Will you come?"
    )
    assert [option.id for option in body.options] == [
        f"v1|reminder|{visit.id.hex}|{answer}" for answer in ("confirm", "move", "cancel")
    ]
    assert body.template.name == "appointment_reminder_day_before_en"
    assert body.template.variables == ("Ada", "GrandPro Test", "Tue 24 Nov, 3pm", visit.id.hex)


def test_it_goes_as_a_reminder_about_the_visit_and_dies_when_the_visit_begins(
    session, clinic, visit, day_before
):
    reminders.post_due(session, now=day_before)
    message = session.scalars(select(Message)).one()

    assert (message.purpose, message.lane) == (Purpose.REMINDER, Lane.UTILITY)
    assert (message.about_id, message.patient_id) == (visit.id, clinic.ada.id)
    assert message.expires_at == visit.starts_at


def test_a_patient_who_speaks_pidgin_is_reminded_in_pidgin(
    session, clinic, visit, vault, day_before
):
    clinic.ada.language = "pcm"
    reminders.post_due(session, now=day_before)
    message = session.scalars(select(Message)).one()

    assert visit.id == message.about_id
    assert "you get appointment" in unseal(vault, message.body_sealed, row=message.id).text


def test_a_bare_digit_then_answers_the_reminder(session, clinic, visit, day_before):
    reminders.post_due(session, now=day_before)

    talk = session.scalars(
        select(Conversation).where(Conversation.address_id == clinic.phone.id)
    ).one()
    assert (talk.reminded_of, talk.reminded_at) == (visit.id, day_before)


def test_a_reminder_is_posted_once(session, visit, day_before):
    reminders.post_due(session, now=day_before)

    assert reminders.post_due(session, now=day_before) == {}
    status = session.scalar(select(Reminder.status).order_by(Reminder.due_at).limit(1))
    assert status == ReminderStatus.POSTED
    assert visit.status == "booked"


def test_a_reminder_not_due_yet_waits(session, visit, day_before):
    assert reminders.post_due(session, now=day_before - timedelta(minutes=1)) == {}
    assert reminders.count_due(session, now=day_before) == 1
    assert visit.status == "booked"


def test_the_day_before_reminder_is_skipped_when_the_visit_is_near(session, visit):
    two_hours_ahead = visit.starts_at - timedelta(hours=2)

    counts = reminders.post_due(session, now=two_hours_ahead)

    assert counts == {"posted": 1, "skipped": 1, "left": 0}


def test_a_visit_that_has_begun_is_not_announced(session, visit):
    counts = reminders.post_due(session, now=visit.starts_at)

    assert counts["skipped"] == 2
    assert session.scalars(select(Message)).all() == []


def test_a_visit_changed_behind_its_reminder_is_not_announced(session, visit, day_before):
    session.execute(text("update appointments set version = 2"))

    reminders.post_due(session, now=day_before)

    reason = session.scalar(select(Reminder.skip_reason).where(Reminder.kind == DAY_BEFORE))
    assert reason == "the visit changed"
    assert visit.status == "booked"


def test_a_reminder_posted_but_not_sent_dies_with_the_visit(session, visit, day_before):
    reminders.post_due(session, now=day_before)

    appointments.cancel(session, visit.id, reason="ill", now=day_before)

    session.expire_all()
    assert session.scalars(select(Message)).one().status == MessageStatus.CANCELLED


def test_a_patient_who_is_writing_just_now_is_reminded_by_the_next_run(
    sessions, session, clinic, visit, day_before
):
    reminders.post_due(session, now=day_before - timedelta(days=1))  # nothing yet
    session.add(Conversation(address_id=clinic.phone.id))
    session.commit()
    with sessions() as turn:
        turn.execute(text("select from conversations for no key update"))

        assert reminders.post_due(session, now=day_before)["left"] == 1
        session.commit()
        turn.rollback()

    assert reminders.post_due(session, now=day_before)["posted"] == 1
    assert visit.status == "booked"


def test_two_workers_share_the_reminders_and_never_wait(sessions, session, clinic, now, day_before):
    for number in range(6):
        patient = a_patient(f"Person{number} Test")
        session.add(patient)
        session.flush()
        a_phone(session, patient, f"+234914000011{number}", now=now)
        clinic.book(session, patient, clinic.slot(8 + number), now=now)
    session.commit()

    with sessions() as one, sessions() as other:
        first = reminders.post_due(one, now=day_before, limit=4)
        second = reminders.post_due(other, now=day_before, limit=4)
        one.commit()
        other.commit()

    assert (first["posted"], second["posted"]) == (4, 2)


class Monday(SystemClock):
    def now(self) -> datetime:
        return at_lagos(MONDAY, time(15))


@pytest.fixture
def wiring(engine, vault) -> Wiring:
    """A worker's wiring whose queue is away: what is posted waits for the sweep."""
    nowhere = Redis(port=1, retry=Retry(NoBackoff(), 0))
    return Wiring(settings(), engine, nowhere, carrier=None, vault=vault, clock=Monday())


def test_the_job_posts_batch_after_batch_until_none_is_due(session, clinic, now, wiring):
    clinic.book(session, clinic.ada, clinic.slot(14), now=now)
    clinic.book(session, clinic.ada, clinic.slot(15), now=now)
    session.commit()

    assert jobs.post_due(wiring, dry_run=True) == {"due": 2}
    assert jobs.post_due(wiring)["posted"] == 2
    assert jobs.post_due(wiring) == {}


def test_the_number_of_statements_does_not_grow_with_the_batch(session, clinic, now, day_before):
    for number in range(10):
        patient = a_patient(f"Person{number} Test")
        session.add(patient)
        session.flush()
        a_phone(session, patient, f"+234914000012{number}", now=now)
        doctor = (clinic.ngozi, clinic.bayo)[number % 2]
        clinic.book(session, patient, clinic.slot(8 + number // 2, who=doctor), now=now)
    statements = []
    bind = session.get_bind()
    event.listen(bind, "before_cursor_execute", lambda *event: statements.append(event[2]))

    assert reminders.post_due(session, now=day_before)["posted"] == 10
    assert len(statements) <= 8


def test_where_text_messages_hear_no_answer_none_is_asked_for(
    session, clinic, now, day_before, vault
):
    musa = a_patient("Musa Bello")
    session.add(musa)
    session.flush()
    a_phone(session, musa, "+2349140000199", now=now, channel=Channel.SMS)
    clinic.book(session, musa, clinic.slot(14), now=now)

    links = Links("https://bot.example", "secret")
    reminders.post_due(session, now=day_before, forms=links)
    message = session.scalars(select(Message).where(Message.patient_id == musa.id)).one()
    body = unseal(vault, message.body_sealed, row=message.id)
    assert "Will you come?" not in body.text
    assert links.form("reminder", message.about_id) in body.text
    assert not body.options
