"""Words grow old and go; that they were said stays."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select, update

from crm import outbox, retention
from crm.models import Conversation, Lane, Message, MessageStatus, Misheard, Purpose
from crm.retention import Kept

# Ids carry the machine's time, so "long ago" is seen from a late now.
LATER = datetime.now(UTC) + timedelta(days=400)


def say(session, clinic, now):
    return outbox.post(
        session,
        address_id=clinic.phone.id,
        channel=clinic.phone.channel,
        text="Hello",
        template=outbox.Template("hello"),
        purpose=Purpose.REPLY,
        lane=Lane.URGENT,
        patient_id=clinic.ada.id,
        now=now,
    )


def body(session, message_id):
    return session.scalar(select(Message.body_sealed).where(Message.id == message_id))


def test_bodies_go_after_a_year_and_the_row_stays(session, clinic, now):
    sent, waiting = say(session, clinic, now), say(session, clinic, now)
    session.execute(
        update(Message).where(Message.id == sent).values(status=MessageStatus.DELIVERED)
    )
    young = retention.forget_words(session, Kept(), now=LATER - timedelta(days=300))
    assert not any(young.values())
    counts = retention.forget_words(session, Kept(), now=LATER)
    assert counts["message_bodies"] == 1
    assert body(session, sent) is None
    assert body(session, waiting) is not None
    assert session.scalar(select(func.count()).select_from(Message)) == 2
    assert not any(retention.forget_words(session, Kept(), now=LATER).values())


def test_talks_that_stand_still_and_words_not_understood_go_too(session, clinic, now):
    talk = Conversation(
        address_id=clinic.phone.id,
        context_sealed=b"x",
        dialogue="booking",
        state="when",
        heard_at=now,
    )
    session.add(talk)
    session.flush()
    session.add(
        Misheard(conversation_id=talk.id, question="when", language="en", text_sealed=b"x", at=now)
    )
    session.flush()
    late = max(LATER, now + timedelta(days=91))
    counts = retention.forget_words(session, Kept(), now=late)
    assert (counts["talks"], counts["misheard"]) == (1, 1)
    session.refresh(talk)
    assert talk.context_sealed is talk.dialogue is None


def test_how_long_is_a_setting(session, clinic, now):
    sent = say(session, clinic, now)
    session.execute(
        update(Message).where(Message.id == sent).values(status=MessageStatus.DELIVERED)
    )
    kept = Kept(message_bodies=timedelta(days=500))
    assert not any(retention.forget_words(session, kept, now=LATER).values())
