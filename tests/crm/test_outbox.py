"""Messages wait, leave once, and end where their receipts say."""

import json
from datetime import timedelta
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from bot.channels.carrier import Accepted, Channel, Option
from crm import outbox, suppressions
from crm.models import Lane, MessageStatus, Purpose, SuppressionReason
from crm.outbox import Outcome, Receipt, Template
from tests.at_once import at_once
from tests.outbox import (
    NOON,
    VAULT,
    attempts,
    draft,
    later,
    message,
    say_yes,
    somebody,
    undone,
    write,
)

CLOSED = 63016
# Every example takes its own work back; how long that takes is the machine's matter.
ONE_DATABASE = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
IN_THE_WINDOW = {"channel": Channel.WHATSAPP, "heard_at": NOON}


def claim_one(session, *, now=NOON):
    [claimed] = outbox.claim(session, Lane.UTILITY, now=now)
    return claimed


def status(session, id_):
    return message(session, id_).status


# -- posting --------------------------------------------------------------------------------------


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


# -- claiming -------------------------------------------------------------------------------------


def test_a_claimed_message_is_leased_and_its_attempt_written_down(session):
    ada = somebody(session)
    id_ = write(session, ada)
    claimed = claim_one(session)

    assert (claimed.id, claimed.n, claimed.channel) == (id_, 1, Channel.SMS)
    assert session.info["vault"].open(
        claimed.value_sealed, where="addresses.value", row=ada.address_id
    )
    assert status(session, id_) is MessageStatus.SENDING
    assert message(session, id_).lease_until == later(30)
    assert attempts(session, id_) == [None]
    assert outbox.claim(session, Lane.UTILITY, now=NOON) == []


def test_the_longest_due_go_first_up_to_the_limit_and_only_of_the_lane(session):
    ada = somebody(session)
    ids = [write(session, ada, due_at=later(s)) for s in (30, 10, 20)]
    write(session, ada, lane=Lane.URGENT, purpose=Purpose.REPLY)

    claimed = outbox.claim(session, Lane.UTILITY, now=later(60), limit=2)

    assert {each.id for each in claimed} == {ids[1], ids[2]}


def test_a_claim_is_two_statements_and_settling_it_one(session):
    people = [somebody(session) for _ in range(5)]
    outbox.post_many(session, [draft(to) for to in people], now=NOON)
    with counted(session) as statements:
        claimed = outbox.claim(session, Lane.UTILITY, now=NOON)
        outbox.settle(session, [Outcome.accepted(c.id, c.n, "SM1") for c in claimed], now=NOON)

    assert len(claimed) == 5
    assert len(statements) == 3


def test_what_expired_is_not_sent(session):
    id_ = write(session, somebody(session), expires_at=later(10))

    assert outbox.claim(session, Lane.UTILITY, now=later(11)) == []
    assert status(session, id_) is MessageStatus.EXPIRED
    assert attempts(session, id_) == []


def test_the_gate_is_asked_again_when_it_leaves(session):
    ada, musa, ngozi = (somebody(session) for _ in range(3))
    stopped, withdrawn, sent = (write(session, each) for each in (ada, musa, ngozi))
    suppressions.suppress(session, ada.address_id, SuppressionReason.STOP, now=NOON)
    say_yes(session, musa.address_id, "all", now=NOON, is_granted=False)

    assert [each.id for each in outbox.claim(session, Lane.UTILITY, now=NOON)] == [sent]
    assert message(session, stopped).reason == "the person asked us to stop"
    assert status(session, withdrawn) is MessageStatus.SUPPRESSED
    assert attempts(session, withdrawn) == ["turned away"]


def test_a_lane_of_people_who_all_opted_out_does_not_hide_the_one_behind_them(session):
    quitters = [somebody(session) for _ in range(4)]
    outbox.post_many(session, [draft(to) for to in quitters], now=NOON)
    for each in quitters:
        say_yes(session, each.address_id, "all", now=NOON, is_granted=False)
    behind = write(session, somebody(session), due_at=later(1))

    assert [c.id for c in outbox.claim(session, Lane.UTILITY, now=later(2), limit=2)] == [behind]


def test_a_message_that_comes_to_its_turn_at_night_goes_back_until_morning(session):
    id_ = write(session, somebody(session))
    night = NOON.replace(hour=22)

    assert outbox.claim(session, Lane.UTILITY, now=night) == []
    assert message(session, id_).due_at == NOON.replace(day=19, hour=6)
    assert status(session, id_) is MessageStatus.QUEUED


def test_outside_the_window_it_leaves_as_its_template(session):
    to = somebody(session, **IN_THE_WINDOW)
    write(session, to, template=Template("reminder.en"))

    assert not claim_one(session).must_use_template
    write(session, to, template=Template("reminder.en"))
    assert claim_one(session, now=later(24 * 3600)).must_use_template


def test_two_workers_never_share_a_message(engine):
    with Session(engine, info={"vault": VAULT}) as session:
        people = [somebody(session) for _ in range(60)]
        wanted = set(outbox.post_many(session, [draft(to) for to in people], now=NOON))
        session.commit()

    def take() -> list:
        taken = []
        while batch := claim_and_commit(engine):
            taken += [each.id for each in batch]
        return taken

    taken = [id_ for each in at_once([take] * 4) for id_ in each]

    assert len(taken) == 60
    assert set(taken) == wanted


# -- settling -------------------------------------------------------------------------------------


def test_an_accepted_message_has_the_carriers_id(session):
    id_ = write(session, somebody(session))
    c = claim_one(session)
    outbox.settle(session, [Outcome.accepted(c.id, c.n, "SM7")], now=later(1))

    sent = message(session, id_)
    assert (sent.status, sent.provider_id, sent.lease_until) == ("accepted", "SM7", None)
    assert attempts(session, id_) == ["accepted"]


def test_a_message_that_was_not_sent_waits_longer_each_time_and_then_fails(session):
    id_ = write(session, somebody(session))
    now, pauses = NOON, []
    while status(session, id_) is MessageStatus.QUEUED:
        c = claim_one(session, now=now)
        outbox.settle(session, [Outcome.not_sent(c.id, c.n, "no route")], now=now)
        pauses.append((message(session, id_).due_at - now).total_seconds())
        # back-off may end in the quiet hours; the gate is not what is tested here
        now = NOON
        session.execute(text("update messages set due_at = :now"), {"now": NOON})

    assert status(session, id_) is MessageStatus.FAILED
    assert len(attempts(session, id_)) == 8
    assert 4 <= pauses[0] <= 6
    assert all(after > before for before, after in pairwise(pauses[:7]))
    assert pauses[6] <= 3600 * 1.2
    assert message(session, id_).reason == "no route"


def test_the_carriers_own_pause_is_kept(session):
    id_ = write(session, somebody(session))
    c = claim_one(session)
    outbox.settle(session, [Outcome.not_sent(c.id, c.n, "slow", retry_after_s=90)], now=NOON)

    assert message(session, id_).due_at == later(90)


def test_an_opt_out_at_the_carrier_suppresses_the_address(session):
    ada = somebody(session)
    ids = [write(session, ada), write(session, ada)]
    claimed = outbox.claim(session, Lane.UTILITY, now=NOON)
    gone = [Outcome.refused(c.id, c.n, 21610, "the person has opted out") for c in claimed]
    outbox.settle(session, gone, now=NOON)

    assert suppressions.is_suppressed(session, ada.address_id)
    assert {status(session, id_) for id_ in ids} == {MessageStatus.FAILED}
    assert message(session, ids[0]).error_code == 21610


def test_a_receipt_that_came_before_the_answer_of_create_is_not_lowered(session):
    id_ = write(session, somebody(session))
    c = claim_one(session)
    outbox.receipt(session, id_, 1, MessageStatus.DELIVERED, "SM9", now=NOON)
    outbox.settle(session, [Outcome.accepted(c.id, c.n, "SM9")], now=NOON)

    assert status(session, id_) is MessageStatus.DELIVERED
    assert message(session, id_).provider_id == "SM9"


# -- receipts -------------------------------------------------------------------------------------

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


# -- doubts ---------------------------------------------------------------------------------------


def in_doubt(session, **changes):
    id_ = write(session, somebody(session, agreed="care"), **changes)
    outbox.claim(session, Lane.UTILITY, now=NOON)
    assert outbox.reap(session, now=later(31)) == 1
    [doubt] = outbox.unknown_due(session, now=later(31))
    return id_, doubt


def test_what_a_dead_worker_left_is_in_doubt_only_after_its_lease(session):
    id_ = write(session, somebody(session))
    claim_one(session)

    assert outbox.reap(session, now=later(29)) == 0
    assert outbox.reap(session, now=later(31)) == 1
    assert status(session, id_) is MessageStatus.UNKNOWN
    assert attempts(session, id_) == ["unknown"]


def test_what_the_carrier_has_is_adopted(session):
    id_, doubt = in_doubt(session)

    assert outbox.adopt(session, doubt, Accepted("SM5", "sent"), now=later(32))
    assert status(session, id_) is MessageStatus.ACCEPTED
    assert message(session, id_).provider_id == "SM5"
    assert attempts(session, id_) == ["found"]


def test_an_id_that_belongs_to_another_message_is_not_adopted(session):
    other = write(session, somebody(session))
    c = claim_one(session)
    outbox.settle(session, [Outcome.accepted(c.id, c.n, "SM5")], now=NOON)
    id_, doubt = in_doubt(session)

    assert not outbox.adopt(session, doubt, Accepted("SM5", "sent"), now=later(32))
    assert status(session, id_) is MessageStatus.UNKNOWN
    assert status(session, other) is MessageStatus.ACCEPTED


def test_only_two_looks_ten_seconds_apart_send_it_again(session):
    id_, first = in_doubt(session)

    assert not outbox.not_found(session, first, now=later(32))
    assert outbox.unknown_due(session, now=later(41)) == []
    [second] = outbox.unknown_due(session, now=later(42))
    # a worker that looked at the same time as the first does not count as the second look
    assert not outbox.not_found(session, first, now=later(42))
    assert outbox.not_found(session, second, now=later(42))

    assert status(session, id_) is MessageStatus.QUEUED
    assert claim_one(session, now=later(43)).n == 2


def test_marketing_is_never_sent_again_on_doubt(session):
    to = somebody(session, agreed="marketing")
    id_ = write(session, to, purpose=Purpose.MARKETING)
    outbox.claim(session, Lane.UTILITY, now=NOON)
    outbox.reap(session, now=later(31))
    for seconds in (32, 60):
        [doubt] = outbox.unknown_due(session, now=later(seconds))
        outbox.not_found(session, doubt, now=later(seconds))

    assert status(session, id_) is MessageStatus.FAILED
    assert message(session, id_).reason == "not known whether it was sent"


def test_a_receipt_ends_a_doubt(session):
    id_, doubt = in_doubt(session)
    outbox.receipt(session, id_, 1, MessageStatus.SENT, "SM1", now=later(32))

    assert outbox.unknown_due(session, now=later(60)) == []
    assert not outbox.adopt(session, doubt, Accepted("SM1", "sent"), now=later(60))
    assert status(session, id_) is MessageStatus.SENT


def test_a_late_answer_of_create_stops_the_second_sending(session):
    id_, doubt = in_doubt(session)
    outbox.not_found(session, doubt, now=later(32))
    [again] = outbox.unknown_due(session, now=later(60))
    outbox.not_found(session, again, now=later(60))
    outbox.settle(session, [Outcome.accepted(id_, 1, "SM1")], now=later(61))

    assert status(session, id_) is MessageStatus.ACCEPTED
    assert outbox.claim(session, Lane.UTILITY, now=later(62)) == []


def test_a_doubt_that_no_look_up_ends_has_failed_after_an_hour(session):
    id_, _ = in_doubt(session)
    outbox.reap(session, now=later(31) + timedelta(hours=1, seconds=1))

    assert message(session, id_).reason == "not known whether it was sent"


# -- figures --------------------------------------------------------------------------------------


def test_depth_counts_every_lane_and_age_the_one_that_waits_longest(session):
    ada = somebody(session)
    assert outbox.oldest_pending_age_s(session, now=NOON) == 0.0
    write(session, ada)
    write(session, ada, due_at=later(3600))

    assert outbox.depth(session) == {Lane.URGENT: 0, Lane.UTILITY: 2, Lane.BULK: 0}
    assert outbox.oldest_pending_age_s(session, now=later(8)) == 8.0


class counted:  # noqa: N801 -- reads as a word in `with counted(session)`
    """The statements that a session sends."""

    def __init__(self, session: Session) -> None:
        self.engine, self.statements = session.get_bind(), []
        session.flush()

    def __enter__(self) -> list[str]:
        event.listen(self.engine, "before_cursor_execute", self._note)
        return self.statements

    def __exit__(self, *_: object) -> None:
        event.remove(self.engine, "before_cursor_execute", self._note)

    def _note(self, _connection, _cursor, statement, *_: object) -> None:
        self.statements.append(statement)


def claim_and_commit(engine):
    with Session(engine, info={"vault": VAULT}) as session:
        claimed = outbox.claim(session, Lane.UTILITY, now=NOON, limit=3)
        session.commit()
        return claimed
