"""Whom a message is for, what it may say of them, and where they are reached, best first."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import TextClause, select, text
from sqlalchemy.orm import Session

from bot.channels.carrier import Channel
from crm import owners, patients
from crm.communications.wishes import To
from crm.kit.permissions import Scope
from crm.models import Hospital, Owner, Patient, PatientStatus, PersonKind

GROUP = "GrandPro"


@dataclass(frozen=True, slots=True)
class Way:
    """An address that reaches somebody, and the talk that goes on there."""

    address_id: UUID
    channel: Channel
    conversation_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """One of our people, or nobody we know behind a bare address."""

    to: To
    language: str = "en"
    values: Mapping[str, str] = field(default_factory=dict)
    """What a template may say of them without being told."""
    ways: Sequence[Way] = ()

    @property
    def patient_id(self) -> UUID | None:
        """Their id, when they are a patient."""
        return self.to.id if self.to.kind is PersonKind.PATIENT else None

    @property
    def owner_id(self) -> UUID | None:
        """Their id, when they are an owner."""
        return self.to.id if self.to.kind is PersonKind.OWNER else None


# `speaker` is who answers for the patient: the patient, or a minor's guardian first. A minor's own
# phone is not written to, the family's is.
_WAYS_OF_PATIENTS = text("""
    select k.patient_id as person_id, a.id, a.channel, c.id as conversation_id
    from unnest(cast(:patients as uuid[]), cast(:speakers as uuid[]), cast(:minors as bool[]))
        as k(patient_id, speaker, is_minor)
    join patient_profiles p on p.id = k.speaker
    join address_holders h on h.patient_id = k.speaker
        and (h.role = 'family' or not (k.is_minor and k.speaker = k.patient_id))
    join addresses a on a.id = h.address_id
    left join suppressions s on s.address_id = a.id and s.lifted_at is null
    left join conversations c on c.address_id = a.id
    order by s.id is not null, k.speaker = k.patient_id,
        coalesce(a.channel = p.preferred_channel, false) desc, c.heard_at desc nulls last,
        array_position(array['whatsapp', 'sms', 'email'], a.channel::text), h.since desc
""")
_WAYS_OF_OWNERS = text("""
    select o.id as person_id, a.id, a.channel, c.id as conversation_id
    from owners o
    join owner_addresses h on h.owner_id = o.id
    join addresses a on a.id = h.address_id
    left join suppressions s on s.address_id = a.id and s.lifted_at is null
    left join conversations c on c.address_id = a.id
    where o.id = any(:owners)
    order by s.id is not null, a.channel = o.preferred_channel desc, c.heard_at desc nulls last,
        h.since
""")


def people_of(
    session: Session, wanted: Iterable[To], *, scope: Scope, now: datetime
) -> dict[To, Person]:
    """Those of our people who are in scope, with their ways: four statements, however many."""
    ids = {kind: {to.id for to in wanted if to.kind is kind and to.id} for kind in PersonKind}
    found = _patients(session, ids[PersonKind.PATIENT], scope=scope, now=now)
    return found | _owners(session, ids[PersonKind.OWNER], scope=scope)


def _patients(session: Session, ids: set[UUID], *, scope: Scope, now: datetime) -> dict[To, Person]:
    if not ids:
        return {}
    rows = session.execute(
        select(Patient, Hospital.name, Hospital.phone)
        .outerjoin(Hospital, Hospital.id == Patient.home_hospital_id)
        .where(Patient.id.in_(ids), Patient.status != PatientStatus.MERGED)
        .where(patients.visible(scope))
    ).all()
    ways = _ways_of_patients(session, [row[0] for row in rows], now)
    return {
        To.patient(patient.id): Person(
            To.patient(patient.id),
            patient.language,
            {
                "first_name": patient.first_name,
                "name": patient.full_name,
                "hospital": place or GROUP,
                "hospital_phone": phone or "",
            },
            ways.get(patient.id, ()),
        )
        for patient, place, phone in rows
    }


def _ways_of_patients(
    session: Session, found: Sequence[Patient], now: datetime
) -> dict[UUID, list[Way]]:
    asked: list[tuple[UUID, UUID, bool]] = []
    for patient in found:
        is_minor = patient.guardian_id is not None and patients.is_minor(
            patients.born_on(session, patient), now=now
        )
        asked.append((patient.id, patient.id, is_minor))
        if is_minor and patient.guardian_id is not None:
            asked.append((patient.id, patient.guardian_id, True))
    ids, speakers, minors = zip(*asked, strict=True) if asked else ((), (), ())
    values = {"patients": list(ids), "speakers": list(speakers), "minors": list(minors)}
    return _gathered(session, _WAYS_OF_PATIENTS, values)


def _owners(session: Session, ids: set[UUID], *, scope: Scope) -> dict[To, Person]:
    if not ids:
        return {}
    rows = session.execute(
        select(Owner, Hospital.name, Hospital.phone)
        .outerjoin(Hospital, Hospital.id == Owner.hospital_id)
        .where(Owner.id.in_(ids), owners.visible(scope))
    ).all()
    ways = _gathered(session, _WAYS_OF_OWNERS, {"owners": [row[0].id for row in rows]})
    return {
        To.owner(owner.id): Person(
            To.owner(owner.id),
            owner.language,
            {
                "first_name": owner.name,
                "name": owner.name,
                "hospital": place or GROUP,
                "hospital_phone": phone or "",
            },
            ways.get(owner.id, ()),
        )
        for owner, place, phone in rows
    }


def _gathered(
    session: Session, query: TextClause, values: Mapping[str, object]
) -> dict[UUID, list[Way]]:
    ways: dict[UUID, list[Way]] = {}
    for row in session.execute(query, values):
        way = Way(row.id, Channel(row.channel), row.conversation_id)
        ways.setdefault(row.person_id, []).append(way)
    return ways
