"""Writing payouts down: rows, lines and the first event of many at once."""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, Table, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from crm.kit.clock import lagos_day
from crm.kit.ids import uuid7
from crm.kit.permissions import Actor
from crm.models import Payout, PayoutStatus
from crm.payouts import risks
from crm.payouts.compute import compute
from crm.payouts.gathering import Material
from crm.payouts.inputs import Figures, Inputs, fingerprint
from crm.payouts.refusals import CarriedMeanwhile

DUE_AFTER = timedelta(days=10)
"""A payout is due so long after the day it was drafted."""

FIGURES = (
    "gross_kobo",
    "share_kobo",
    "topup_kobo",
    "adjustments_kobo",
    "deductions_kobo",
    "wht_kobo",
    "carry_in_kobo",
    "carry_out_kobo",
    "net_kobo",
)
_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_LIVE_MONTH = text("kind = 'monthly' and status not in ('cancelled', 'rejected')")
_INSERT = (
    insert(cast("Table", Payout.__table__))
    .on_conflict_do_nothing(index_elements=["contract_id", "period_start"], index_where=_LIVE_MONTH)
    .returning(Payout.__table__.c.id)
)
_LINES = text("""
    insert into payout_lines (payout_id, ordinal, code, label, amount_kobo, base_kobo, bps)
    select * from unnest(
        cast(:payouts as uuid[]), cast(:ordinals as smallint[]), cast(:codes as text[]),
        cast(:labels as text[]), cast(:amounts as bigint[]), cast(:bases as bigint[]),
        cast(:bps as bigint[])
    )
""")
_EVENTS = text("""
    insert into payout_events (id, payout_id, status, actor_id, actor_name, reason, at)
    select n.id, n.payout_id, :status, :actor_id, :actor_name, :reason, :at
    from unnest(cast(:ids as uuid[]), cast(:payouts as uuid[])) as n (id, payout_id)
""")
_CARRY = text("""
    update owner_payouts p set carried_into_id = n.into_id
    from unnest(cast(:ids as uuid[]), cast(:intos as uuid[])) as n (id, into_id)
    where p.id = n.id and p.carried_into_id is null
""")


@dataclass(frozen=True, slots=True)
class Made:
    """A payout worked out and not yet written."""

    material: Material
    inputs: Inputs
    figures: Figures
    risks: tuple[risks.Risk, ...]
    id: UUID = field(default_factory=uuid7)

    @classmethod
    def of(cls, material: Material, *, now: datetime) -> "Made":
        """Work it out."""
        figures = compute(material.inputs)
        found = risks.of(
            figures,
            kind=material.inputs.kind,
            history=material.history,
            account=material.account,
            now=now,
        )
        return cls(material, material.inputs, figures, tuple(found))


def write(
    session: Session,
    made: Sequence[Made],
    *,
    by: Actor,
    now: datetime,
    status: PayoutStatus = PayoutStatus.DRAFT,
    **more: Any,
) -> set[UUID]:
    """Write payouts; four statements, however many. Returns the ids of those that were new.

    Those whose month somebody else has just drafted are left alone. Raises CarriedMeanwhile.
    """
    if not made:
        return set()
    about = {"created_by": by.id, "created_at": now, "updated_at": now, "status": status, **more}
    rows = [_row(each, now) | about for each in made]
    new = set(session.scalars(_INSERT, rows))
    written = [each for each in made if each.id in new]
    if written:
        session.execute(_LINES, _columns(written))
        note(session, [each.id for each in written], status, by=by, now=now)
        _note_carried(session, written)
    return new


def note(
    session: Session,
    payout_ids: Sequence[UUID],
    status: PayoutStatus,
    *,
    by: Actor,
    now: datetime,
    reason: str | None = None,
) -> None:
    """Write into the history what payouts have become."""
    session.execute(
        _EVENTS,
        {
            "ids": [uuid7() for _ in payout_ids],
            "payouts": list(payout_ids),
            "status": status.value,
            "actor_id": by.id,
            "actor_name": by.name,
            "reason": reason,
            "at": now,
        },
    )


def reference(period: date) -> str:
    """A payout's name for people and banks, such as PO2610-7KQ2M9XA."""
    code = "".join(secrets.choice(_LETTERS) for _ in range(8))
    return f"PO{period:%y%m}-{code}"


def _row(made: Made, now: datetime) -> dict[str, Any]:
    material, inputs, figures = made.material, made.inputs, made.figures
    snapshot = inputs.as_json()
    return {
        "id": made.id,
        "reference": reference(inputs.period_start),
        "owner_id": material.contract.owner_id,
        "contract_id": material.contract.id,
        "contract_version": inputs.contract_version,
        "hospital_id": material.contract.hospital_id,
        "kind": inputs.kind,
        "period_start": inputs.period_start,
        "period_end": inputs.period_end,
        **{name: getattr(figures, name) for name in FIGURES},
        "arrears": {each.code: each.amount_kobo for each in figures.arrears},
        "calc_snapshot": snapshot,
        "calc_hash": fingerprint(snapshot),
        "bank_account_id": material.account and material.account.id,
        "risk_flags": [risk.value for risk in made.risks],
        "due_on": lagos_day(now) + DUE_AFTER,
    }


def _columns(made: Sequence[Made]) -> dict[str, list[Any]]:
    lines = [(each.id, line) for each in made for line in each.figures.lines]
    return {
        "payouts": [id_ for id_, _ in lines],
        "ordinals": [line.ordinal for _, line in lines],
        "codes": [line.code for _, line in lines],
        "labels": [line.label for _, line in lines],
        "amounts": [line.amount_kobo for _, line in lines],
        "bases": [line.base_kobo for _, line in lines],
        "bps": [line.bps for _, line in lines],
    }


def _note_carried(session: Session, made: Sequence[Made]) -> None:
    """The rests these payouts began with are theirs now. Raises CarriedMeanwhile."""
    pairs = list(_carried(made))
    if pairs:
        ids, intos = zip(*pairs, strict=True)
        taken = session.execute(_CARRY, {"ids": list(ids), "intos": list(intos)})
        if cast("CursorResult[Any]", taken).rowcount < len(pairs):
            raise CarriedMeanwhile("What it begins with went into another payout. Draft it again.")


def _carried(made: Sequence[Made]) -> Iterator[tuple[UUID, UUID]]:
    for each in made:
        yield from ((id_, each.id) for id_ in each.material.carried_ids)
