"""What each kind of turn may ask of the database: more is a decision, not an accident."""

from werkzeug.datastructures import MultiDict

from conversations.engine import House, take_turn
from tests.bench import talks
from tests.bench.statements import counting
from webhooks.twilio import read

# To lock the talk, and to write down what was heard, the talk and the reply; then what the turn
# is about. The directory of hospitals has been read before.
ASKED = {
    "first word": 5,
    "language": 2,
    "consent": 2,
    "name": 2,
    "birth date": 2,
    "state": 2,
    "hospital": 3,
    "register": 7,
    "book": 3,
    "service": 2,
    "with whom": 4,
    "not understood": 3,
    "time, held": 6,
    "booked": 6,
    "appointments": 4,
    "directions": 2,
    "menu": 2,
}


def test_a_turn_asks_no_more_than_this(stack):
    wiring = stack.wiring
    with wiring.transaction() as session:
        wishes = talks.wishes(session, now=wiring.now())
    choosy = next(wish for wish in wishes if wish.has_choice)
    plain = next(wish for wish in wishes if not wish.has_choice)
    _walk(wiring, "+2348200000000", plain)
    assert _walk(wiring, "+2348200000001", choosy) == ASKED


def _walk(wiring, number, wish):
    seen = {}
    for turn in talks.talk(number, wish, on_whatsapp=True):
        with counting(wiring.engine) as asked, wiring.transaction() as session:
            take_turn(session, read(MultiDict(turn.form)), House.of(wiring), now=wiring.now())
        seen[turn.kind] = asked["statements"]
    return seen
