"""How much we keep about a person, in numbers: what they are told before they ask for all of it."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm.privacy.places import places

_TOLD = (
    "address_holders",
    "appointments",
    "insurance_policies",
    "loyalty_transactions",
    "messages",
    "patient_feedback",
    "payments",
)


def kept(session: Session, patient_id: UUID) -> Mapping[str, int]:
    """How many rows there are of each kind that a person would name, by table. One query."""
    known = places()
    counts = [
        select(func.count())
        .select_from(known[name].table)
        .where(known[name].is_theirs)
        .scalar_subquery()
        .label(name)
        for name in _TOLD
    ]
    row = session.execute(select(*counts), {"patient_ids": [patient_id]}).one()
    return dict(row._mapping)  # noqa: SLF001 -- the public name of a row's mapping
