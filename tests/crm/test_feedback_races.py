"""The same visit, or the same quarter, answered many times at the same moment."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import NullPool, create_engine, func, select
from sqlalchemy.orm import sessionmaker

from crm import feedback, satisfaction
from crm.feedback import Said
from crm.kit.errors import DomainError
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
from tests.crm.clinic import a_clinic
from tests.crm.estate import a_contract, an_owner, hospital
from tests.crm.visits import HOUR, a_visit, give
from tests.databases import sqlalchemy_url

_PATIENCE_S = 60
AT_ONCE = 12


@pytest.fixture
def crowd(database_url, vault):
    """Sessions without a pool: as many connections as people."""
    crowd = create_engine(sqlalchemy_url(database_url), poolclass=NullPool)
    yield sessionmaker(crowd, expire_on_commit=False, info={"vault": vault})
    crowd.dispose()


def at_once(crowd, act, times=AT_ONCE) -> Counter:
    """How the same act ended, done by many at the same moment."""
    start = threading.Barrier(times)

    def run(number):
        with crowd() as session:
            session.connection()
            start.wait(_PATIENCE_S)
            try:
                act(session, number)
            except DomainError as refusal:
                session.rollback()
                return refusal.code
            session.commit()
            return "done"

    with ThreadPoolExecutor(times) as threads:
        return Counter(threads.map(run, range(times)))


def count(session, kind) -> int:
    return session.scalar(select(func.count()).select_from(kind))


@pytest.mark.parametrize("is_invited", [True, False])
def test_a_visit_rated_many_times_at_once_is_rated_once(crowd, now, is_invited):
    with crowd.begin() as session:
        clinic = a_clinic(session, now=now)
        visit = a_visit(session, clinic, clinic.ada, over_at=now - HOUR)
        if is_invited:
            feedback.invite(session, appointment=visit, now=now)

    outcomes = at_once(
        crowd,
        lambda session, n: give(
            session, visit, Said(rating=1 + n % 2), now=now, is_anonymous=n % 3 == 0
        ),
    )
    assert outcomes == {"done": 1, "already_answered": AT_ONCE - 1}
    with crowd() as session:
        assert count(session, PatientFeedback) == 1
        assert count(session, FeedbackInvitation) == 1
        assert count(session, FollowUp) == 1
        assert accounts.of(session, clinic.ada.id).available == 20


def test_a_visit_ended_many_times_at_once_is_asked_about_once(crowd, now):
    with crowd.begin() as session:
        clinic = a_clinic(session, now=now)
        visit = a_visit(session, clinic, clinic.ada, over_at=now - HOUR)

    at_once(crowd, lambda session, _: feedback.invite(session, appointment=visit, now=now))
    at_once(crowd, lambda session, _: feedback.post_due(session, now=now + HOUR), times=4)
    with crowd() as session:
        assert count(session, FeedbackInvitation) == 1
        assert count(session, Message) == 1


def test_a_quarter_answered_many_times_at_once_is_answered_once(crowd, now):
    with crowd.begin() as session:
        ikeja = hospital(session, "IKJ")
        owner = an_owner(session, now=now, at=ikeja)
        a_contract(session, owner, now=now, at=ikeja)

    at_once(
        crowd,
        lambda session, _: satisfaction.invite_owners(session, period="2026-Q4", now=now),
        times=4,
    )
    outcomes = at_once(
        crowd,
        lambda session, n: satisfaction.give(
            session,
            owner.id,
            answers={"overall": 1 + n % 5},
            source=AnswerSource.WEB,
            scope=Scope(frozenset(), owner_id=owner.id),
            now=now,
        ),
    )
    assert outcomes == {"done": 1, "already_answered": AT_ONCE - 1}
    with crowd() as session:
        assert count(session, OwnerSatisfaction) == 1
        assert count(session, OwnerSurvey) == 1
