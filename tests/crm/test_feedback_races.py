"""The same visit, or the same quarter, answered many times at the same moment."""

import pytest
from sqlalchemy import func, select

from crm import feedback, satisfaction
from crm.feedback import Said
from crm.kit.permissions import Scope
from crm.loyalty import accounts
from crm.models import (
    AnswerSource,
    FeedbackInvitation,
    FollowUp,
    Message,
    OwnerSatisfaction,
    OwnerSurvey,
    PatientFeedback,
)
from tests.at_once import kinds, race
from tests.crm.clinic import a_clinic
from tests.crm.estate import a_contract, an_owner, hospital
from tests.crm.visits import HOUR, a_visit, give

AT_ONCE = 12


def count(session, kind) -> int:
    return session.scalar(select(func.count()).select_from(kind))


@pytest.mark.parametrize("is_invited", [True, False])
def test_a_visit_rated_many_times_at_once_is_rated_once(crowd, now, is_invited):
    with crowd.begin() as session:
        clinic = a_clinic(session, now=now)
        visit = a_visit(session, clinic, clinic.ada, over_at=now - HOUR)
        if is_invited:
            feedback.invite(session, appointment=visit, now=now)

    acts = [
        lambda session, n=n: give(
            session, visit, Said(rating=1 + n % 2), now=now, is_anonymous=n % 3 == 0
        )
        for n in range(AT_ONCE)
    ]
    assert kinds(race(crowd, acts)) == {"Given": 1, "AlreadyAnswered": AT_ONCE - 1}
    with crowd() as session:
        assert count(session, PatientFeedback) == 1
        assert count(session, FeedbackInvitation) == 1
        assert count(session, FollowUp) == 1
        assert accounts.of(session, clinic.ada.id).available == 20


def test_a_visit_ended_many_times_at_once_is_asked_about_once(crowd, now):
    with crowd.begin() as session:
        clinic = a_clinic(session, now=now)
        visit = a_visit(session, clinic, clinic.ada, over_at=now - HOUR)

    race(crowd, [lambda session: feedback.invite(session, appointment=visit, now=now)] * AT_ONCE)
    race(crowd, [lambda session: feedback.post_due(session, now=now + HOUR)] * 4)
    with crowd() as session:
        assert count(session, FeedbackInvitation) == 1
        assert count(session, Message) == 1


def test_a_quarter_answered_many_times_at_once_is_answered_once(crowd, now):
    with crowd.begin() as session:
        ikeja = hospital(session, "IKJ")
        owner = an_owner(session, now=now, at=ikeja)
        a_contract(session, owner, now=now, at=ikeja)

    race(
        crowd,
        [lambda session: satisfaction.invite_owners(session, period="2026-Q4", now=now)] * 4,
    )
    acts = [
        lambda session, n=n: satisfaction.give(
            session,
            owner.id,
            answers={"overall": 1 + n % 5},
            source=AnswerSource.WEB,
            scope=Scope(frozenset(), owner_id=owner.id),
            now=now,
        )
        for n in range(AT_ONCE)
    ]
    assert kinds(race(crowd, acts)) == {"tuple": 1, "AlreadyAnswered": AT_ONCE - 1}
    with crowd() as session:
        assert count(session, OwnerSatisfaction) == 1
        assert count(session, OwnerSurvey) == 1
