"""A few thousand random movements by eight hands at once, and then every rule of the ledger."""

from collections import Counter
from functools import partial

from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker

from crm import loyalty
from tests.at_once import at_once
from tests.bench.ledger_load import Load, furnish
from tests.databases import sqlalchemy_url

HANDS, EACH = 8, 250


def test_after_thousands_of_movements_at_once_the_books_add_up(database_url, vault, now):
    crowd = create_engine(sqlalchemy_url(database_url), pool_size=HANDS)
    sessions = sessionmaker(crowd, expire_on_commit=False, info={"vault": vault})
    with sessions.begin() as session:
        world = furnish(session, members=40, now=now)

    hands = [Load(sessions, world, seed) for seed in range(HANDS)]
    done = sum(at_once([partial(hand.move, EACH) for hand in hands], within_s=300), Counter())

    with sessions() as session:
        assert loyalty.invariants.check(session) == dict.fromkeys(loyalty.invariants.RULES, 0)
    crowd.dispose()
    assert not [came for came in done if came.endswith(("DeadlockDetected", "OperationalError"))]
    for act in ("award", "redeem", "reverse", "give_back", "use", "decide", "midnight", "load"):
        assert done[f"{act}: done"], f"{act} never came to anything: {done}"
