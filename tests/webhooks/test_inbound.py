"""What people write comes in once, is answered once, and is never lost."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from functools import partial
from urllib.parse import quote_plus, urlencode
from uuid import uuid4

import psycopg
import pytest
import urllib3
from sqlalchemy import select, text
from twilio.request_validator import RequestValidator

from bot.channels.carrier import Channel
from bot.sandbox.inbound import location_fields
from conversations.dialogues import DIALOGUES
from crm.models import Answering, Conversation, Direction, InboundKey, Message, MessageStatus
from tests.at_once import at_once
from tests.people import ADA, MUSA, Person
from tests.stack import Stack, broken
from webhooks.signatures import LONGEST_BODY
from workers import schedule

PATH = "/webhooks/twilio/inbound"


@pytest.fixture
def bring(stack: Stack) -> Callable[..., int]:
    """Bring one message as Twilio would, signed; answers the status code."""

    def bring_one(words: str = "hi", *, sender: str = MUSA.number, sid: str = "") -> int:
        form = {"MessageSid": sid or f"SM{uuid4().hex}", "From": sender, "Body": words}
        return post(stack, urlencode(form), sign(stack, form)).status

    return bring_one


# -- who may come in ------------------------------------------------------------------------------


def test_without_a_true_signature_nobody_comes_in_and_nobody_hears_why(stack):
    body = urlencode({"MessageSid": "SM1", "From": MUSA.number})
    for signature in (None, "", "!!! no base64 !!!", "é", "A" * 5000, "A" * 27 + "="):
        answer = post(stack, body, signature)
        assert (answer.status, answer.data) == (403, b""), signature
    assert rows(stack, InboundKey) == []


def test_a_signature_of_other_words_does_not_open(stack):
    signature = sign(stack, {"MessageSid": "SM1", "From": MUSA.number, "Body": "hi"})
    changed = {"MessageSid": "SM1", "From": MUSA.number, "Body": "cancel"}

    assert post(stack, urlencode(changed), signature).status == 403


def test_a_flood_of_words_is_refused(stack, bring):
    assert bring("x" * LONGEST_BODY) == 413
    assert rows(stack, InboundKey) == []


# -- once -----------------------------------------------------------------------------------------


def test_the_same_message_three_times_gets_one_answer(stack, bring):
    assert [bring("hi", sid="SM7") for _ in range(3)] == [200, 200, 200]

    assert len(answers(stack, MUSA)) == 1


def test_the_same_message_three_times_at_the_same_instant_gets_one_answer(stack, bring):
    assert at_once([partial(bring, "hi", sid="SM7")] * 3) == [200, 200, 200]
    assert len(answers(stack, MUSA)) == 1


def test_two_messages_of_one_person_at_the_same_instant_are_answered_one_after_the_other(
    stack, bring
):
    rounds = 20
    for number in range(rounds):
        at_once([partial(bring, f"hello {number}"), partial(bring, "what?")])

    assert len(answers(stack, MUSA)) == 2 * rounds
    (talk,) = rows(stack, Conversation)
    assert talk.turn == 2 * rounds
    assert talk.state in DIALOGUES[talk.dialogue].hears


def test_twenty_people_at_once_are_all_answered(stack, bring):
    people = [Person(f"P{n}", f"+23491400002{n:02}", Channel.SMS) for n in range(20)]
    said = at_once([partial(bring, "hi", sender=person.number) for person in people])

    assert said == [200] * 20
    stack.work()
    assert [len(stack.heard_by(person)) for person in people] == [1] * 20


# -- whatever it is -------------------------------------------------------------------------------


def test_any_text_is_answered(stack, bring):
    odd = ["", " ", "\x00", "\ufffd\ufffe", "🙂" * 500, "a\r\nb\tc", "{hospital} %s {{1}}", "١٢٣"]
    for number, words in enumerate(odd, start=1):
        assert bring(words) == 200, words
        assert len(answers(stack, MUSA)) == number, words


def test_bytes_that_are_no_text_are_answered(stack):
    body = f"MessageSid=SM1&From={quote_plus(MUSA.number)}&Body=%FF%FE%C3"
    form = {"MessageSid": "SM1", "From": MUSA.number, "Body": "%FF%FE%C3"}

    # Signed as they are read.
    assert post(stack, body, sign(stack, form)).status == 200
    assert len(answers(stack, MUSA)) == 1


def test_a_place_and_a_picture_are_answered(stack):
    place = location_fields({"latitude": 6.6, "longitude": 3.35, "label": "Ikeja"})
    stack.sandbox.say(ADA.channel, ADA.number, extra=place)
    stack.sandbox.say(ADA.channel, ADA.number, media=("https://pictures.example/1.jpeg",))

    assert len(answers(stack, ADA)) == 2


def test_who_has_no_phone_number_is_answered_at_their_whatsapp_name(stack):
    hidden = Person("Hidden", "NG.1234567890abcdef", Channel.WHATSAPP)
    assert stack.say(hidden, "hi") == 200

    (welcome,) = stack.heard_by(hidden)
    assert welcome.body.startswith("Welcome")
    assert welcome.recipient == "whatsapp:NG.1234567890abcdef"


def test_a_form_without_sender_or_id_is_answered_and_forgotten(stack):
    for form in ({}, {"Body": "hi"}, {"From": MUSA.number}, {"MessageSid": "SM1"}):
        assert post(stack, urlencode(form), sign(stack, form)).status == 200
    assert rows(stack, InboundKey) == []


# -- receipts of the answer -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [{"hang": 0.3}, {"reordered_receipts": True}, {"duplicate_receipts": True}],
    ids=["before the carrier's own answer", "last to first", "twice"],
)
def test_receipts_come_as_they_like_and_end_read(stack, fault):
    for name, value in fault.items():
        stack.sandbox.faults.set(name, value)
    stack.say(ADA, "hi")

    (reply,) = sent(stack)
    assert reply.status is MessageStatus.READ


# -- when the house stumbles ----------------------------------------------------------------------


def test_a_failed_turn_is_answered_once_its_cause_is_gone(stack, bring):
    stack.say(MUSA, "hi")
    with broken(stack, "misheard"):
        assert bring("xyzzy") == 200
        (kept,) = unanswered(stack)
        stack.later(timedelta(seconds=6))
        assert [message.id for message in unanswered(stack)] == [kept.id]
    stack.later(timedelta(seconds=20))

    assert unanswered(stack) == []
    heard = answers(stack, MUSA)
    assert [message.body.split(".")[0] for message in heard][1:] == [
        "Please pick one of these languages"
    ]


def test_a_failed_turn_is_not_taken_in_twice(stack, bring):
    bring("hi")
    with broken(stack, "misheard"):
        assert [bring("xyzzy", sid="SM9") for _ in range(3)] == [200, 200, 200]
        assert len(unanswered(stack)) == 1


def test_after_a_minute_without_an_answer_a_person_is_told(stack, bring):
    stack.say(MUSA, "hi")
    with broken(stack, "misheard"):
        bring("xyzzy")
        for seconds in (6, 16, 31):
            stack.later(timedelta(seconds=seconds))

    assert unanswered(stack) == []
    assert answers(stack, MUSA)[-1].body.startswith("Sorry, something went wrong on our side.")
    alerts = [m for m in stack.sandbox.messages_to() if "could not be answered" in m.body]
    assert ["number ending 0012" in alert.body for alert in alerts] == [True]
    (talk,) = [talk for talk in rows(stack, Conversation) if talk.turn]
    assert talk.answering is Answering.WAITING


def test_a_kept_word_answers_no_question_that_was_asked_after_it(stack, bring):
    stack.register(MUSA, "Musa Bello")
    stack.say(MUSA, "book eye tomorrow")
    with broken(stack, "appointments"):
        bring("1")
    stack.say(MUSA, "1")
    assert "Shall I book it?" in stack.heard_by(MUSA)[-1].body
    stack.later(timedelta(seconds=6))

    assert unanswered(stack) == []
    assert "Shall I book it?" in stack.heard_by(MUSA)[-1].body


def test_a_cry_for_help_that_was_kept_is_heard_however_late(stack, bring):
    with broken(stack, "conversations", "update"):
        bring("I have chest pain")
    stack.say(MUSA, "hello")
    stack.later(timedelta(seconds=6))

    assert "Call 112 now" in stack.heard_by(MUSA)[-1].body


def test_kept_messages_are_answered_in_their_order(stack, bring):
    stack.say(MUSA, "hi")
    with broken(stack, "conversations", "update"):
        bring("English")
        bring("yes")
    stack.later(timedelta(seconds=6))

    heard = [message.body[:16] for message in stack.heard_by(MUSA)]
    assert sorted(heard[1:]) == ["To book visits f", "What is the pati"]


def test_a_kept_message_that_nobody_can_open_keeps_no_other_waiting(stack, bring):
    bring("hi")
    stack.say(ADA, "hi")
    with broken(stack, "misheard"):
        bring("xyzzy")
        stack.say(ADA, "xyzzy")
    spoil(stack, unanswered(stack)[0])
    stack.later(timedelta(seconds=6))

    assert len(stack.heard_by(ADA)) == 2


def test_while_the_database_is_away_the_carrier_is_asked_to_come_again(stack, server_url):
    stack.say(MUSA, "hi")
    with nobody_may_connect(server_url, stack.wiring.engine.url.database):
        brought = stack.sandbox.say(MUSA.channel, MUSA.number, "English")
        assert (brought.http_status, brought.arrived) == (503, False)
    (again,) = stack.sandbox.redeliver(brought.sid)

    assert again.http_status == 200
    assert [message.body[:8] for message in answers(stack, MUSA)] == ["Welcome ", "To book "]


def test_a_line_to_the_database_that_was_cut_is_not_the_carriers_business(stack, bring):
    bring("hi")
    cut_lines(stack)

    assert bring("English") == 200
    assert len(answers(stack, MUSA)) == 2


def test_what_was_missed_while_the_door_was_shut_and_fails_again_is_kept(stack, server_url):
    stack.say(MUSA, "hi")
    with nobody_may_connect(server_url, stack.wiring.engine.url.database):
        stack.sandbox.say(MUSA.channel, MUSA.number, "xyzzy")
    with broken(stack, "misheard"):
        assert schedule.run_now(stack.wiring, "missed") == {"missed": 1}
    assert len(unanswered(stack)) == 1
    stack.later(timedelta(seconds=6))

    assert len(stack.heard_by(MUSA)) == 2


@pytest.mark.parametrize("sender", ["2442", "MTN", "MyBank NG", "+2348002255622", ""])
def test_who_is_no_person_gets_no_answer(bring, stack, sender):
    assert bring("Your balance is low", sender=sender) == 200
    stack.work()
    assert stack.sandbox.messages_to() == []


def post(stack: Stack, body: str, signature: str | None):
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    if signature is not None:
        headers["X-Twilio-Signature"] = signature
    return urllib3.request(
        "POST", stack.url + PATH, body=body.encode(), headers=headers, retries=False
    )


def sign(stack: Stack, form: dict[str, str]) -> str:
    token = stack.wiring.settings.twilio_auth_token
    return RequestValidator(token).compute_signature(stack.url + PATH, form)


def answers(stack: Stack, person: Person):
    stack.work()
    return stack.heard_by(person)


def rows(stack: Stack, kind, *where):
    with stack.wiring.transaction() as session:
        return session.scalars(select(kind).where(*where)).all()


def sent(stack: Stack):
    return rows(stack, Message, Message.direction == Direction.OUT)


def unanswered(stack: Stack):
    kept = rows(stack, Message, Message.status == MessageStatus.UNANSWERED)
    return sorted(kept, key=lambda message: message.id)


def spoil(stack: Stack, message: Message) -> None:
    """Make a message one that no key opens."""
    with stack.wiring.transaction() as session:
        values = {"id": message.id, "spoilt": b"spoilt"}
        session.execute(text("update messages set body_sealed = :spoilt where id = :id"), values)


def cut_lines(stack: Stack) -> None:
    """End every connection that is kept, as a server that dies does: without a word."""
    pool = stack.wiring.engine.pool
    with ExitStack() as taken:
        for _ in range(pool.checkedin() + pool.checkedout()):
            session = taken.enter_context(stack.wiring.transaction())
            line = session.line().connection.driver_connection
            with socket.socket(fileno=os.dup(line.fileno())) as end:
                end.shutdown(socket.SHUT_RDWR)


@contextmanager
def nobody_may_connect(server_url: str, database: str) -> Iterator[None]:
    """Cut everyone off from a database, and let nobody in."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"alter database {database} allow_connections false")
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s",
            [database],
        )
        yield
        connection.execute(f"alter database {database} allow_connections true")
