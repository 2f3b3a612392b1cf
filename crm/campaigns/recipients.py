"""Moving recipients from state to state, set-wise, and the campaign's counters with them.

The campaign's row is locked by the caller, so no count is lost.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, TextClause, func, select, text, update
from sqlalchemy.orm import Session

from crm.models import Campaign, CampaignRecipient, RecipientState

Moves = Counter[tuple[RecipientState, RecipientState]]


@dataclass(frozen=True, slots=True)
class Move:
    """Where one recipient goes from the plan."""

    id: int
    state: RecipientState
    reason: str | None = None
    message_id: UUID | None = None


_PLANNED = text("""
    select id, person_id, address_id, channel, language from campaign_recipients
    where campaign_id = :campaign and state = 'planned'
    order by id limit :limit
    for no key update skip locked
""")

_MOVE = text("""
    update campaign_recipients r set
        state = m.state, reason = m.reason, message_id = m.message_id, attempts = r.attempts + 1,
        updated_at = :now
    from json_to_recordset(cast(:moves as json)) as m(
        id bigint, state text, reason text, message_id uuid
    )
    where r.id = m.id
""")

# A worker that has a message keeps it: the row is looked at again when it lets go.
_WITHDRAW = text("""
    with stopped as (
        update messages m set status = 'cancelled', reason = :reason, status_at = :now
        from campaign_recipients r
        where r.campaign_id = :campaign and r.state = 'queued' and m.id = r.message_id
            and m.status = 'queued'
        returning r.id
    )
    update campaign_recipients r set
        state = cast(:state as text), updated_at = :now, reason = null,
        message_id = case when cast(:state as text) = 'planned' then null else r.message_id end
    from stopped where r.id = stopped.id
    returning 'queued' as was, r.state as is
""")

_CANCEL_PLANNED = text("""
    update campaign_recipients set state = 'cancelled', updated_at = :now
    where campaign_id = :campaign and state = 'planned'
    returning 'planned' as was, state as is
""")

_PLAN_AGAIN = text("""
    update campaign_recipients set
        state = 'planned', reason = null, message_id = null, updated_at = :now
    where campaign_id = :campaign and state = 'failed_temporary'
    returning 'failed_temporary' as was, state as is
""")


def claim(session: Session, campaign: Campaign, *, limit: int) -> Sequence[Row[Any]]:
    """The next recipients in the plan, locked."""
    return session.execute(_PLANNED, {"campaign": campaign.id, "limit": limit}).all()


def move(session: Session, campaign: Campaign, moves: Sequence[Move], *, now: datetime) -> None:
    """Take these recipients out of the plan."""
    records = [
        {
            "id": each.id,
            "state": each.state,
            "reason": each.reason,
            "message_id": each.message_id and str(each.message_id),
        }
        for each in moves
    ]
    session.execute(_MOVE, {"moves": json.dumps(records), "now": now})
    tally(session, campaign.id, Counter((RecipientState.PLANNED, each.state) for each in moves))


def withdraw(session: Session, campaign: Campaign, *, to: RecipientState, now: datetime) -> int:
    """Cancel the messages that still wait in the outbox; their recipients go to this state."""
    reason = f"the campaign was {campaign.status}"
    return _run(session, campaign, _WITHDRAW, now, state=to.value, reason=reason)


def cancel_planned(session: Session, campaign: Campaign, *, now: datetime) -> int:
    """Nobody else hears it."""
    return _run(session, campaign, _CANCEL_PLANNED, now)


def plan_again(session: Session, campaign: Campaign, *, now: datetime) -> int:
    """Those whose failure may pass are planned once more."""
    return _run(session, campaign, _PLAN_AGAIN, now)


def tally(session: Session, campaign_id: UUID, moves: Moves) -> None:
    """Move the counters as recipients have moved."""
    change: Counter[RecipientState] = Counter()
    for (was, is_), number in moves.items():
        change[was] -= number
        change[is_] += number
    changed = {state: number for state, number in change.items() if number}
    if changed:
        columns = {
            state.value: getattr(Campaign, state.value) + number
            for state, number in changed.items()
        }
        session.execute(
            update(Campaign)
            .where(Campaign.id == campaign_id)
            .values(columns)
            .execution_options(synchronize_session=False)
        )
        _forget(session, campaign_id)


def counted(session: Session, campaign_id: UUID) -> dict[RecipientState, int]:
    """How many recipients really are in each state: what the counters must say."""
    rows = session.execute(
        select(CampaignRecipient.state, func.count())
        .where(CampaignRecipient.campaign_id == campaign_id)
        .group_by(CampaignRecipient.state)
    )
    found = dict(rows.all())
    return {state: found.get(state, 0) for state in RecipientState}


def moves_of(rows: Iterable[Row[Any]]) -> Moves:
    """Rows of (was, is), counted."""
    return Counter((RecipientState(row.was), RecipientState(getattr(row, "is"))) for row in rows)


def _run(
    session: Session, campaign: Campaign, statement: TextClause, now: datetime, **more: object
) -> int:
    values = {"campaign": campaign.id, "now": now, **more}
    moves = moves_of(session.execute(statement, values).all())
    tally(session, campaign.id, moves)
    return moves.total()


def _forget(session: Session, campaign_id: UUID) -> None:
    """The session's copy is old now; it is read again when asked."""
    known = session.identity_map.get(session.identity_key(Campaign, campaign_id))
    if known is not None:
        session.expire(known, [state.value for state in RecipientState])
