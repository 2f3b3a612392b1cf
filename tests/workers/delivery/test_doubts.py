"""What may have been sent is looked up before anything goes again."""

import os
import signal
from collections import Counter
from datetime import datetime
from multiprocessing import get_context
from threading import Event

import pytest
from redis import Redis
from sqlalchemy import create_engine

from bot.channels.carrier import (
    Accepted,
    Ambiguous,
    Carrier,
    Parcel,
)
from crm.models import MessageStatus, Purpose
from tests.outbox import (
    NOON,
    SetClock,
    somebody,
    wired,
    write,
)
from tests.patience import until
from tests.workers.delivery.lanes import LANE, fail
from workers import delivery


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
    until(lambda: wiring.redis.llen("ledger") >= 33)
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
