"""How far talks come, counted at night from where they stood."""

from datetime import timedelta

from sqlalchemy import delete, select

from conversations import flows
from crm import dialogue_steps
from crm.models import DialogueStep, Message
from tests.people import ADA, MUSA

DAY = timedelta(days=1)


def test_who_came_who_went_on_and_who_stayed_away_are_counted_once(stack):
    stack.register(ADA, "Ada Obi")
    stack.say(ADA, "menu")
    stack.say(ADA, "book")
    stack.say(ADA, "qqq")
    stack.say(MUSA, "hello")
    stack.clock.move(2 * DAY)
    with stack.wiring.transaction() as session:
        written = dialogue_steps.count(session, now=stack.wiring.now())
        assert written == dialogue_steps.count(session, now=stack.wiring.now())
        steps = {
            f"{row.dialogue}.{row.state}": (row.entered, row.left, row.abandoned)
            for row in session.scalars(select(DialogueStep))
        }
    assert steps["menu.ask"] == (1, 1, 0)
    assert steps["booking.ask_service"] == (1, 0, 1)
    assert steps["registration.ask_language"] == (1, 0, 1)


def test_the_counts_name_where_people_stand_now_and_what_was_misheard(stack):
    stack.register(ADA, "Ada Obi")
    stack.say(ADA, "book")
    stack.say(ADA, "qqq")
    stack.clock.move(2 * DAY)
    with stack.wiring.transaction() as session:
        dialogue_steps.count(session, now=stack.wiring.now())
        counts = dialogue_steps.count_up(session, now=stack.wiring.now())
    asked = counts["booking.ask_service"]
    assert (asked.entered, asked.abandoned, asked.standing, asked.misheard) == (1, 1, 1, 1)
    assert asked.drop_off == 1.0
    found = flows.Wanted("booking", counts)
    assert "booking.ask_service" in found.table()
    assert "1 came, 1 stopped here" in found.drawn("svg")["booking"]
    assert "1 came, 1 stopped" in found.drawn("mermaid")["booking"]


def test_a_service_without_talks_has_nothing_to_count(session, now):
    session.execute(delete(Message))
    assert dialogue_steps.count(session, now=now) == 0
    assert "Nobody has been counted yet" in flows.Wanted(None, {}).table()
