"""Services: what can be booked at a hospital."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from crm import services
from crm.api.hospitals import Position
from crm.api.kit import Body, Data, Door, Out, Page, Query, call, expected_version, needs
from crm.api.kit.changes import given
from crm.api.kit.fields import Kobo, Title, Version
from crm.kit.permissions import Permission
from crm.models import Gender, Service, ServiceMode

door = Door("services", __name__)

Minutes = Annotated[int, Field(ge=5, le=480)]
Buffer = Annotated[int, Field(ge=0, le=120)]
Notice = Annotated[int, Field(ge=0, le=60 * 24 * 30, description="Minutes.")]
Horizon = Annotated[int, Field(ge=1, le=365, description="Days.")]
Places = Annotated[int, Field(ge=1, le=500)]
Overbook = Annotated[int, Field(ge=0, le=50)]
Age = Annotated[int, Field(ge=0, le=120)]
Synonyms = Annotated[list[Title], Field(max_length=20)]
_EMPTIED = frozenset({"capacity", "min_age_years", "max_age_years", "gender", "price_kobo"})


class ServiceQuery(Query):
    """Which services; `q` looks at other words people say too."""

    hospital_id: UUID | None = None
    q: Title | None = None
    mode: ServiceMode | None = None
    is_active: bool | None = None


class ServiceBody(Body):
    """A new service. One in sessions needs a capacity: how many one session takes."""

    hospital_id: UUID
    name: Title
    synonyms: Synonyms = Field(default_factory=list)
    mode: ServiceMode = ServiceMode.EXCLUSIVE
    duration_min: Minutes
    buffer_before_min: Buffer = 0
    buffer_after_min: Buffer = 0
    capacity: Places | None = None
    overbook: Overbook = 0
    min_notice_min: Notice = 60
    horizon_days: Horizon = 60
    min_age_years: Age | None = None
    max_age_years: Age | None = None
    gender: Gender | None = None
    price_kobo: Kobo | None = None
    position: Position = 0


class ServiceChange(Body):
    """What may change; a field left out stays, null empties limits and price."""

    version: Version | None = None
    name: Title | None = None
    synonyms: Synonyms | None = None
    mode: ServiceMode | None = None
    duration_min: Minutes | None = None
    buffer_before_min: Buffer | None = None
    buffer_after_min: Buffer | None = None
    capacity: Places | None = None
    overbook: Overbook | None = None
    min_notice_min: Notice | None = None
    horizon_days: Horizon | None = None
    min_age_years: Age | None = None
    max_age_years: Age | None = None
    gender: Gender | None = None
    price_kobo: Kobo | None = None
    position: Position | None = None
    is_active: bool | None = None


class ServiceOut(Out):
    """A service with its rules; no price means that the desk tells it."""

    id: UUID
    hospital_id: UUID
    name: str
    synonyms: list[str]
    mode: ServiceMode
    duration_min: int
    buffer_before_min: int
    buffer_after_min: int
    capacity: int | None
    overbook: int
    min_notice_min: int
    horizon_days: int
    min_age_years: int | None
    max_age_years: int | None
    gender: Gender | None
    price_kobo: int | None
    currency: str = "NGN"
    position: int
    is_active: bool
    version: int


@door.get("/services")
@needs(Permission.HOSPITALS_READ)
@door.input(ServiceQuery, location="query")
@door.output(Page[ServiceOut])
def index(query_data: ServiceQuery) -> Page[ServiceOut]:
    """The services one may see, in their hospital's order."""
    found = services.search(
        call.session,
        scope=call.scope,
        page=query_data.page(),
        hospital_id=query_data.hospital_id,
        q=query_data.q,
        mode=query_data.mode,
        is_active=query_data.is_active,
    )
    return Page[ServiceOut].of(found, ServiceOut.model_validate)


@door.post("/services")
@needs(Permission.HOSPITALS_WRITE)
@door.input(ServiceBody)
@door.output(Data[ServiceOut], status_code=201)
def create(json_data: ServiceBody) -> Data[ServiceOut]:
    """Offer a service at one of one's hospitals."""
    about = dict(json_data)
    return _one(services.create(call.session, by=call.actor, now=call.now, **about))


@door.get("/services/<uuid:service_id>")
@needs(Permission.HOSPITALS_READ)
@door.output(Data[ServiceOut])
def show(service_id: UUID) -> Data[ServiceOut]:
    """One service."""
    return _one(services.get(call.session, service_id, scope=call.scope))


@door.patch("/services/<uuid:service_id>")
@needs(Permission.HOSPITALS_WRITE)
@door.input(ServiceChange)
@door.output(Data[ServiceOut])
def change(service_id: UUID, json_data: ServiceChange) -> Data[ServiceOut]:
    """Change a service; what is booked stays as it was booked."""
    service = services.change(
        call.session,
        service_id,
        version=expected_version(json_data.version),
        by=call.actor,
        now=call.now,
        **given(json_data, nullable=_EMPTIED),
    )
    return _one(service)


@door.delete("/services/<uuid:service_id>")
@needs(Permission.HOSPITALS_WRITE)
@door.output(Data[ServiceOut])
def deactivate(service_id: UUID) -> Data[ServiceOut]:
    """Offer it no longer; what is booked stays, and `meta.visits_ahead` counts it."""
    service = services.get(call.session, service_id, scope=call.scope)
    service = services.change(
        call.session,
        service_id,
        version=service.version,
        is_active=False,
        by=call.actor,
        now=call.now,
    )
    return _one(service, visits_ahead=services.visits_ahead(call.session, service_id, now=call.now))


def _one(service: Service, **meta: object) -> Data[ServiceOut]:
    call.concerns("service", service.id, hospital_id=service.hospital_id)
    return Data(data=ServiceOut.model_validate(service), meta=meta)
