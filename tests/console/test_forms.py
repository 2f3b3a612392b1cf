"""Where text messages hear no answer, a short link opens a form: looking changes nothing."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.texts import keys
from crm import feedback, satisfaction
from crm.models import (
    Answering,
    AnswerSource,
    Appointment,
    AppointmentStatus,
    Conversation,
    FeedbackInvitation,
    FollowUp,
    OwnerSatisfaction,
    Patient,
    PatientFeedback,
)
from tests.console import forms
from tests.console.forms import link_to, one_way, opened, sent
from tests.conversations.clinics import fill, free
from tests.conversations.estates import own
from tests.conversations.test_waitlist_talk import TUESDAY
from tests.people import AMINA, DANLADI, MUSA
from tests.stack import BORN_ON
from workers import schedule

DAY = timedelta(days=1)
POLICY = "default-src 'none'; style-src 'self'; form-action 'self'"


def row(stack, kind):
    with stack.wiring.sessions() as session:
        return session.scalars(select(kind)).one_or_none()


@pytest.fixture
def visit_link(stack) -> str:
    return forms.visit_link(stack)


NOTICES = ("visit", "loyalty", "payout", "owner_notice", "code")
ASKS = re.compile(r"\b(send|reply|answer|text|write( to)? us)\b|one number|\bMENU\b", re.IGNORECASE)


def test_no_text_that_hears_no_answer_asks_for_one():
    said = {
        f"{language} [{section}] {key}": wording.get("sms", wording["text"])
        for language, section, key, wording in keys()
        if language in ("en", "pcm") and (key.endswith("_one_way") or section in NOTICES)
    }
    linked = {name: words for name, words in said.items() if name.endswith("_one_way")}
    assert len(linked) == 12
    assert all("{link}" in words for words in linked.values())
    assert not [name for name, words in said.items() if ASKS.search(words)]


# -- a visit ---------------------------------------------------------------------------------------


def test_a_reminder_says_it_with_a_link_and_asks_for_no_answer(stack, visit_link):
    said = stack.heard_by(MUSA)[-1].body
    assert "To confirm, move or cancel it: http" in said
    assert "Will you come" not in said
    assert "1 " not in said.replace("10am", "")


def test_looking_shows_what_the_reminder_said_and_changes_nothing(stack, visit_link):
    before = row(stack, Appointment)
    page = opened(visit_link)
    assert "Musa, you have an appointment at GrandPro Ikeja on Tue 24 Nov, 10am." in page.words
    assert "I will come Move it Cancel visit" in page.words
    assert "General" not in page.words
    assert "Dr " not in page.words
    assert opened(visit_link).body == page.body
    after = row(stack, Appointment)
    assert (after.confirmed_at, after.revision) == (None, before.revision)


def test_its_answers_are_those_of_the_talk(stack, visit_link):
    assert "We expect you on Tue 24 Nov, 10am" in sent(visit_link, answer="confirm").words
    assert row(stack, Appointment).confirmed_at == stack.clock.now()
    assert "You told us that you will come." in opened(visit_link).words

    assert "Cancel the visit on Tue 24 Nov, 10am" in sent(visit_link, answer="cancel").words
    assert row(stack, Appointment).status is AppointmentStatus.BOOKED
    assert "Your visit stays" in sent(visit_link, answer="keep_it").words
    for _ in range(2):
        assert "is cancelled" in sent(visit_link, answer="cancelled").words
    gone = row(stack, Appointment)
    assert (gone.status, gone.cancel_reason) == (AppointmentStatus.CANCELLED, "reminder")
    assert "has passed or was changed" in opened(visit_link).words


def test_moving_puts_them_in_the_line_before_the_desk_once(stack, visit_link):
    for _ in range(2):
        assert "will call you to find another time" in sent(visit_link, answer="move").words
    talk = row(stack, Conversation)
    assert (talk.answering, talk.waiting_reason) == (Answering.WAITING, "move")
    stack.work()
    alerts = [m.body for m in stack.sandbox.messages_to("+2349140000101") if not m.is_inbound]
    assert len([alert for alert in alerts if "wants to move a visit" in alert]) == 1


def test_close_to_the_visit_only_a_call_helps(stack, visit_link):
    stack.clock.move(timedelta(hours=22, minutes=30))
    assert "too close to the visit" in sent(visit_link, answer="cancelled").words
    assert row(stack, Appointment).status is AppointmentStatus.BOOKED
    stack.clock.move(timedelta(hours=3))
    assert "has passed or was changed" in opened(visit_link).words


def test_an_answer_that_is_none_shows_the_question_again(stack, visit_link):
    for wrong in ({"answer": "dance"}, {"other": "confirm"}, {}):
        assert "Move it" in sent(visit_link, **wrong).words
    assert row(stack, Appointment).confirmed_at is None


@pytest.mark.parametrize("change", ["x" * 36, "AAAA" * 9, "short", "%FF" * 12])
def test_a_link_we_did_not_make_opens_nothing(stack, change):
    assert opened(f"{stack.url}/f/{change}").status == 404
    assert sent(f"{stack.url}/f/{change}", answer="confirm").status == 404


def test_no_part_of_a_link_can_be_changed(stack, visit_link):
    head, token = visit_link.rsplit("/", 1)
    for place in range(36):
        other = "A" if token[place] != "A" else "B"
        assert opened(f"{head}/{token[:place]}{other}{token[place + 1 :]}").status == 404


def test_the_page_runs_no_script_and_is_kept_nowhere(stack, visit_link):
    page = opened(visit_link)
    assert page.headers["Content-Security-Policy"].startswith(POLICY)
    assert page.headers["Cache-Control"] == "private, no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["X-Robots-Tag"] == "noindex"
    assert "<script" not in page.body
    assert "style=" not in page.body
    assert len(page.body) < 4_000
    sheet = opened(f"{stack.url}/static/page.css")
    assert sheet.status == 200
    assert len(sheet.body) < 6_000


def test_they_are_spoken_to_in_their_language(stack, visit_link):
    with stack.wiring.transaction() as session:
        session.scalars(select(Patient)).one().language = "pcm"
    page = opened(visit_link)
    assert '<html lang="pcm">' in page.body
    assert "you get appointment for GrandPro Ikeja" in page.words


def test_the_page_says_the_language_it_is_written_in(stack, visit_link):
    """Hausa is not offered here: the words are English, and a screen reader must read them so."""
    with stack.wiring.transaction() as session:
        session.scalars(select(Patient)).one().language = "ha"
    page = opened(visit_link)
    assert '<html lang="en">' in page.body
    assert "you have an appointment at GrandPro Ikeja" in page.words


# -- how it was ------------------------------------------------------------------------------------


@pytest.fixture
def feedback_link(stack) -> str:
    return forms.feedback_link(stack)


def test_feedback_is_given_once_and_earns_its_points(stack, feedback_link):
    assert "Please tell us here: http" in stack.heard_by(MUSA)[-1].body
    assert "how was your visit to GrandPro Ikeja" in opened(feedback_link).words
    assert row(stack, PatientFeedback) is None
    fields = {"rating": "4", "topics": "cleanliness", "comment": " Good nurse ", "may_call": "1"}
    assert "You get 20 points for it." in sent(feedback_link, **fields).words
    kept = row(stack, PatientFeedback)
    assert (kept.rating, kept.categories, kept.source) == (4, ["cleanliness"], AnswerSource.WEB)
    assert kept.may_contact
    with stack.wiring.sessions() as session:
        assert feedback.comment_of(session, kept) == "Good nurse"
    for answered in (sent(feedback_link, rating="1"), opened(feedback_link)):
        assert "You have answered already." in answered.words
    assert row(stack, PatientFeedback).rating == 4


def test_a_low_score_opens_a_follow_up_and_is_not_thanked_with_points(stack, feedback_link):
    page = sent(feedback_link, rating="1", comment="I waited long")
    assert "We are sorry that it was not good." in page.words
    assert not row(stack, PatientFeedback).may_contact
    assert row(stack, FollowUp) is not None


def test_without_a_name_nothing_leads_back(stack, feedback_link):
    sent(feedback_link, rating="2", nameless="1", may_call="1")
    kept = row(stack, PatientFeedback)
    assert (kept.is_anonymous, kept.patient_id, kept.may_contact) == (True, None, False)


def test_without_a_number_the_form_comes_back_as_it_was(stack, feedback_link):
    page = sent(feedback_link, rating="9", comment="<b>ow</b>", nameless="1", topics="billing")
    assert page.status == 422
    assert "Please pick one." in page.words
    assert "&lt;b&gt;ow&lt;/b&gt;</textarea>" in page.body
    assert 'value="billing" checked' in page.body
    assert row(stack, PatientFeedback) is None


def test_what_does_not_belong_in_a_form_is_left_out(stack, feedback_link):
    sent(feedback_link, rating="5", topics="flying", comment="x" * 9_000)
    assert row(stack, PatientFeedback).categories == []


def test_after_two_weeks_the_question_is_over(stack, feedback_link):
    stack.clock.move(15 * DAY)
    for page in (opened(feedback_link), sent(feedback_link, rating="5")):
        assert page.status == 410
        assert "This question is over." in page.words
    assert row(stack, FeedbackInvitation).answered_at is None


# -- owners ----------------------------------------------------------------------------------------


@pytest.fixture
def survey_link(stack) -> str:
    return forms.survey_link(stack)


def test_an_owner_answers_as_much_as_they_like(stack, survey_link):
    assert "How satisfied are you with how we ran GrandPro Ikeja" in opened(survey_link).words
    page = sent(survey_link, payout_timeliness="5", comment="Pay sooner")
    assert (page.status, row(stack, OwnerSatisfaction)) == (422, None)
    assert "Pay sooner</textarea>" in page.body
    sent(survey_link, overall="2", payout_timeliness="5", comment="Pay sooner")
    kept = row(stack, OwnerSatisfaction)
    assert (kept.overall, kept.payout_timeliness, kept.communication) == (2, 5, None)
    assert kept.source is AnswerSource.WEB
    assert row(stack, FollowUp) is not None
    with stack.wiring.sessions() as session:
        assert satisfaction.comment_of(session, kept) == "Pay sooner"
    assert "You have answered already." in sent(survey_link, overall="5").words


def test_who_keeps_silent_is_asked_once_more_by_the_same_link(stack, survey_link):
    for _ in range(2):
        stack.later(6 * DAY)
        schedule.run_now(stack.wiring, "owners")
        stack.work()
    said = [message.body for message in stack.heard_by(DANLADI)]
    assert len(said) == 2
    assert "It takes a minute" in said[1]
    assert link_to(stack, DANLADI) == survey_link


def test_whoever_has_whatsapp_is_asked_there(stack):
    own(stack, AMINA)
    one_way(stack)
    for job in ("survey", "owners"):
        schedule.run_now(stack.wiring, job)
        stack.work()
    assert "Please answer with one number" in stack.heard_by(AMINA)[-1].body


# -- a time that became free -----------------------------------------------------------------------


@pytest.fixture
def offer_link(stack) -> str:
    """Musa waits for Tuesday, and a time becomes free."""
    stack.register(MUSA, "Musa Bello", born_on=BORN_ON)
    full = fill(stack, "Eye", TUESDAY)
    for words in ("book eye tuesday", "8"):
        stack.say(MUSA, words)
    one_way(stack)
    free(stack, full[0])
    return link_to(stack, MUSA)


def of_musa(stack) -> list[Appointment]:
    with stack.wiring.sessions() as session:
        found = select(Appointment).join(Patient, Patient.id == Appointment.patient_id)
        return list(session.scalars(found.where(Patient.full_name == "Musa Bello")))


def test_the_offer_is_taken_once(stack, offer_link):
    assert "a time is free at GrandPro Ikeja: Tue 24 Nov" in opened(offer_link).words
    assert of_musa(stack) == []
    for _ in range(2):
        assert "Booked: Musa, Tue 24 Nov" in sent(offer_link, answer="take_it").words
    assert len(of_musa(stack)) == 1
    assert "Booked: Musa" in opened(offer_link).words


def test_the_offer_is_left_to_the_next(stack, offer_link):
    assert "You stay on the waiting list" in sent(offer_link, answer="pass_on").words
    assert "You stay on the waiting list" in sent(offer_link, answer="take_it").words
    assert of_musa(stack) == []


def test_after_half_an_hour_the_offer_is_over(stack, offer_link):
    stack.clock.move(timedelta(minutes=31))
    for page in (opened(offer_link), sent(offer_link, answer="take_it")):
        assert (page.status, of_musa(stack)) == (410, [])
