"""What is posted is sealed, asked of the gate, and due."""

import json

from bot.channels.carrier import Option
from crm import outbox
from crm.models import Lane, MessageStatus
from crm.outbox import Template
from tests.crm.outbox.taking import (
    counted,
    status,
)
from tests.outbox import (
    NOON,
    draft,
    message,
    somebody,
    write,
)


def test_a_posted_message_is_due_at_once_and_wakes_its_lane(session):
    ada = write(session, somebody(session))

    assert status(session, ada) is MessageStatus.QUEUED
    assert message(session, ada).due_at == NOON
    assert session.info["lanes"] == {Lane.UTILITY}


def test_what_it_says_is_sealed_and_can_be_read_back(session):
    id_ = write(
        session,
        somebody(session),
        text="Will you come?",
        options=[Option("yes", "Yes"), Option("no", "No", "another day")],
        template=Template("reminder.en", ("Ada", "Ikeja")),
    )
    sealed, vault = message(session, id_).body_sealed, session.info["vault"]

    assert b"Will you come" not in sealed
    assert json.loads(vault.open(sealed, where="messages.body", row=id_)) == {
        "text": "Will you come?",
        "options": [["yes", "Yes", ""], ["no", "No", "another day"]],
        "word": "",
        "template": ["reminder.en", ["Ada", "Ikeja"]],
    }
    assert outbox.unseal(vault, sealed, row=id_).template == Template(
        "reminder.en", ("Ada", "Ikeja")
    )


def test_an_sms_knows_its_parts_with_its_numbered_answers(session):
    ada = somebody(session)
    options = [Option("yes", "Yes, I will come"), Option("no", "No")]

    assert message(session, write(session, ada, text="a" * 160)).segments == 1
    assert message(session, write(session, ada, text="a" * 160, options=options)).segments == 2


def test_a_message_the_gate_stops_is_kept_with_the_reason_and_wakes_nobody(session):
    musa = write(session, somebody(session, agreed=""))

    assert status(session, musa) is MessageStatus.SUPPRESSED
    assert message(session, musa).reason == "no consent for reminder messages"
    assert not session.info["lanes"]


def test_a_reminder_posted_at_night_is_due_in_the_morning(session):
    night = NOON.replace(hour=22)
    id_ = write(session, somebody(session), now=night)

    assert message(session, id_).due_at == NOON.replace(day=19, hour=6)
    assert outbox.claim(session, Lane.UTILITY, now=night) == []


def test_many_are_posted_by_one_question_and_one_insert(session):
    people = [somebody(session) for _ in range(3)]
    with counted(session) as statements:
        outbox.post_many(session, [draft(to) for to in people], now=NOON)

    assert len(statements) == 2
