"""Owners are asked once a quarter about each contract; what they said is kept, whole or half."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from bot.channels.carrier import Channel
from crm import owners, satisfaction, suppressions
from crm.kit.errors import Invalid, NotFound
from crm.kit.paging import PageRequest
from crm.kit.permissions import Scope
from crm.models import (
    Address,
    AnswerSource,
    FollowUp,
    Message,
    MessageStatus,
    OwnerStatus,
    OwnerSurvey,
    SuppressionReason,
)
from crm.outbox import unseal
from tests.crm.estate import a_contract, an_owner, hospital

DAY = timedelta(days=1)
Q4 = "2026-Q4"


@pytest.fixture
def contract(session, alhaji, ikeja, now):
    return a_contract(session, alhaji, now=now, at=ikeja)


def self_(owner) -> Scope:
    return Scope(frozenset(), owner_id=owner.id)


def give(session, owner, now, **answers):
    more = {
        name: answers.pop(name)
        for name in ("contract_id", "period", "scope", "source")
        if name in answers
    }
    usual = {"source": AnswerSource.WEB, "scope": self_(owner)}
    return satisfaction.give(session, owner.id, answers=answers, now=now, **usual | more)


# -- a whole form ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "quarter"),
    [
        (datetime(2026, 12, 31, 22, 59, tzinfo=UTC), "2026-Q4"),
        (datetime(2026, 12, 31, 23, 0, tzinfo=UTC), "2027-Q1"),
        (datetime(2026, 4, 1, tzinfo=UTC), "2026-Q2"),
        (datetime(2026, 9, 30, tzinfo=UTC), "2026-Q3"),
    ],
)
def test_a_quarter_begins_in_lagos(at, quarter):
    assert satisfaction.current(at) == quarter


def test_a_form_is_kept_with_its_contract_and_quarter(session, alhaji, contract, now):
    row, follow_up = give(
        session, alhaji, now, overall=4, support=5, nps=9, comment="Statements are clear."
    )
    assert (row.owner_id, row.contract_id, row.hospital_id) == (
        alhaji.id,
        contract.id,
        contract.hospital_id,
    )
    assert (row.period, row.overall, row.support, row.nps, row.communication) == (Q4, 4, 5, 9, None)
    assert satisfaction.comment_of(session, row) == "Statements are clear."
    assert b"Statements" not in row.comment_sealed
    assert follow_up is None


def test_one_answer_for_each_contract_and_quarter(session, alhaji, contract, ikeja, now):
    give(session, alhaji, now, overall=4)
    with pytest.raises(satisfaction.AlreadyAnswered):
        give(session, alhaji, now, overall=5, contract_id=contract.id)
    assert give(session, alhaji, now, overall=5, period="2026-Q3")
    wuse = hospital(session, "WUS")
    other = a_contract(session, alhaji, now=now, at=wuse)
    assert give(session, alhaji, now, overall=3, contract_id=other.id)[0].hospital_id == wuse.id


def test_about_the_group_as_a_whole_once_too(session, alhaji, now):
    row, _ = give(session, alhaji, now, overall=4)
    assert (row.contract_id, row.hospital_id) == (None, alhaji.hospital_id)
    with pytest.raises(satisfaction.AlreadyAnswered):
        give(session, alhaji, now, overall=4)


@pytest.mark.parametrize(
    ("period", "code"),
    [("2027-Q1", "future_period"), ("2025-Q3", "too_long_ago"), ("2026-Q5", "invalid")],
)
def test_quarters_that_cannot_be_answered_for(session, alhaji, now, period, code):
    with pytest.raises(Invalid) as refused:
        give(session, alhaji, now, overall=4, period=period)
    assert (refused.value.field, refused.value.field_code) == ("period", code)


@pytest.mark.parametrize(
    ("question", "value"),
    [("overall", 0), ("overall", True), ("support", 6), ("nps", 11), ("comment", "x" * 2001)],
)
def test_what_is_not_on_the_scale_is_refused(session, alhaji, now, question, value):
    with pytest.raises(Invalid) as refused:
        give(session, alhaji, now, **{"overall": 4, question: value})
    assert refused.value.field == question


def test_the_contract_of_another_is_not_theirs(session, alhaji, ikeja, now):
    other = an_owner(session, now=now, at=ikeja, name="Chief Okon", phone=None)
    contract = a_contract(session, other, now=now, at=ikeja)
    with pytest.raises(Invalid, match="no contract of theirs"):
        give(session, alhaji, now, overall=4, contract_id=contract.id)
    with pytest.raises(NotFound):
        give(session, other, now, overall=4, scope=self_(alhaji))


def test_staff_speak_for_owners_of_their_hospitals_alone(session, alhaji, contract, now):
    elsewhere = Scope(frozenset({hospital(session, "PHC").id}))
    here = Scope(frozenset({contract.hospital_id}))
    with pytest.raises(NotFound):
        give(session, alhaji, now, overall=4, scope=elsewhere)
    row, _ = give(session, alhaji, now, overall=4, scope=here, source=AnswerSource.CALL)
    assert row.source == "call"


def test_a_low_score_is_followed_up(session, alhaji, contract, now):
    row, follow_up = give(session, alhaji, now, overall=2)
    assert (follow_up.satisfaction_id, follow_up.hospital_id) == (row.id, contract.hospital_id)
    assert follow_up.due_at == now + DAY


def test_it_can_be_changed_for_a_day_and_added_to_later(session, alhaji, contract, now):
    row, _ = give(session, alhaji, now, overall=4)

    def change(at, **answers):
        return satisfaction.edit(
            session, row.id, owner_id=alhaji.id, answers=answers, scope=self_(alhaji), now=at
        )

    changed, follow_up = change(now + DAY, overall=1)
    assert (changed.overall, follow_up.severity) == (1, "low_score")
    later = now + DAY + timedelta(minutes=1)
    with pytest.raises(satisfaction.EditClosed):
        change(later, overall=5)
    assert change(later, support=3)[0].support == 3
    assert len(session.scalars(select(FollowUp)).all()) == 1


def test_nobody_changes_what_another_said(session, alhaji, contract, ikeja, now):
    row, _ = give(session, alhaji, now, overall=4)
    other = an_owner(session, now=now, at=ikeja, name="Chief Okon", phone=None)
    for owner_id, scope in ((alhaji.id, self_(other)), (other.id, self_(other))):
        with pytest.raises(NotFound):
            satisfaction.edit(
                session, row.id, owner_id=owner_id, answers={"overall": 1}, scope=scope, now=now
            )


def test_the_database_keeps_the_scales(session, alhaji, contract, now):
    give(session, alhaji, now, overall=4)
    for change in ("overall = 6", "support = 0", "nps = 11", "period = '2026-4'"):
        with pytest.raises(IntegrityError), session.begin_nested():
            session.execute(text(f"update owner_satisfaction set {change}"))  # noqa: S608 -- ours


# -- the round ------------------------------------------------------------------------------------


def invite(session, now) -> int:
    return satisfaction.invite_owners(session, period=Q4, now=now)


def surveys(session) -> list[OwnerSurvey]:
    return list(session.scalars(select(OwnerSurvey).order_by(OwnerSurvey.due_at)))


def messages(session) -> list[Message]:
    return list(session.scalars(select(Message).order_by(Message.id)))


def test_owners_of_contracts_in_force_are_invited_once(session, alhaji, contract, ikeja, now):
    over = an_owner(session, now=now, at=ikeja, name="Chief Okon", phone=None)
    a_contract(session, over, now=now, at=ikeja, ends_on=now.date() - DAY)
    gone = an_owner(session, now=now, at=ikeja, name="Madam Ebi", phone=None)
    a_contract(session, gone, now=now, at=ikeja)
    gone.status = OwnerStatus.INACTIVE
    session.flush()

    assert invite(session, now) == 1
    assert invite(session, now) == 0
    assert [each.owner_id for each in surveys(session)] == [alhaji.id]


def test_several_contracts_are_asked_about_three_days_apart(session, alhaji, contract, now):
    a_contract(session, alhaji, now=now, at=hospital(session, "WUS"))
    a_contract(session, alhaji, now=now, at=hospital(session, "PHC"))

    assert invite(session, now) == 3
    due = [each.due_at for each in surveys(session)]
    assert [at - due[0] for at in due] == [0 * DAY, 3 * DAY, 6 * DAY]


def test_who_has_answered_is_not_invited(session, alhaji, contract, now):
    give(session, alhaji, now, overall=5)
    assert invite(session, now) == 0


def test_the_question_is_answerable_by_one_digit(session, alhaji, contract, now, vault):
    owners.remove_address(session, alhaji, the_phone(session).id, now=now)
    sms = owners.add_address(session, alhaji, Channel.SMS, "+2349140000022", now=now)
    invite(session, now)
    due = surveys(session)[0].due_at

    assert dict(satisfaction.post_due(session, now=due)) == {"posted": 1}
    assert not satisfaction.post_due(session, now=due)
    message = messages(session)[-1]
    body = unseal(vault, message.body_sealed, row=message.id)
    assert (message.address_id, message.channel, message.purpose) == (sms.id, "sms", "survey")
    assert message.owner_id == alhaji.id
    assert "GrandPro Ikeja" in body.text
    assert [option.id.split("|")[-1] for option in body.options] == ["1", "2", "3", "4", "5"]
    assert body.template.name == "survey_invitation_en"


def the_phone(session):
    return session.scalars(select(Address).order_by(Address.created_at.desc())).first()


def asked(session, now) -> tuple[OwnerSurvey, datetime]:
    invite(session, now)
    survey = surveys(session)[0]
    satisfaction.post_due(session, now=survey.due_at)
    return survey, survey.due_at


def test_silence_is_nudged_once(session, alhaji, contract, now):
    survey, at = asked(session, now)
    assert satisfaction.nudge_due(session, now=at + 5 * DAY - timedelta(minutes=1)) == 0
    assert satisfaction.count_due(session, now=at + 5 * DAY) == 1
    assert satisfaction.nudge_due(session, now=at + 5 * DAY) == 1
    assert satisfaction.nudge_due(session, now=at + 9 * DAY) == 0
    assert satisfaction.count_due(session, now=at + 9 * DAY) == 0
    assert len(messages(session)) == 2
    assert survey.nudged_at == at + 5 * DAY


def test_who_answered_is_not_nudged(session, alhaji, contract, now):
    survey, at = asked(session, now)
    answer(session, survey, "overall", 4, at + DAY)
    assert satisfaction.nudge_due(session, now=at + 5 * DAY) == 0


def test_who_said_stop_meanwhile_hears_no_nudge(session, alhaji, contract, now):
    survey, at = asked(session, now)
    suppressions.suppress(session, survey.address_id, SuppressionReason.STOP, now=at)
    satisfaction.nudge_due(session, now=at + 5 * DAY)
    assert [each.status for each in messages(session)] == [
        MessageStatus.QUEUED,
        MessageStatus.SUPPRESSED,
    ]


def test_who_said_stop_before_is_not_asked(session, alhaji, contract, now):
    suppressions.suppress(session, the_phone(session).id, SuppressionReason.STOP, now=now)
    survey, _ = asked(session, now)
    assert (survey.status, survey.skip_reason) == ("skipped", "the person asked us to stop")


# -- answer by answer -----------------------------------------------------------------------------


def answer(session, survey, question, value, now):
    return satisfaction.answer(session, survey, question, value, source=AnswerSource.SMS, now=now)


def test_a_survey_left_half_way_keeps_what_was_said(session, alhaji, contract, now):
    survey, at = asked(session, now)
    assert satisfaction.awaiting(session, address_id=survey.address_id, now=at) is survey

    row = answer(session, survey, "overall", 4, at)
    assert satisfaction.next_question(row) == "payout_timeliness"
    row = answer(session, survey, "payout_timeliness", 2, at)
    assert satisfaction.next_question(row) == "communication"
    assert (row.overall, row.payout_timeliness, row.nps) == (4, 2, None)
    assert satisfaction.awaiting(session, address_id=survey.address_id, now=at) is None


def test_all_questions_come_to_an_end(session, alhaji, contract, now):
    survey, at = asked(session, now)
    for question in satisfaction.QUESTIONS:
        row = answer(session, survey, question, "Good." if question == "comment" else 3, at)
    assert satisfaction.next_question(row) is None
    assert satisfaction.comment_of(session, row) == "Good."


def test_the_first_question_comes_first(session, alhaji, contract, now):
    survey, at = asked(session, now)
    with pytest.raises(Invalid, match="comes first"):
        answer(session, survey, "nps", 9, at)


def test_after_three_weeks_the_round_is_over(session, alhaji, contract, now):
    survey, at = asked(session, now)
    with pytest.raises(satisfaction.SurveyExpired):
        answer(session, survey, "overall", 4, at + 21 * DAY)


def test_a_talk_goes_on_where_the_form_began(session, alhaji, contract, now):
    survey, at = asked(session, now)
    row, _ = give(session, alhaji, at, overall=5)
    assert answer(session, survey, "support", 4, at + 2 * DAY).id == row.id
    with pytest.raises(satisfaction.EditClosed):
        answer(session, survey, "overall", 1, at + 2 * DAY)


def test_staff_of_another_hospital_see_no_answers(session, alhaji, contract, now):
    give(session, alhaji, now, overall=5)
    page = PageRequest()
    here = Scope(frozenset({contract.hospital_id}))
    assert len(satisfaction.of_owner(session, alhaji.id, scope=here, page=page).items) == 1
    assert len(satisfaction.of_owner(session, alhaji.id, scope=self_(alhaji), page=page).items) == 1
    a_contract(session, alhaji, now=now, at=hospital(session, "PHC"))
    elsewhere = Scope(frozenset({hospital(session, "PHC").id}))
    assert not satisfaction.of_owner(session, alhaji.id, scope=elsewhere, page=page).items
