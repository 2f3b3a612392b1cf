"""Messages end where their receipts say."""

from hypothesis import given, settings
from hypothesis import strategies as st

from crm import outbox
from crm.models import MessageStatus
from crm.outbox import Outcome, Receipt, Template
from tests.crm.outbox.taking import CLOSED, IN_THE_WINDOW, ONE_DATABASE, claim_one, status
from tests.outbox import (
    NOON,
    later,
    message,
    somebody,
    undone,
    write,
)

STORIES = [
    ["accepted", "sent", "delivered", "read"],
    ["accepted", "sent", "undelivered"],
    ["accepted", "failed"],
    ["sent"],
]


@given(data=st.data())
@settings(ONE_DATABASE, max_examples=60)
def test_receipts_in_any_order_and_number_end_in_the_same_status(engine, data):
    story = data.draw(st.sampled_from(STORIES))
    heard = data.draw(st.lists(st.sampled_from(story), max_size=8))
    reports = data.draw(st.permutations([*story, *heard]))
    answer_after = data.draw(st.integers(0, len(reports)))
    in_batches = data.draw(st.booleans())
    with undone(engine) as session:
        id_ = write(session, somebody(session))
        c = claim_one(session)
        batch = [Receipt(id_, 1, MessageStatus(word), "SM1") for word in reports]
        parts = [batch[:answer_after], batch[answer_after:]]
        for part in parts:
            for each in [part] if in_batches else [[one] for one in part]:
                outbox.receipts(session, each, now=NOON)
            outbox.settle(session, [Outcome.accepted(c.id, c.n, "SM1")], now=NOON)

        assert status(session, id_) == story[-1]
        assert message(session, id_).provider_id == "SM1"


def test_a_receipt_of_a_message_we_do_not_know_changes_nothing(session):
    someone = somebody(session)
    outbox.receipt(session, someone.patient_id, 1, MessageStatus.READ, "SM1", now=NOON)


def test_a_failed_receipt_says_why_in_words(session):
    id_ = write(session, somebody(session))
    c = claim_one(session)
    outbox.settle(session, [Outcome.accepted(c.id, c.n, "SM1")], now=NOON)
    outbox.receipt(session, id_, 1, MessageStatus.UNDELIVERED, "SM1", 30005, now=NOON)

    assert message(session, id_).reason == "the number is not in use"
    assert message(session, id_).error_code == 30005


def test_an_old_attempts_good_news_counts_and_its_bad_news_does_not(session):
    id_ = write(session, somebody(session))
    first = claim_one(session)
    outbox.settle(session, [Outcome.not_sent(first.id, 1, "cut")], now=NOON)
    second = claim_one(session, now=later(60))
    assert second.n == 2

    outbox.receipt(session, id_, 1, MessageStatus.FAILED, "SM1", now=later(61))
    assert status(session, id_) is MessageStatus.SENDING
    outbox.receipt(session, id_, 1, MessageStatus.DELIVERED, "SM1", now=later(62))
    assert status(session, id_) is MessageStatus.DELIVERED


@given(order=st.permutations(["sent", "failed", "failed"]))
@settings(ONE_DATABASE, max_examples=6)
def test_a_closed_window_sends_the_template_once_whatever_comes_first(engine, order):
    with undone(engine) as session:
        to = somebody(session, **IN_THE_WINDOW)
        id_ = write(session, to, template=Template("reminder.en"))
        first = claim_one(session)
        for word in order:
            code = CLOSED if word == "failed" else None
            outbox.receipt(session, id_, 1, MessageStatus(word), "SM1", code, now=NOON)
        # the answer of create comes last of all, and must not stop the template
        outbox.settle(session, [Outcome.accepted(first.id, 1, "SM1")], now=NOON)
        second = claim_one(session)
        outbox.settle(session, [Outcome.accepted(second.id, second.n, "SM2")], now=NOON)

        assert (second.n, second.must_use_template) == (2, True)
        assert message(session, id_).provider_id == "SM2"
        outbox.receipt(session, id_, 1, MessageStatus.SENT, "SM1", now=NOON)
        assert status(session, id_) is MessageStatus.ACCEPTED
        outbox.receipt(session, id_, 2, MessageStatus.FAILED, "SM2", CLOSED, now=NOON)
        assert status(session, id_) is MessageStatus.FAILED


def test_a_closed_window_is_the_end_of_a_message_without_a_template(session):
    id_ = write(session, somebody(session, **IN_THE_WINDOW))
    claim_one(session)
    outbox.receipt(session, id_, 1, MessageStatus.UNDELIVERED, "SM1", CLOSED, now=NOON)

    assert status(session, id_) is MessageStatus.UNDELIVERED
