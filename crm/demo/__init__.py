"""The demo's life: people, visits, opinions, points, owners, money and news of two years.

The hospitals come from `crm.seed`; this fills them. Everything is loaded set-wise, at times in the
past, and the same seed on the same day tells the same story.
"""

import gc
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.demo import estate, money, news, opinions, people, points, staff, takings, visits
from crm.demo.house import House
from crm.demo.staff import DOMAIN, GROUP, PASSWORD, address
from crm.kit.passwords import Passwords
from crm.models import Patient

__all__ = ["DOMAIN", "GROUP", "PARTS", "PASSWORD", "address", "addresses", "fill"]

PARTS = ("staff", "patients", "visits", "opinions", "points", "owners", "payouts", "messages")

Watch = Callable[[Collection[str]], Iterable[str]]


def fill(
    session: Session,
    *,
    now: datetime,
    passwords: Passwords,
    seed: int = 1,
    watch: Watch = iter,
) -> bool:
    """Fill the seeded hospitals; False, and nothing done, where there are patients already.

    `watch` goes round the parts and may show how far we are. Flushes; the caller commits.
    """
    if session.scalar(select(Patient.id).limit(1)) is not None:
        return False
    house = House.read(session, now=now, seed=seed, passwords=passwords)
    story = _story(house)
    with _nothing_thrown_away():
        for _ in watch(PARTS):
            next(story)
        session.flush()
    return True


def addresses() -> list[str]:
    """The names before the @ of those who work for the whole group."""
    return [before for before, _ in GROUP.values()]


@contextmanager
def _nothing_thrown_away() -> Iterator[None]:
    """All these rows are kept to the end: looking for garbage takes an eighth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _story(house: House) -> Iterator[str]:
    """Each part in the order in which one needs the other."""
    staff.hire(house)
    yield "staff"
    patients = people.settle_in(house)
    yield "patients"
    kept = visits.keep(house, patients)
    yield "visits"
    said = opinions.gather(house, kept)
    yield "opinions"
    points.collect(house, patients, kept, said)
    yield "points"
    owned = estate.build(house)
    takings.write(house, owned)
    opinions.ask_owners(house, owned)
    yield "owners"
    money.pay(house, owned)
    yield "payouts"
    news.tell(house, patients, kept)
    yield "messages"
