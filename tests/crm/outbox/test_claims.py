"""Messages leave once, in their order, by one process each."""

from sqlalchemy.orm import Session

from bot.channels.carrier import Channel
from crm import outbox, suppressions
from crm.models import Lane, MessageStatus, Purpose, SuppressionReason
from crm.outbox import Outcome, Template
from tests.at_once import at_once
from tests.crm.outbox.taking import IN_THE_WINDOW, claim_and_commit, claim_one, counted, status
from tests.outbox import (
    NOON,
    VAULT,
    attempts,
    draft,
    later,
    message,
    say_yes,
    somebody,
    write,
)


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
