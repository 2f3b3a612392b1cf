"""The demo's people have talked: the desk has conversations, and each can be played again."""

from sqlalchemy import func, select

from bot.sandbox.people import FIRST
from conversations import demo as talks
from conversations import replay
from conversations.engine import House
from crm import addresses, demo
from crm.models import Address, Answering, Conversation, Direction, Message, MessageStatus


def test_the_demos_talks_are_said_again_word_for_word_and_nothing_waits_to_be_sent(stack):
    """Takes its time: it fills the demo."""
    wiring, house = stack.wiring, House.of(stack.wiring)
    with wiring.transaction() as session:
        assert demo.fill(session, now=wiring.now(), passwords=wiring.passwords)
        said = talks.play(session, house, now=wiring.now())
    with wiring.sessions() as session:
        heard = select(Message.conversation_id, Message.status_at)
        rows = session.execute(heard.where(Message.direction == Direction.IN)).all()
        turns = {id_: replay.replay(session, id_, house) for id_ in {row[0] for row in rows}}
        waiting = session.scalars(
            select(Conversation.waiting_reason).where(Conversation.answering == Answering.WAITING)
        ).all()
        due = select(func.count()).where(
            Message.status == MessageStatus.QUEUED, Message.due_at <= wiring.now()
        )
        assert session.scalar(due) == 0
        talked = session.scalars(select(Address).join(Conversation)).all()
        numbers = {addresses.value_of(session, address) for address in talked}
        session.rollback()
    assert len(rows) == said > 35
    assert numbers.isdisjoint(number for _, _, number, _ in FIRST)  # the phones of visitors
    assert len(turns) == len(talks.OF_PATIENTS) + len(talks.OF_OWNERS)
    assert [turn for each in turns.values() for turn in each if turn.differs] == []
    assert sorted(waiting) == ["asked", "distress"]
    assert all(heard_at < wiring.now() for _, heard_at in rows)
    stack.work()
    assert stack.sandbox.messages_to() == []
