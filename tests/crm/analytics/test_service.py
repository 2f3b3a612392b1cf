"""Reports of the service against numbers worked by hand."""

import pytest
from sqlalchemy import select

from bot import metrics
from bot.channels.carrier import Channel
from crm import analytics
from crm.analytics.system import quantile
from crm.kit.ids import uuid7
from crm.kit.permissions import EVERYTHING
from crm.models import (
    JobRun,
    MessageStatus,
    RunStatus,
)
from tests.crm.analytics.wishes import DAY, a_message, counts, only, wanted
from tests.crm.visits import HOUR


def system(session, now, *, scope=EVERYTHING, **narrowed):
    return analytics.system(session, wanted(now, **narrowed), scope=scope, now=now)


def test_what_was_delivered_of_what_a_carrier_took(session, clinic, now):
    """Of five that were taken three arrived; one may still arrive, one was never sent."""
    clinic.ada.home_hospital_id = clinic.hospital.id
    session.flush()
    for status, days_ago in (
        (MessageStatus.DELIVERED, 1),
        (MessageStatus.READ, 5),
        (MessageStatus.DELIVERED, 5),
        (MessageStatus.UNDELIVERED, 1),
        (MessageStatus.SENT, 4),
        (MessageStatus.SENT, 1),
        (MessageStatus.SUPPRESSED, 1),
        (MessageStatus.QUEUED, 1),
    ):
        at = now - days_ago * DAY
        a_message(session, clinic.phone, at, status=status, patient_id=clinic.ada.id)

    delivery = system(session, now).delivery
    assert counts(delivery[Channel.WHATSAPP]) == (
        3,
        5,
        {"waiting for a receipt": 1, "suppressed": 1},
    )
    assert system(session, now, scope=only(uuid7())).delivery == {}
    assert system(session, now, hospital_id=clinic.hospital.id).delivery == delivery


def test_jobs_that_failed(session, now):
    for number, status in enumerate(
        (RunStatus.DONE, RunStatus.DONE, RunStatus.FAILED, RunStatus.RUNNING)
    ):
        at = now - number * HOUR
        session.add(JobRun(job="test", slot=at, status=status, started_at=at))
    session.flush()
    assert counts(system(session, now).jobs_failed) == (1, 3, {"running": 1})


def test_a_quantile_lies_within_its_bucket():
    """Ten requests: four up to 0.1 s, nine up to 0.5 s, one beyond the last bound."""
    counted = [(0.1, 4), (0.5, 9), (float("inf"), 10)]
    assert quantile(counted, 0.2) == pytest.approx(0.05)
    assert quantile(counted, 0.5) == pytest.approx(0.1 + 0.4 / 5)
    assert quantile(counted, 0.95) is None
    assert quantile([(0.1, 0), (float("inf"), 0)], 0.5) is None


def test_the_speed_of_a_route_and_its_errors(session, now):
    before = system(session, now)
    route = f"/test/{uuid7().hex}"
    for seconds, status in ((0.2, 200), (0.2, 200), (0.8, 404), (3, 503)):
        metrics.http_requests.labels("GET", route, status).inc()
        metrics.http_request_seconds.labels(route).observe(seconds)
    found = system(session, now)
    (times,) = [each for each in found.routes if each.route == route]

    assert times.requests == 4
    assert times.apdex == pytest.approx((2 + 1 / 2) / 4)
    assert times.p50_s == pytest.approx(0.25)
    assert found.errors.numerator - before.errors.numerator == 1
    assert found.errors.denominator - before.errors.denominator == 4
    assert found.refused["404"] - before.refused.get("404", 0) == 1
    assert session.scalars(select(JobRun)).all() == []
