"""Things that happen at the same moment, with real threads and, in a race, real connections."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, wait
from contextlib import ExitStack, suppress
from functools import partial
from random import Random, randrange
from threading import Barrier, Thread
from typing import Any

from sqlalchemy.orm import Session, sessionmaker

from crm.kit.errors import DomainError
from tests.patience import PATIENCE_S

# As many processes of tests as there are race side by side on one server: see its max_connections.
_MOST_IN_A_RACE = 64


def at_once(acts: Sequence[Callable[[], Any]], *, within_s: float = PATIENCE_S) -> list[Any]:
    """What each act returned, in their order; what one raised is raised when all have ended."""
    start = Barrier(len(acts))
    ends: list[Future[Any]] = [Future() for _ in acts]
    for act, end in zip(acts, ends, strict=True):
        Thread(target=_run, args=(start, act, end), daemon=True).start()
    late = wait(ends, within_s).not_done
    assert not late, f"{len(late)} of {len(acts)} have not ended within {within_s} s"
    return [end.result() for end in ends]


def race(crowd: sessionmaker[Session], acts: Sequence[Callable[[Session], Any]]) -> list[Any]:
    """What each act came to: what it returned, which is committed, or the rule that said no."""
    assert len(acts) <= _MOST_IN_A_RACE, "the server has no room for so many connections"
    with ExitStack() as open_until_the_end:
        sessions = [open_until_the_end.enter_context(crowd()) for _ in acts]
        for session in sessions:
            session.connection()
        return at_once(
            [partial(_try, act, session) for act, session in zip(acts, sessions, strict=True)]
        )


def storm(
    crowd: sessionmaker[Session], turn: Callable[[Session, Random], Any], *, turns: int
) -> list[Callable[[], None]]:
    """Eight who each take so many turns as chance has it; what a rule refuses is taken back."""
    seed = randrange(10**6)
    print(f"the seed of this storm is {seed}")  # noqa: T201 -- shown when a test fails
    return [partial(_live, crowd, turn, turns, Random(seed + hand)) for hand in range(8)]


def kinds(outcomes: Iterable[object]) -> Counter[str]:
    """How many of each kind, by the names of their classes."""
    return Counter(type(outcome).__name__ for outcome in outcomes)


def _run(start: Barrier, act: Callable[[], Any], end: Future[Any]) -> None:
    try:
        start.wait()
        end.set_result(act())
    except BaseException as error:  # noqa: BLE001 -- the one who waits raises it
        end.set_exception(error)


def _try(act: Callable[[Session], Any], session: Session) -> Any:
    try:
        outcome = act(session)
    except DomainError as refusal:
        outcome = refusal
    session.commit()
    return outcome


def _live(
    crowd: sessionmaker[Session], turn: Callable[[Session, Random], Any], turns: int, chance: Random
) -> None:
    for _ in range(turns):
        with suppress(DomainError), crowd.begin() as session:
            turn(session, chance)
