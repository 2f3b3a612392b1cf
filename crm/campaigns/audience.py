"""The audience of a campaign: everybody whom its filter finds, with the way to each, or why none.

One query serves the preview, which counts it, and the start, which writes it down.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    Select,
    Text,
    Uuid,
    bindparam,
    case,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session
from sqlalchemy.sql.selectable import LateralFromClause
from sqlalchemy.types import Boolean, DateTime

from crm import gate, owners, patients
from crm.campaigns.filters import compile_filter
from crm.gate import sets
from crm.kit.clock import lagos_day
from crm.kit.permissions import EVERYTHING, Scope
from crm.models import (
    Campaign,
    CampaignRecipient,
    Owner,
    Patient,
    PatientStatus,
    PersonKind,
    Purpose,
    RecipientState,
)

_OF_AGE = 18

# The first address on the plan's channels that the gate would let through, else the first of all.
_WAY = """
    select w.address_id, w.channel, w.reason from (
        select a.id as address_id, a.channel::text as channel, h.since, {reason} as reason
        from {holders} h
        join addresses a on a.id = h.address_id and a.channel = any(:channels)
        left join suppressions s on s.address_id = a.id and s.lifted_at is null
        {consents}
        where h.{person} = p.speaker
        offset 0  -- else the reason is worked out twice
    ) w
    order by w.reason is not null, array_position(cast(:channels as text[]), w.channel), w.since,
        w.address_id
    limit 1
"""


@dataclass(frozen=True, slots=True)
class Share:
    """So many people of the audience who are alike: reached this way, or excluded for a reason."""

    reason: str | None
    channel: str | None
    language: str
    people: int


def shares(session: Session, campaign: Campaign, *, now: datetime) -> list[Share]:
    """The audience as it is now, counted by reason, channel and language; writes nothing."""
    everybody = _everybody(campaign, now=now).subquery()
    reason, channel, language = everybody.c.reason, everybody.c.channel, everybody.c.language
    rows = session.execute(
        select(reason, channel, language, func.count()).group_by(reason, channel, language)
    )
    return [Share(*row) for row in rows]


def sample(session: Session, campaign: Campaign, *, now: datetime, size: int = 3) -> Sequence[Any]:
    """A few of those who would hear it: (person_id, channel, language)."""
    everybody = _everybody(campaign, now=now).subquery()
    query = select(everybody.c.person_id, everybody.c.channel, everybody.c.language)
    return session.execute(query.where(everybody.c.reason.is_(None)).limit(size)).all()


def freeze(session: Session, campaign: Campaign, *, now: datetime) -> Mapping[RecipientState, int]:
    """Write the audience down in one statement; returns how many are planned and excluded."""
    everybody = _everybody(campaign, now=now).subquery()
    reason = everybody.c.reason
    rows = select(
        literal(campaign.id, Uuid()),
        literal(campaign.audience.value, Text()),
        everybody.c.person_id,
        everybody.c.address_id,
        everybody.c.channel,
        everybody.c.language,
        case((reason.is_(None), "planned"), else_="excluded"),
        reason,
        literal(now, DateTime(timezone=True)),
    )
    names = (
        "campaign_id", "person_kind", "person_id", "address_id", "channel", "language",
        "state", "reason", "updated_at",
    )  # fmt: skip
    session.execute(insert(CampaignRecipient).from_select(names, rows, include_defaults=False))
    counted = session.execute(
        select(CampaignRecipient.state, func.count())
        .where(CampaignRecipient.campaign_id == campaign.id)
        .group_by(CampaignRecipient.state)
    )
    return dict(counted.all())


def owners_matching(
    session: Session, given: Mapping[str, Any], *, scope: Scope, now: datetime, limit: int
) -> list[UUID]:
    """The owners in scope whom a filter finds, so many at most. Raises Invalid, UnknownField."""
    condition = compile_filter(given, PersonKind.OWNER, now=now)
    query = select(Owner.id).where(owners.visible(scope), condition)
    return list(session.scalars(query.order_by(Owner.id).limit(limit)))


def scope_of(campaign: Campaign) -> Scope:
    """Whose people a campaign may speak to: its hospital's, or the group's."""
    if campaign.hospital_id is None:
        return EVERYTHING
    return Scope(frozenset({campaign.hospital_id}))


def _everybody(campaign: Campaign, *, now: datetime) -> Select[Any]:
    is_patients = campaign.audience is PersonKind.PATIENT
    people = _patients(campaign, now) if is_patients else _owners(campaign, now)
    way = _way(campaign, now=now, is_patients=is_patients)
    gone = case((people.c.status.in_(("erased", "deceased")), people.c.status))
    nowhere = case((way.c.address_id.is_(None), "no_address"))
    return select(
        people.c.id.label("person_id"),
        people.c.language,
        way.c.address_id,
        way.c.channel,
        func.coalesce(way.c.reason, gone, nowhere).label("reason"),
    ).select_from(people.outerjoin(way, true()))


def _patients(campaign: Campaign, now: datetime) -> CTE:
    """A minor is spoken to through the guardian."""
    is_minor = or_(Patient.birth_year.is_(None), Patient.birth_year > lagos_day(now).year - _OF_AGE)
    has_guardian = Patient.guardian_id.is_not(None) & is_minor
    return (
        select(
            Patient.id,
            Patient.language,
            Patient.status.cast(Text).label("status"),
            case((has_guardian, Patient.guardian_id), else_=Patient.id).label("speaker"),
        )
        .where(Patient.status != PatientStatus.MERGED, patients.visible(scope_of(campaign)))
        .where(compile_filter(campaign.filter, campaign.audience, now=now))
        .cte("p")
    )


def _owners(campaign: Campaign, now: datetime) -> CTE:
    return (
        select(
            Owner.id,
            Owner.language,
            Owner.status.cast(Text).label("status"),
            Owner.id.label("speaker"),
        )
        .where(owners.visible(scope_of(campaign)))
        .where(compile_filter(campaign.filter, campaign.audience, now=now))
        .cte("p")
    )


def _way(campaign: Campaign, *, now: datetime, is_patients: bool) -> LateralFromClause:
    person = "patient_id" if is_patients else "owner_id"
    is_marketing = campaign.purpose is Purpose.MARKETING
    query = _WAY.format(
        holders="address_holders" if is_patients else "owner_addresses",
        person=person,
        reason=sets.REASON.format(status="p.status", marketing=sets.heard_enough(person)),
        consents=sets.CONSENTS,
    )
    bound = text(query).bindparams(
        bindparam("channels", list(campaign.channels), ARRAY(Text())),
        bindparam("purpose", campaign.purpose.value, Text()),
        bindparam("basis", not is_marketing, Boolean()),
        bindparam("is_owner", not is_patients, Boolean()),
        bindparam("is_marketing", is_marketing, Boolean()),
        bindparam("now", now, DateTime(timezone=True)),
        bindparam("oldest", gate.reach(), Uuid()),
    )
    return bound.columns(address_id=Uuid(), channel=Text(), reason=Text()).lateral("way")
