"""What SendGrid reports reaches message, address and consent; nobody else's word does."""

import json
from base64 import b64encode
from datetime import timedelta
from itertools import permutations
from types import SimpleNamespace
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from bot.channels.carrier import Channel
from bot.demo_values import mail_event_key
from crm import consents, outbox, suppressions
from crm.models import Consent, Lane, MessageStatus, Suppression
from tests.outbox import NOON, message, say_yes, somebody, wired, write
from tests.webhooks.test_signatures import VECTORS
from webhooks.sendgrid import mail_events_door
from webhooks.signatures import LONGEST_BATCH, fresh, valid_batch

KEY = mail_event_key("k")
PUBLISHED = VECTORS["sendgrid_event_webhook"]


@pytest.fixture
def client(engine):
    app = Flask("door")
    app.extensions["wiring"] = wired(engine, "redis://127.0.0.1:1", carrier=None)
    app.register_blueprint(mail_events_door)
    return app.test_client()


@pytest.fixture
def report(client):
    """Report as SendGrid would, signed; answers the status code."""

    def report_batch(*events, at=NOON, key=KEY, body=None) -> int:
        body = json.dumps(events).encode() + b"\r\n" if body is None else body
        timestamp = str(int(at.timestamp()))
        signature = key.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
        headers = {
            "X-Twilio-Email-Event-Webhook-Signature": b64encode(signature).decode(),
            "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
        }
        url = "/webhooks/sendgrid/events"
        return client.post(url, data=body, headers=headers).status_code

    return report_batch


@pytest.fixture
def sent(session):
    """An e-mail on its way to somebody who agreed to marketing."""
    person = somebody(session, channel=Channel.EMAIL)
    say_yes(session, person.address_id, "marketing", now=NOON)
    id_ = write(session, person)
    outbox.claim(session, Lane.UTILITY, now=NOON)
    session.commit()
    return SimpleNamespace(id=id_, address_id=person.address_id)


def event(sent, kind: str, **facts: object) -> dict[str, object]:
    usual = {
        "email": "ada@mail.ng",
        "event": kind,
        "sg_event_id": uuid4().hex,
        "sg_message_id": "abc123.recvd-5b-1-0.0",
        "mid": sent.id.hex,
        "n": "1",
    }
    return usual | facts


def held_for(session, sent) -> str | None:
    session.expire_all()
    reason = select(Suppression.reason).where(Suppression.address_id == sent.address_id)
    return session.scalar(reason)


def farewells(session, sent) -> int:
    session.expire_all()
    said = select(Consent).where(Consent.address_id == sent.address_id, ~Consent.is_granted)
    return len(session.scalars(said).all())


def test_a_delivery_is_written_down(report, sent, session):
    assert report(event(sent, "processed"), event(sent, "delivered")) == 204

    assert message(session, sent.id).status is MessageStatus.DELIVERED
    assert message(session, sent.id).provider_id == "abc123"


NO_MAILBOX, REFUSED = "the mailbox does not exist", "the person's mail server refused the e-mail"
AWAY, LEFT = "the person's mail server could not be reached", "the person does not want our e-mails"
INVALID = "the e-mail address is not valid"
BLOCKED = {"type": "blocked"}
FOR_A_WHILE = {"type": "blocked", "bounce_classification": "Technical"}


@pytest.mark.parametrize(
    ("told", "becomes"),
    [
        (("open", {}), ("read", None, None)),
        (("click", {}), ("read", None, None)),
        (("deferred", {}), ("accepted", None, None)),
        (("bounce", {"type": "bounce"}), ("undelivered", NO_MAILBOX, "bounce")),
        (("bounce", {}), ("undelivered", NO_MAILBOX, "bounce")),
        (("bounce", FOR_A_WHILE), ("undelivered", AWAY, None)),
        (("bounce", BLOCKED), ("undelivered", REFUSED, None)),
        (("dropped", {"reason": "Bounced Address"}), ("failed", NO_MAILBOX, "bounce")),
        (("dropped", {"reason": "Invalid"}), ("failed", INVALID, "invalid")),
        (("dropped", {"reason": "Unsubscribed Address"}), ("failed", LEFT, None)),
        (("dropped", {}), ("failed", REFUSED, None)),
        (("spamreport", {}), ("delivered", None, "spam")),
        (("unsubscribe", {}), ("sending", None, None)),
    ],
)
def test_their_words_become_ours(report, sent, session, told, becomes):
    kind, facts = told
    report(event(sent, kind, **facts))

    found = message(session, sent.id)
    assert (found.status, found.reason, held_for(session, sent)) == becomes


@pytest.mark.parametrize("kind", ["unsubscribe", "group_unsubscribe", "spamreport"])
def test_who_leaves_has_taken_marketing_back_once(report, sent, session, kind):
    report(event(sent, kind))
    report(event(sent, kind), event(sent, "unsubscribe"))

    assert farewells(session, sent) == 1


def test_after_a_new_yes_one_may_leave_again(report, sent, session):
    report(event(sent, "unsubscribe"))
    say_yes(session, sent.address_id, "marketing", now=NOON)
    session.commit()
    report(event(sent, "unsubscribe"))

    assert farewells(session, sent) == 2


def test_a_replay_changes_nothing(report, sent, session):
    first = [event(sent, "bounce"), event(sent, "unsubscribe")]
    report(*first)
    suppressions.lift(session, sent.address_id, now=NOON)
    say_yes(session, sent.address_id, "marketing", now=NOON)
    session.commit()
    assert report(*first, *first) == 204

    assert not suppressions.is_suppressed(session, sent.address_id)
    assert farewells(session, sent) == 1


@pytest.mark.parametrize("order", list(permutations(["processed", "delivered", "open"])))
def test_order_does_not_matter(report, sent, session, order):
    for kind in order:
        report(event(sent, kind))

    assert message(session, sent.id).status is MessageStatus.READ


def test_an_earlier_attempts_bounce_is_old_news(report, sent, session):
    report(event(sent, "bounce", n="0"), event(sent, "bounce", n="7"))

    assert message(session, sent.id).status is MessageStatus.SENDING


def test_events_settle_a_doubt(report, sent, session):
    outbox.reap(session, now=NOON + timedelta(minutes=1))
    session.commit()
    report(event(sent, "processed"))

    assert message(session, sent.id).status is MessageStatus.ACCEPTED


def test_a_text_to_a_phone_is_none_of_its_business(report, session):
    person = somebody(session, channel=Channel.SMS)
    text = SimpleNamespace(id=write(session, person), address_id=person.address_id)
    session.commit()
    report(event(text, "spamreport"))

    assert held_for(session, text) is None


@pytest.mark.parametrize(
    "change",
    [
        {"mid": None},
        {"mid": "x"},
        {"mid": uuid4().hex},
        {"n": None},
        {"n": "-1"},
        {"n": "²"},
        {"n": "99999"},
        {"sg_event_id": ""},
        {"event": "wibble"},
        {"event": ["delivered"]},
    ],
)
def test_an_event_about_nothing_of_ours_is_answered_and_forgotten(report, sent, session, change):
    assert report(event(sent, "delivered") | change) == 204
    assert message(session, sent.id).status is MessageStatus.SENDING


@pytest.mark.parametrize("body", [b"", b"[", b"{}", b"7", b"[7, null, []]", b"[]"])
def test_a_signed_body_of_another_shape_is_answered(report, body):
    assert report(body=body) == 204


def test_a_batch_of_a_thousand_is_taken_in_at_once(report, sent, session):
    noise = [event(sent, "delivered", mid=uuid4().hex) for _ in range(999)]
    assert report(*noise, event(sent, "delivered")) == 204
    assert message(session, sent.id).status is MessageStatus.DELIVERED


# -- signatures -----------------------------------------------------------------------------------


@pytest.mark.parametrize("vector", PUBLISHED, ids=[vector["id"] for vector in PUBLISHED])
def test_the_vendors_own_vectors(vector):
    body, key = vector["payload_exact"].encode(), vector["public_key_base64_der"]
    signature, timestamp = vector["signature"], vector["timestamp"]

    assert valid_batch(body, signature, timestamp, key=key)
    assert not valid_batch(body.rstrip(), signature, timestamp, key=key)
    assert not valid_batch(body, signature, str(int(timestamp) + 1), key=key)
    assert not valid_batch(body, signature, timestamp, key="")


def test_a_forger_gets_no_word(report, client, sent, session):
    bounce = event(sent, "bounce")
    assert report(bounce, key=mail_event_key("another")) == 403
    answer = client.post("/webhooks/sendgrid/events", json=[bounce])
    assert (answer.status_code, answer.data) == (403, b"")
    assert message(session, sent.id).status is MessageStatus.SENDING


@pytest.mark.parametrize("age", [timedelta(days=3), -timedelta(hours=1)])
def test_an_old_recording_is_refused(report, sent, age):
    assert report(event(sent, "bounce"), at=NOON - age) == 403


def test_without_a_key_nobody_is_let_in(client, report, sent):
    wiring = client.application.extensions["wiring"]
    wiring.settings = wiring.settings.model_copy(update={"sendgrid_webhook_key": ""})
    assert report(event(sent, "bounce")) == 403


def test_a_flood_is_not_read(client):
    headers = {"X-Twilio-Email-Event-Webhook-Timestamp": str(int(NOON.timestamp()))}
    body = b"x" * (LONGEST_BATCH + 1)
    answer = client.post("/webhooks/sendgrid/events", data=body, headers=headers)
    assert answer.status_code == 413


@given(body=st.binary(), signature=st.text(), timestamp=st.text())
def test_no_nonsense_gets_in_or_breaks_the_door(body, signature, timestamp):
    for vector in PUBLISHED:
        key = vector["public_key_base64_der"]
        assert not valid_batch(body, signature, timestamp, key=key)
    fresh(timestamp, now=NOON)


def test_withdrawing_at_no_address_is_nothing(session):
    said = consents.withdraw_marketing(session, [], wording="w", source="s", now=NOON)
    assert said == 0
