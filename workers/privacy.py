"""Privacy by the clock: words grown old, deadlines; and the change of the key, by hand."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from datetime import timedelta
from uuid import UUID

import structlog

from bot.wiring import Wiring
from crm import privacy, reencryption, retention
from crm.reencryption import BATCH, SealedColumn
from workers.runtime import job

log = structlog.get_logger()

_MOST_ROUNDS = 200


@job
def forget_words(wiring: Wiring) -> dict[str, int]:
    """Forget what has been kept long enough, a batch at a time."""
    settings = wiring.settings
    kept = retention.Kept(
        message_bodies=timedelta(days=settings.keep_message_bodies_days),
        feedback_texts=timedelta(days=settings.keep_feedback_texts_days),
        talks=timedelta(days=settings.keep_talks_days),
    )
    counts: Counter[str] = Counter()
    for _ in range(_MOST_ROUNDS):
        with wiring.transaction() as session:
            done = retention.forget_words(session, kept, now=wiring.now())
        counts.update(done)
        if not any(done.values()):
            break
    return dict(counts)


@job
def watch_deadlines(wiring: Wiring) -> dict[str, int]:
    """Say in the log when a request of a person, or the report of a breach, is due."""
    with wiring.sessions() as session:
        counts = privacy.due(session, now=wiring.now())
    if any(counts.values()):
        log.warning("privacy.due", **counts)
    return counts


Watch = Callable[[Collection[SealedColumn]], Iterable[SealedColumn]]


def reseal_all(
    wiring: Wiring, watch: Watch = iter, *, limit: int = BATCH
) -> tuple[int, dict[str, int]]:
    """Seal every value with the first key; returns how many, and those no key opens, by column.

    One short transaction a batch of at most `limit` values: killed, it goes on where it was when
    it is run again. `watch` is shown one step for each batch.
    """
    cursors: dict[str, UUID | None] = {}
    sealed, unreadable = 0, Counter[str]()
    for place in watch(_steps(wiring, limit)):
        with wiring.transaction() as session:
            last = cursors.get(place.where)
            batch = reencryption.reseal(session, place, after=last, limit=limit)
        cursors[place.where] = batch.last
        sealed += batch.sealed
        unreadable[place.where] += batch.unreadable
    return sealed, {where: count for where, count in unreadable.items() if count}


def _steps(wiring: Wiring, limit: int) -> list[SealedColumn]:
    """Each column as often as it takes."""
    with wiring.sessions() as session:
        due = [(place, reencryption.count_due(session, place)) for place in reencryption.register()]
    return [place for place, count in due for _ in range(-(-count // limit))]
