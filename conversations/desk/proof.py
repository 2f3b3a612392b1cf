"""Proof of who writes: a few tries, then a pause; once given it holds for the conversation."""

from datetime import timedelta

from conversations.desk import Desk, Outcome

TRIES = 3
KNOWN_FOR = timedelta(hours=12)
LOCK = timedelta(minutes=30)


def is_known(desk: Desk, whom: str) -> bool:
    """True when this proof was given in this conversation."""
    return bool(desk.talk.context.get(f"{whom}_until", "") > desk.now.isoformat())


def is_locked(desk: Desk, whom: str) -> bool:
    """True while nothing more may be tried."""
    return bool(desk.talk.context.get(f"{whom}_locked", "") > desk.now.isoformat())


def recognise(desk: Desk, whom: str) -> None:
    """The proof was right."""
    desk.talk.context[f"{whom}_until"] = (desk.now + KNOWN_FOR).isoformat()
    desk.talk.context.pop(f"{whom}_tries", None)


def wrong(desk: Desk, whom: str) -> Outcome:
    """It was wrong: how many tries are left, or none."""
    tries = desk.talk.context.get(f"{whom}_tries", 0) + 1
    if tries < TRIES:
        desk.talk.context[f"{whom}_tries"] = tries
        return "wrong", TRIES - tries
    desk.talk.context.pop(f"{whom}_tries", None)
    desk.talk.context[f"{whom}_locked"] = (desk.now + LOCK).isoformat()
    return "locked", None
