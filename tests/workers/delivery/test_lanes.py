"""What is due in a lane is sent, in order, once."""

from collections import Counter
from functools import partial
from threading import Event

from crm.models import Lane, MessageStatus
from tests.at_once import at_once
from tests.outbox import (
    somebody,
    wired,
    write,
)
from tests.workers.delivery.lanes import LANE
from workers import delivery


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
    carrier.script = lambda _parcel: hang.wait(1.5)
    batch = delivery._deliver_batch(wiring, Lane.UTILITY, start_within_s=1)

    assert Counter(outcome.word for outcome in batch) == {"accepted": 8, "not tried": 12}
    assert Counter(look(id_).status.value for id_ in ids) == {"accepted": 8, "queued": 12}
