"""Practitioners: who sees patients, and for what."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from crm import practitioners
from crm.api.kit import Body, Data, Door, Out, Page, Query, call, expected_version, needs
from crm.api.kit.changes import given
from crm.api.kit.fields import Name, Title, Version
from crm.kit.permissions import Permission
from crm.models import Practitioner, Service

door = Door("practitioners", __name__)

Offered = Annotated[list[UUID], Field(max_length=50)]


class PractitionerQuery(Query):
    """Which practitioners."""

    hospital_id: UUID | None = None
    service_id: UUID | None = None
    q: Title | None = None
    is_active: bool | None = None


class PractitionerBody(Body):
    """Somebody who begins to work at a hospital."""

    hospital_id: UUID
    name: Name
    service_ids: Offered = Field(default_factory=list)


class PractitionerChange(Body):
    """What may change; a field left out stays. `service_ids` is all they offer."""

    version: Version | None = None
    name: Name | None = None
    service_ids: Offered | None = None
    is_active: bool | None = None


class OfferedOut(Out):
    """A service somebody offers."""

    id: UUID
    name: str


class PractitionerOut(Out):
    """A doctor, nurse or therapist with what they offer."""

    id: UUID
    hospital_id: UUID
    name: str
    is_active: bool
    services: list[OfferedOut]
    version: int

    @classmethod
    def of(cls, who: Practitioner, offered: list[Service]) -> "PractitionerOut":
        """The practitioner with the services given."""
        return cls(
            id=who.id,
            hospital_id=who.hospital_id,
            name=who.name,
            is_active=who.is_active,
            services=[OfferedOut.model_validate(service) for service in offered],
            version=who.version,
        )


@door.get("/practitioners")
@needs(Permission.HOSPITALS_READ)
@door.input(PractitionerQuery, location="query")
@door.output(Page[PractitionerOut])
def index(query_data: PractitionerQuery) -> Page[PractitionerOut]:
    """The practitioners one may see, by name."""
    found = practitioners.search(
        call.session,
        scope=call.scope,
        page=query_data.page(),
        hospital_id=query_data.hospital_id,
        service_id=query_data.service_id,
        q=query_data.q,
        is_active=query_data.is_active,
    )
    offered = practitioners.services_of(call.session, [who.id for who in found.items])
    return Page[PractitionerOut].of(found, lambda who: PractitionerOut.of(who, offered[who.id]))


@door.post("/practitioners")
@needs(Permission.HOSPITALS_WRITE)
@door.input(PractitionerBody)
@door.output(Data[PractitionerOut], status_code=201)
def create(json_data: PractitionerBody) -> Data[PractitionerOut]:
    """Let somebody work at one of one's hospitals."""
    about = dict(json_data)
    return _one(practitioners.create(call.session, by=call.actor, now=call.now, **about))


@door.get("/practitioners/<uuid:practitioner_id>")
@needs(Permission.HOSPITALS_READ)
@door.output(Data[PractitionerOut])
def show(practitioner_id: UUID) -> Data[PractitionerOut]:
    """One practitioner."""
    return _one(practitioners.get(call.session, practitioner_id, scope=call.scope))


@door.patch("/practitioners/<uuid:practitioner_id>")
@needs(Permission.HOSPITALS_WRITE)
@door.input(PractitionerChange)
@door.output(Data[PractitionerOut])
def change(practitioner_id: UUID, json_data: PractitionerChange) -> Data[PractitionerOut]:
    """Change name, services, or whether they work here."""
    who = practitioners.change(
        call.session,
        practitioner_id,
        version=expected_version(json_data.version),
        by=call.actor,
        now=call.now,
        **given(json_data),
    )
    return _one(who)


@door.delete("/practitioners/<uuid:practitioner_id>")
@needs(Permission.HOSPITALS_WRITE)
@door.output(Data[PractitionerOut])
def deactivate(practitioner_id: UUID) -> Data[PractitionerOut]:
    """They leave; what is booked stays, and `meta.visits_ahead` counts it."""
    who = practitioners.get(call.session, practitioner_id, scope=call.scope)
    who = practitioners.change(
        call.session,
        practitioner_id,
        version=who.version,
        is_active=False,
        by=call.actor,
        now=call.now,
    )
    ahead = practitioners.visits_ahead(call.session, practitioner_id, now=call.now)
    return _one(who, visits_ahead=ahead)


def _one(who: Practitioner, **meta: object) -> Data[PractitionerOut]:
    call.concerns("practitioner", who.id, hospital_id=who.hospital_id)
    offered = practitioners.services_of(call.session, [who.id])[who.id]
    return Data(data=PractitionerOut.of(who, offered), meta=meta)
