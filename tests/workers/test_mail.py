"""An e-mail through the whole stack: outbox, gate, SDK, sandbox, signed events, and back."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.channels.carrier import Channel
from crm import addresses, consents, outbox
from crm.models import Lane, Message, MessageStatus, Purpose, Suppression
from tests.stack import Stack
from workers import delivery

ADA = "ada@mail.ng"


def write(stack: Stack, to: str = ADA, *, purpose=Purpose.NOTICE, lane=Lane.UTILITY):
    """Post one e-mail to an address that agreed to everything; returns its id."""
    now = stack.wiring.now()
    with stack.wiring.transaction() as session:
        address = addresses.find_or_make(session, Channel.EMAIL, to, now=now)
        for agreed in ("care", "marketing"):
            consents.record(
                session,
                address_id=address.id,
                purpose=agreed,
                is_granted=True,
                wording="test",
                language="en",
                source="test",
                now=now,
            )
        draft = outbox.Draft(
            address_id=address.id,
            channel=Channel.EMAIL,
            text="Dear Ada,\n\nyour statement of October is ready.",
            subject="Your statement of October",
            purpose=purpose,
            lane=lane,
        )
        [id_] = outbox.post_many(session, [draft], now=now)
    stack.work()
    return id_


def found(stack: Stack, id_) -> Message:
    with stack.wiring.sessions() as session:
        return session.scalars(select(Message).where(Message.id == id_)).one()


def test_an_email_arrives_and_its_receipts_come_back(stack: Stack):
    id_ = write(stack)

    [mail] = stack.sandbox.mailroom.to(ADA)
    assert mail.subject == "Your statement of October"
    assert mail.text == "Dear Ada,\n\nyour statement of October is ready."
    assert mail.unsubscribe_url == ""
    message = found(stack, id_)
    assert (message.status, message.provider_id) == (MessageStatus.DELIVERED, mail.sid)


def test_news_can_be_stopped_with_the_mail_programs_own_button(stack: Stack):
    first = write(stack, purpose=Purpose.MARKETING, lane=Lane.BULK)
    [mail] = stack.sandbox.mailroom.to(ADA)
    assert found(stack, first).status is MessageStatus.READ
    assert mail.unsubscribe_url.startswith(stack.url)

    assert stack.sandbox.mailroom.press_unsubscribe(mail) == 200
    again = _news_without_asking(stack)

    assert found(stack, again).status is MessageStatus.SUPPRESSED
    assert found(stack, again).reason == "no consent for marketing messages"
    assert len(stack.sandbox.mailroom.to(ADA)) == 1


def _news_without_asking(stack: Stack):
    now = stack.wiring.now()
    with stack.wiring.transaction() as session:
        address = addresses.find_or_make(session, Channel.EMAIL, ADA, now=now)
        id_ = outbox.post(
            session,
            address_id=address.id,
            channel=Channel.EMAIL,
            text="More news",
            purpose=Purpose.MARKETING,
            lane=Lane.BULK,
            now=now,
        )
    stack.work()
    return id_


@pytest.mark.parametrize(
    ("name", "status", "held"),
    [
        ("bounce", MessageStatus.UNDELIVERED, "bounce"),
        ("spam", MessageStatus.DELIVERED, "spam"),
        ("refused", MessageStatus.FAILED, "invalid"),
    ],
)
def test_an_address_that_does_not_work_is_not_written_to_again(stack: Stack, name, status, held):
    first = write(stack, f"{name}@mail.ng")
    again = write(stack, f"{name}@mail.ng")

    assert found(stack, first).status is status
    assert found(stack, again).status is MessageStatus.SUPPRESSED
    with stack.wiring.sessions() as session:
        assert session.scalars(select(Suppression.reason)).all() == [held]


def test_a_lost_answer_is_settled_by_the_events(stack: Stack):
    id_ = write(stack, "lost@mail.ng")

    assert len(stack.sandbox.mailroom.to("lost@mail.ng")) == 1
    assert found(stack, id_).status is MessageStatus.DELIVERED


@pytest.mark.parametrize(
    ("purpose", "lane", "times"),
    [(Purpose.NOTICE, Lane.UTILITY, 2), (Purpose.MARKETING, Lane.BULK, 1)],
)
def test_without_events_only_what_a_person_needs_goes_again(stack: Stack, purpose, lane, times):
    stack.sandbox.faults.set("lost_response", "close", times=1)
    stack.sandbox.faults.set("no_receipts", value=True, times=1)
    id_ = write(stack, purpose=purpose, lane=lane)
    assert found(stack, id_).status is MessageStatus.UNKNOWN

    look_up(stack, after=timedelta(seconds=20))
    look_up(stack, after=timedelta(minutes=5))
    assert len(stack.sandbox.mailroom.to(ADA)) == 1
    look_up(stack, after=timedelta(minutes=6))

    assert len(stack.sandbox.mailroom.to(ADA)) == times
    status = found(stack, id_).status
    assert status is (MessageStatus.DELIVERED if times == 2 else MessageStatus.FAILED)


def look_up(stack: Stack, *, after: timedelta) -> None:
    stack.clock.move(after)
    delivery.settle_unknown(stack.wiring)
    stack.work()


def test_a_forged_bounce_silences_nobody(stack: Stack):
    stack.sandbox.faults.set("forged_signature", value=True)
    id_ = write(stack, "bounce@mail.ng")

    assert found(stack, id_).status is MessageStatus.ACCEPTED
    with stack.wiring.sessions() as session:
        assert session.scalars(select(Suppression)).all() == []
