"""What Twilio reports reaches the message."""

from types import SimpleNamespace

import pytest
from flask import Flask
from twilio.request_validator import RequestValidator

from crm import outbox
from crm.models import Lane, MessageStatus
from tests.outbox import NOON, message, somebody, wired, write
from webhooks.receipts import receipts_door

NOBODY = "018f" * 8


@pytest.fixture
def report(engine):
    """Report as Twilio would, signed; answers the status code."""
    app = Flask("door")
    app.extensions["wiring"] = wired(engine, "redis://127.0.0.1:1", carrier=None)
    app.register_blueprint(receipts_door)
    client = app.test_client()

    def report_one(query: str, **form: str) -> int:
        target = f"/webhooks/twilio/status?{query}"
        form = {"MessageSid": "SM1", "To": "+2348031234567", **form}
        signature = RequestValidator("12345").compute_signature(
            f"https://bot.example{target}", form
        )
        headers = {"X-Twilio-Signature": signature}
        return client.post(target, data=form, headers=headers).status_code

    return report_one


@pytest.fixture
def sent(session):
    """A message on its way, and its address at our door."""
    id_ = write(session, somebody(session))
    outbox.claim(session, Lane.UTILITY, now=NOON)
    session.commit()
    return SimpleNamespace(id=id_, query=f"mid={id_.hex}&n=1")


def test_a_delivery_is_written_down(report, sent, session):
    assert report(sent.query, MessageStatus="delivered") == 204

    assert message(session, sent.id).status is MessageStatus.DELIVERED
    assert message(session, sent.id).provider_id == "SM1"


def test_a_failure_is_written_down_with_its_reason(report, sent, session):
    report(sent.query, MessageStatus="undelivered", ErrorCode="30005")

    assert message(session, sent.id).reason == "the number is not in use"


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("queued", "accepted"),
        ("sending", "accepted"),
        ("sent", "sent"),
        ("canceled", "failed"),
        ("partially_delivered", "delivered"),
        ("read", "read"),
    ],
)
def test_their_words_become_ours(report, sent, session, theirs, ours):
    report(sent.query, MessageStatus=theirs)

    assert message(session, sent.id).status == ours


@pytest.mark.parametrize("word", ["", "receiving", "wibble"])
def test_a_word_we_do_not_know_is_ignored(report, sent, session, word):
    assert report(sent.query, MessageStatus=word) == 204
    assert message(session, sent.id).status is MessageStatus.SENDING


@pytest.mark.parametrize(
    "query",
    [
        "wibble=1",
        "mid=xyz&n=1",
        f"mid={NOBODY}",
        f"mid={NOBODY}&n=0",
        f"mid={NOBODY}&n=-1",
        f"mid={NOBODY}&n=99999",
        f"mid={NOBODY}&n=%C2%B2",
        f"mid={NOBODY}&n=1",
    ],
)
def test_a_report_on_nothing_of_ours_is_answered_and_forgotten(report, query):
    assert report(query, MessageStatus="delivered") == 204


def test_a_strange_error_code_does_not_stop_the_status(report, sent, session):
    report(sent.query, MessageStatus="failed", ErrorCode="not a number")

    assert message(session, sent.id).status is MessageStatus.FAILED


def test_an_unsigned_report_changes_nothing(engine, sent, session):
    app = Flask("door")
    app.extensions["wiring"] = wired(engine, "redis://127.0.0.1:1", carrier=None)
    app.register_blueprint(receipts_door)
    answer = app.test_client().post(
        f"/webhooks/twilio/status?{sent.query}", data={"MessageStatus": "delivered"}
    )

    assert answer.status_code == 403
    assert message(session, sent.id).status is MessageStatus.SENDING
