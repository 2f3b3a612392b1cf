"""What is in the outbox reaches the carrier once, whatever breaks on the way."""

import os
import signal
from collections import Counter
from datetime import datetime
from functools import partial
from multiprocessing import get_context
from threading import Event
from uuid import UUID

import pytest
from redis import Redis
from sqlalchemy import create_engine

from bot.channels.carrier import (
    Accepted,
    Ambiguous,
    Carrier,
    Channel,
    NotSent,
    Option,
    Parcel,
    Refused,
)
from crm.models import CarrierContent, Lane, MessageStatus, Purpose
from crm.outbox import Template
from tests.at_once import at_once
from tests.outbox import (
    NOON,
    ScriptedCarrier,
    SetClock,
    attempts,
    eventually,
    message,
    somebody,
    wired,
    write,
)
from workers import delivery

LANE = Lane.UTILITY.value
YES_NO = [Option("yes", "Yes"), Option("no", "No")]


@pytest.fixture
def carrier():
    return ScriptedCarrier()


@pytest.fixture
def wiring(engine, redis_url, carrier):
    return wired(engine, redis_url, carrier)


@pytest.fixture
def post(wiring):
    """Post a message to somebody new, and commit."""

    def post_one(*, channel=Channel.SMS, heard_at=None, agreed="care", **changes) -> UUID:
        with wiring.sessions.begin() as session:
            to = somebody(session, channel=channel, heard_at=heard_at, agreed=agreed)
            return write(session, to, **changes)

    return post_one


@pytest.fixture
def look(wiring):
    """The message as it lies in the table now."""

    def look_at(id_):
        with wiring.sessions() as session:
            return message(session, id_)

    return look_at


@pytest.fixture
def tried(wiring):
    def ends_of(id_):
        with wiring.sessions() as session:
            return attempts(session, id_)

    return ends_of


# -- a lane ---------------------------------------------------------------------------------------


def test_everything_due_in_the_lane_is_sent_and_nothing_else(wiring, post, carrier):
    for n in range(60):
        post(text=f"Message {n}")
    post(text="Not mine", lane=Lane.BULK)

    assert delivery.deliver(wiring, LANE) == {"accepted": 60}
    assert sorted(carrier.texts) == sorted(f"Message {n}" for n in range(60))


def test_what_one_person_gets_leaves_in_the_order_it_was_said(wiring, carrier):
    with wiring.sessions.begin() as session:
        musa = somebody(session)
        for n in range(20):
            write(session, musa, text=f"Line {n:02}")
    delivery.deliver(wiring, LANE)

    assert carrier.texts == [f"Line {n:02}" for n in range(20)]


def test_a_sent_message_is_written_down(wiring, post, carrier, look, tried):
    id_ = post()
    delivery.deliver(wiring, LANE)

    assert carrier.taken[0].message_id == id_
    assert carrier.taken[0].to.startswith("+23480")
    assert look(id_).status is MessageStatus.ACCEPTED
    assert look(id_).provider_id.startswith("SM")
    assert tried(id_) == ["accepted"]


def test_the_flag_is_down_before_the_first_claim_so_that_no_call_is_missed(wiring, post, carrier):
    post()
    wiring.redis.set(f"wake:{LANE}", 1)
    seen = []
    carrier.script = lambda _parcel: seen.append(wiring.redis.exists(f"wake:{LANE}"))
    delivery.deliver(wiring, LANE)

    assert seen == [0]


def test_with_valkey_away_what_is_due_is_sent_all_the_same(engine, post, carrier):
    post()
    delivery.deliver(wired(engine, "redis://127.0.0.1:1", carrier), LANE)

    assert len(carrier.taken) == 1


def test_two_workers_at_once_send_every_message_once(engine, redis_url, post, carrier):
    ids = {post() for _ in range(80)}
    workers = [wired(engine, redis_url, carrier) for _ in range(2)]
    at_once([partial(delivery.deliver, worker, LANE) for worker in workers])

    assert Counter(parcel.message_id for parcel in carrier.taken) == Counter(ids)


def test_a_carrier_that_hangs_is_not_given_more_than_the_lease_allows(wiring, post, carrier, look):
    ids = [post() for _ in range(20)]
    hang = Event()
    carrier.script = lambda _parcel: hang.wait(0.3)
    batch = delivery._deliver_batch(wiring, Lane.UTILITY, start_within_s=0.2)

    assert Counter(outcome.word for outcome in batch) == {"accepted": 8, "not tried": 12}
    assert Counter(look(id_).status.value for id_ in ids) == {"accepted": 8, "queued": 12}


# -- what the carrier says ------------------------------------------------------------------------


def fail(error):
    def script(_parcel):
        raise error

    return script


def test_what_was_not_sent_waits_for_as_long_as_the_carrier_asks(wiring, post, carrier, look):
    id_ = post()
    carrier.script = fail(NotSent("slow down", retry_after_s=60))
    delivery.deliver(wiring, LANE)

    assert look(id_).status is MessageStatus.QUEUED
    assert (look(id_).due_at - NOON).total_seconds() == 60


def test_what_is_refused_has_failed_with_the_reason(wiring, post, carrier, look):
    id_ = post()
    carrier.script = fail(Refused(21211, "the number is not valid"))
    delivery.deliver(wiring, LANE)

    assert (look(id_).status, look(id_).reason) == ("failed", "the number is not valid")


def test_bad_credentials_are_no_fault_of_the_message(wiring, post, carrier, look):
    id_ = post()
    carrier.script = fail(Refused(20003, "the carrier does not accept our credentials"))
    delivery.deliver(wiring, LANE)

    assert look(id_).status is MessageStatus.QUEUED


@pytest.mark.parametrize("error", [Ambiguous("cut off"), RuntimeError("a surprise")])
def test_what_may_have_been_sent_is_in_doubt_and_the_others_are_not(
    wiring, post, carrier, look, error
):
    odd, *others = [post(text=str(n)) for n in range(5)]

    def script(parcel):
        if parcel.message_id == odd:
            raise error

    carrier.script = script
    delivery.deliver(wiring, LANE)

    assert look(odd).status is MessageStatus.UNKNOWN
    assert {look(id_).status for id_ in others} == {MessageStatus.ACCEPTED}


def test_a_message_that_does_not_open_harms_no_other(wiring, post, look):
    spoilt, good = post(), post()
    with wiring.engine.begin() as connection:
        connection.exec_driver_sql(
            "update messages set body_sealed = '\\x00' where id = %s", (spoilt,)
        )
    delivery.deliver(wiring, LANE)

    assert look(spoilt).reason == "the message cannot be opened"
    assert look(good).status is MessageStatus.ACCEPTED


# -- what people see ------------------------------------------------------------------------------


def test_an_sms_question_has_numbered_answers(wiring, post, carrier):
    post(text="Will you come? ₦500 is due.", options=YES_NO)
    delivery.deliver(wiring, LANE)

    assert carrier.texts == ["Will you come? NGN500 is due.\n1 Yes\n2 No"]


@pytest.fixture
def contents(wiring):
    account = wiring.settings.twilio_account_sid
    with wiring.sessions.begin() as session:
        for name in ("reply_2", "reminder.en"):
            session.add(CarrierContent(account=account, name=name, content_sid=f"HX-{name}"))


@pytest.mark.usefixtures("contents")
def test_a_whatsapp_question_has_buttons_that_carry_their_answers(wiring, post, carrier):
    options = [Option("v1|7|yes", "Yes"), Option("v1|7|no", "No")]
    post(channel=Channel.WHATSAPP, heard_at=NOON, text="Sure?", options=options)
    delivery.deliver(wiring, LANE)
    [parcel] = carrier.taken

    assert parcel.content_sid == "HX-reply_2"
    assert parcel.content_variables == {
        "1": "Sure?",
        "2": "Yes",
        "3": "v1|7|yes",
        "4": "No",
        "5": "v1|7|no",
    }


def test_where_the_carrier_has_no_buttons_of_ours_the_answers_are_numbered(wiring, post, carrier):
    post(channel=Channel.WHATSAPP, heard_at=NOON, text="Sure?", options=YES_NO, turn=7)
    delivery.deliver(wiring, LANE)

    assert carrier.texts == ["Sure?\n1 Yes\n2 No"]
    assert carrier.taken[0].content_sid is None


@pytest.mark.usefixtures("contents")
def test_outside_the_window_the_template_is_sent(wiring, post, carrier):
    post(channel=Channel.WHATSAPP, template=Template("reminder.en", ("Ada\nObi", "")))
    delivery.deliver(wiring, LANE)

    assert carrier.taken[0].content_sid == "HX-reminder.en"
    assert carrier.taken[0].content_variables == {"1": "Ada Obi", "2": "-"}


@pytest.mark.usefixtures("contents")
def test_a_window_that_closed_at_the_carrier_is_met_with_the_template(wiring, post, carrier, look):
    id_ = post(channel=Channel.WHATSAPP, heard_at=NOON, template=Template("reminder.en"))

    def script(parcel):
        if not parcel.content_sid:
            raise Refused(63016, "the window is closed")

    carrier.script = script
    delivery.deliver(wiring, LANE)

    assert carrier.taken[0].content_sid == "HX-reminder.en"
    assert look(id_).status is MessageStatus.ACCEPTED


def test_a_template_that_is_not_made_yet_is_waited_for(wiring, post, carrier, look):
    id_ = post(channel=Channel.WHATSAPP, template=Template("new.en"))
    delivery.deliver(wiring, LANE)

    assert carrier.taken == []
    assert look(id_).status is MessageStatus.QUEUED


# -- doubts ---------------------------------------------------------------------------------------


@pytest.fixture
def clock(wiring) -> SetClock:
    return wiring.clock


def test_a_lost_answer_is_found_at_the_carrier_and_not_sent_again(wiring, post, carrier, look):
    id_ = post()

    def take_and_lose(parcel):
        carrier.take(parcel)
        raise Ambiguous("cut off")

    carrier.script = take_and_lose
    delivery.deliver(wiring, LANE)

    assert delivery.settle_unknown(wiring) == {"found": 1}
    assert look(id_).status is MessageStatus.ACCEPTED
    assert look(id_).provider_id.startswith("SM")
    assert len(carrier.taken) == 1


def test_two_lost_answers_with_the_same_words_are_both_found(wiring, carrier, look):
    def lose(parcel):
        carrier.take(parcel)
        raise Ambiguous("cut off")

    with wiring.sessions.begin() as session:
        musa = somebody(session)
        ids = [write(session, musa, text="Please pick one") for _ in range(2)]
    carrier.script = lose
    delivery.deliver(wiring, LANE)
    delivery.settle_unknown(wiring)

    assert {look(id_).status for id_ in ids} == {MessageStatus.ACCEPTED}
    assert len({look(id_).provider_id for id_ in ids}) == 2
    assert len(carrier.taken) == 2


def test_what_the_carrier_never_had_is_sent_after_the_second_look(wiring, post, carrier, clock):
    post()
    carrier.script = fail(Ambiguous("cut off"))
    delivery.deliver(wiring, LANE)
    carrier.script = lambda _parcel: None

    assert delivery.settle_unknown(wiring) == {"not found yet": 1}
    assert delivery.settle_unknown(wiring) == {}
    clock.move(20)
    assert delivery.settle_unknown(wiring) == {"not found": 1}
    assert delivery.deliver(wiring, LANE) == {"accepted": 1}
    assert [parcel.attempt for parcel in carrier.taken] == [2]


def test_a_carrier_that_cannot_be_asked_leaves_the_doubt(wiring, post, carrier, look, clock):
    id_ = post(agreed="marketing", purpose=Purpose.MARKETING)
    carrier.script = fail(Ambiguous("cut off"))
    delivery.deliver(wiring, LANE)
    carrier.find = lambda _parcel, *, since: fail(Ambiguous("no answer"))(since)
    clock.move(60)

    assert delivery.settle_unknown(wiring) == {"no answer": 1}
    assert look(id_).status is MessageStatus.UNKNOWN


class Ledger(Carrier):
    """A carrier whose books outlive whoever writes to it."""

    def __init__(self, redis: Redis, *, hangs_after: int) -> None:
        self.redis, self.hangs_after = redis, hangs_after

    def send(self, parcel: Parcel) -> Accepted:
        """Take it; after some, take one more each time and never answer."""
        taken = self.redis.rpush("ledger", parcel.message_id.hex)
        if taken > self.hangs_after:
            Event().wait()
        return Accepted(f"SM{parcel.message_id.hex}", "queued")

    def find(self, parcel: Parcel, *, since: datetime) -> list[Accepted]:
        """Look into the books."""
        assert since <= NOON
        has_it = parcel.message_id.hex in self.books()
        return [Accepted(f"SM{parcel.message_id.hex}", "queued")] if has_it else []

    def books(self) -> list[str]:
        """Every message taken, in order."""
        return [each.decode() for each in self.redis.lrange("ledger", 0, -1)]


def test_a_worker_killed_in_mid_batch_loses_nothing_and_doubles_nothing(
    wiring, post, redis_url, look
):
    ids = [post() for _ in range(40)]
    url = wiring.engine.url

    def doomed() -> None:
        books = Ledger(Redis.from_url(redis_url), hangs_after=30)
        delivery.deliver(wired(create_engine(url), redis_url, books), LANE)

    process = get_context("fork").Process(target=doomed)
    process.start()
    assert eventually(lambda: wiring.redis.llen("ledger") >= 33)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    in_flight = [id_ for id_ in ids if look(id_).status is MessageStatus.SENDING]
    assert in_flight

    wiring.carrier = books = Ledger(wiring.redis, hangs_after=1000)
    wiring.clock.move(31)
    assert delivery.reap(wiring) == {"in doubt": len(in_flight)}
    for _ in range(2):
        delivery.settle_unknown(wiring)
        wiring.clock.move(21)
    delivery.deliver(wiring, LANE)

    assert Counter(books.books()) == Counter(id_.hex for id_ in ids)
    assert {look(id_).status for id_ in ids} == {MessageStatus.ACCEPTED}


# -- through the real SDK, to the sandbox ---------------------------------------------------------


@pytest.fixture
def letter(stack):
    """Post to Musa's phone through the whole product; returns how it lies in the table."""

    def look_at(id_):
        with stack.wiring.sessions() as session:
            return message(session, id_)

    with stack.wiring.sessions.begin() as session:
        to = somebody(session, now=stack.clock.now())
        id_ = write(session, to, now=stack.clock.now(), text="See you tomorrow.")
    return lambda: look_at(id_)


def test_a_lost_answer_is_found_in_the_carriers_list(stack, letter):
    stack.sandbox.faults.set("lost_response", "close", times=1)
    stack.sandbox.faults.set("no_receipts", value=True)
    delivery.deliver(stack.wiring, LANE)
    assert letter().status is MessageStatus.UNKNOWN

    assert delivery.settle_unknown(stack.wiring) == {"found": 1}
    assert letter().status is MessageStatus.ACCEPTED
    assert [each.body for each in stack.sandbox.messages_to()] == ["See you tomorrow."]


def test_a_receipt_settles_a_lost_answer_before_anyone_looks(stack, letter):
    stack.sandbox.faults.set("lost_response", "close", times=1)
    delivery.deliver(stack.wiring, LANE)
    stack.sandbox.settle()

    assert letter().status is MessageStatus.DELIVERED
    assert delivery.settle_unknown(stack.wiring) == {}


@pytest.mark.parametrize("fault", ["reordered_receipts", "duplicate_receipts"])
def test_receipts_that_come_twice_or_backwards_end_in_delivered(stack, letter, fault):
    stack.sandbox.faults.set(fault, value=True)
    delivery.deliver(stack.wiring, LANE)
    stack.sandbox.settle()

    assert letter().status is MessageStatus.DELIVERED


def test_a_carrier_that_is_full_is_left_alone_for_as_long_as_it_asks(stack, letter):
    stack.sandbox.faults.set("rate_limit", value=True)
    delivery.deliver(stack.wiring, LANE)

    assert letter().status is MessageStatus.QUEUED
    assert letter().due_at > stack.clock.now()
    assert stack.sandbox.messages_to() == []
