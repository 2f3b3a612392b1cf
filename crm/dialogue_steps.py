"""How far talks come: counted each night from where they stood after each message."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from crm.kit.clock import at_lagos, lagos_day
from crm.kit.ids import uuid7_floor
from crm.models import Conversation, DialogueStep, Misheard

LEFT_ALONE = timedelta(hours=24)
"""Who has not written for so long has gone away from the question they were asked."""
COUNTED_AGAIN = 3
"""Days counted anew each night: the last of them may lack who comes back within a day."""
WINDOW = timedelta(days=30)
# The clock of a demo may be moved; an id carries the machine's time.
_SLACK = timedelta(days=8)

_COUNT = text("""
    with said as (
        select stood_at, status_at,
            (status_at at time zone 'Africa/Lagos')::date as day,
            lag(stood_at) over talk as came_from,
            lead(status_at) over talk as next_at
        from messages
        where direction = 'in' and stood_at is not null and not is_test and id >= :from_id
        window talk as (partition by conversation_id order by id)
    ), moves as (
        select stood_at as question, day, count(*) as entered, 0 as "left", 0 as abandoned
        from said where came_from is distinct from stood_at group by 1, 2
        union all
        select came_from, day, 0, count(*), 0
        from said where came_from <> stood_at group by 1, 2
        union all
        select stood_at, day, 0, 0, count(*)
        from said where coalesce(next_at, :now) - status_at > :alone group by 1, 2
    )
    insert into dialogue_steps (dialogue, state, day, entered, "left", abandoned)
    select split_part(question, '.', 1), split_part(question, '.', 2), day,
        sum(entered), sum("left"), sum(abandoned)
    from moves
    where question like '%.%' and day between :first and :last
    group by question, day
    on conflict (dialogue, state, day) do update
    set entered = excluded.entered, "left" = excluded."left", abandoned = excluded.abandoned
    returning 1
""")


@dataclass(frozen=True, slots=True)
class Count:
    """One question: who came to it, went on, stayed away; who stands there; what was misheard."""

    entered: int = 0
    left: int = 0
    abandoned: int = 0
    standing: int = 0
    misheard: int = 0

    @property
    def drop_off(self) -> float:
        """The share of those who came that went no further."""
        return self.abandoned / self.entered if self.entered else 0.0


def count(session: Session, *, now: datetime, days: int = COUNTED_AGAIN) -> int:
    """Count the last days that are over, afresh; returns how many rows were written."""
    last = lagos_day(now) - timedelta(days=1)
    first = last - timedelta(days=days - 1)
    begin = at_lagos(first) - LEFT_ALONE - _SLACK
    given = {"from_id": uuid7_floor(begin), "now": now, "alone": LEFT_ALONE}
    return len(session.execute(_COUNT, given | {"first": first, "last": last}).all())


def count_up(session: Session, *, now: datetime) -> Mapping[str, Count]:
    """The last thirty days by question, as "dialogue.state"."""
    since = now - WINDOW
    counted = _counted(session, lagos_day(since))
    standing, misheard = _standing(session), _misheard(session, since)
    return {
        question: Count(
            *counted.get(question, (0, 0, 0)), standing.get(question, 0), misheard.get(question, 0)
        )
        for question in {*counted, *standing, *misheard}
    }


def _counted(session: Session, since: date) -> dict[str, tuple[int, int, int]]:
    sums = [
        func.sum(column)
        for column in (DialogueStep.entered, DialogueStep.left, DialogueStep.abandoned)
    ]
    rows = session.execute(
        select(DialogueStep.dialogue, DialogueStep.state, *sums)
        .where(DialogueStep.day >= since)
        .group_by(DialogueStep.dialogue, DialogueStep.state)
    ).all()
    return {f"{row[0]}.{row[1]}": (int(row[2]), int(row[3]), int(row[4])) for row in rows}


def _standing(session: Session) -> dict[str, int]:
    rows = session.execute(
        select(Conversation.dialogue, Conversation.state, func.count())
        .where(Conversation.dialogue.is_not(None))
        .group_by(Conversation.dialogue, Conversation.state)
    )
    return {f"{dialogue}.{state}": number for dialogue, state, number in rows}


def _misheard(session: Session, since: datetime) -> dict[str, int]:
    rows = session.execute(
        select(Misheard.question, func.count())
        .where(Misheard.at >= since)
        .group_by(Misheard.question)
    )
    return dict(rows.all())
