"""What the gate must know, read by one query that the outbox's own queries share."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from bot.channels.carrier import Channel
from crm.gate.rules import Facts
from crm.kit.ids import uuid7_floor
from crm.models import OwnerStatus, PatientStatus, Purpose, SuppressionReason

_REACH = timedelta(days=62)


class Asked(NamedTuple):
    """One question to the gate: an address, and the person it is used for."""

    address_id: UUID | None
    patient_id: UUID | None = None
    owner_id: UUID | None = None
    purpose: Purpose | None = None


# What counts against the frequency cap: all that went, and what was asked for before this one.
_MARKETING = """array(
    select n.due_at from messages n
    where n.{person} = m.{person} and n.id >= :oldest and n.purpose = 'marketing'
        and n.direction = 'out' and not n.is_test and n.id is distinct from m.id
        and (n.status in ('sending', 'unknown', 'accepted', 'sent', 'delivered', 'read')
            or (n.status = 'queued' and (m.id is null or n.id < m.id)))
    order by n.id desc limit 8
)"""
# For a query whose messages are called `m` (id, address_id, patient_id, owner_id, purpose), with
# `reach()` as :oldest.
COLUMNS = f"""
    a.channel as channel, p.status as patient_status, p.quiet_start, p.quiet_end,
    ow.status as owner_status, s.reason as suppressed, c.heard_at,
    array(
        select case when w.is_granted then '+' else '-' end || w.purpose
        from consents w
        where w.address_id = m.address_id and (
            w.patient_id is null or w.patient_id = m.patient_id
            or (m.patient_id is null and m.owner_id is null)
        )
        order by w.id
    ) as consents,
    case
        when m.purpose is distinct from 'marketing' then null
        when m.patient_id is not null then {_MARKETING.format(person="patient_id")}
        when m.owner_id is not null then {_MARKETING.format(person="owner_id")}
    end as marketing
"""  # noqa: S608 -- the pieces are our own
JOINS = """
    left join addresses a on a.id = m.address_id
    left join patient_profiles p on p.id = m.patient_id
    left join owners ow on ow.id = m.owner_id
    left join suppressions s on s.address_id = m.address_id and s.lifted_at is null
    left join conversations c on c.address_id = m.address_id
"""
_LOAD = text(
    f"select {COLUMNS} "  # noqa: S608 -- the pieces are our own
    "from (select cast(null as uuid) as id, q.* from unnest(cast(:addresses as uuid[]), "
    "cast(:patients as uuid[]), cast(:owners as uuid[]), cast(:purposes as text[])) "
    "with ordinality as q(address_id, patient_id, owner_id, purpose, position)) m "
    f"{JOINS} order by m.position"
)


def reach() -> UUID:
    """The bound that keeps old partitions out of every plan: ids carry the machine's time."""
    return uuid7_floor(datetime.now(UTC) - _REACH)


def load(session: Session, wanted: Sequence[tuple[Any, ...]]) -> list[Facts]:
    """The facts of each question, in the same order, by one query.

    A question is `Asked`, or its first fields: (address, patient) is enough where purpose is not
    marketing.
    """
    asked = [Asked(*each) for each in wanted]
    values = {
        "addresses": [each.address_id for each in asked],
        "patients": [each.patient_id for each in asked],
        "owners": [each.owner_id for each in asked],
        "purposes": [each.purpose for each in asked],
        "oldest": reach(),
    }
    return [facts_of(row) for row in session.execute(_LOAD, values)]


def facts_of(row: Row[Any]) -> Facts:
    """The facts in a row that was read by `COLUMNS` and `JOINS`."""
    return Facts(
        channel=row.channel and Channel(row.channel),
        patient_status=row.patient_status and PatientStatus(row.patient_status),
        suppressed=row.suppressed and SuppressionReason(row.suppressed),
        consents=row.consents,
        heard_at=row.heard_at,
        owner_status=row.owner_status and OwnerStatus(row.owner_status),
        quiet=(row.quiet_start, row.quiet_end) if row.quiet_start else None,
        marketing=row.marketing or (),
    )
