"""Hospitals."""

from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from crm import hospitals
from crm.api.kit import Body, Data, Door, Out, Page, Query, call, expected_version, needs
from crm.api.kit.changes import given
from crm.api.kit.fields import PhoneText, State, Title, Version, WallClock
from crm.kit.permissions import Permission
from crm.models import Hospital

door = Door("hospitals", __name__)

Letters = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3,5}$")]
Line = Annotated[str, StringConstraints(min_length=3, max_length=200)]
Link = Annotated[str, StringConstraints(max_length=500, pattern=r"^https://[!-~]+$")]
Position = Annotated[int, Field(ge=0, le=1_000, description="Smaller comes first.")]
_EMPTIED = frozenset({"directions_url", "desk_phone"})


class HospitalQuery(Query):
    """Which hospitals."""

    q: Title | None = None
    state: State | None = None
    is_active: bool | None = None


class HospitalBody(Body):
    """A new hospital. References of its visits begin with the code."""

    code: Letters
    name: Title
    state: State
    address: Line
    phone: PhoneText
    desk_phone: PhoneText | None = None
    directions_url: Link | None = None
    opens: WallClock | None = None
    closes: WallClock | None = None
    position: Position = 0


class HospitalChange(Body):
    """What may change; a field left out stays, null empties directions and desk phone."""

    version: Version | None = None
    name: Title | None = None
    state: State | None = None
    address: Line | None = None
    phone: PhoneText | None = None
    desk_phone: PhoneText | None = None
    directions_url: Link | None = None
    opens: WallClock | None = None
    closes: WallClock | None = None
    position: Position | None = None
    is_active: bool | None = None


class HospitalOut(Out):
    """A hospital; desk hours are Lagos wall clock."""

    id: UUID
    code: str
    name: str
    state: str
    address: str
    directions_url: str | None
    phone: str
    desk_phone: str | None
    opens: WallClock
    closes: WallClock
    position: int
    is_active: bool
    version: int

    @classmethod
    def of(cls, hospital: Hospital) -> "HospitalOut":
        """The hospital; the desk's own line is for staff."""
        out = cls.model_validate(hospital)
        if not call.scope.is_staff:
            out.desk_phone = None
        return out


@door.get("/hospitals")
@needs(Permission.HOSPITALS_READ)
@door.input(HospitalQuery, location="query")
@door.output(Page[HospitalOut])
def index(query_data: HospitalQuery) -> Page[HospitalOut]:
    """The hospitals one may see: staff theirs, people those one can go to."""
    found = hospitals.search(
        call.session,
        scope=call.scope,
        page=query_data.page(),
        q=query_data.q,
        state=query_data.state,
        is_active=query_data.is_active,
    )
    return Page[HospitalOut].of(found, HospitalOut.of)


@door.post("/hospitals")
@needs(Permission.HOSPITALS_WRITE)
@door.input(HospitalBody)
@door.output(Data[HospitalOut], status_code=201)
def create(json_data: HospitalBody) -> Data[HospitalOut]:
    """Open a hospital; for those who run the whole group."""
    about = json_data.model_dump(exclude_none=True)
    hospital = hospitals.create(call.session, by=call.actor, now=call.now, **about)
    return _one(hospital)


@door.get("/hospitals/<uuid:hospital_id>")
@needs(Permission.HOSPITALS_READ)
@door.output(Data[HospitalOut])
def show(hospital_id: UUID) -> Data[HospitalOut]:
    """One hospital."""
    return _one(hospitals.get(call.session, hospital_id, scope=call.scope))


@door.patch("/hospitals/<uuid:hospital_id>")
@needs(Permission.HOSPITALS_WRITE)
@door.input(HospitalChange)
@door.output(Data[HospitalOut])
def change(hospital_id: UUID, json_data: HospitalChange) -> Data[HospitalOut]:
    """Change a hospital, or open and close it for bookings."""
    hospital = hospitals.update(
        call.session,
        hospital_id,
        version=expected_version(json_data.version),
        by=call.actor,
        now=call.now,
        **given(json_data, nullable=_EMPTIED),
    )
    return _one(hospital)


@door.delete("/hospitals/<uuid:hospital_id>")
@needs(Permission.HOSPITALS_WRITE)
@door.output(Data[HospitalOut])
def deactivate(hospital_id: UUID) -> Data[HospitalOut]:
    """Take no more bookings; what is booked stays, and `meta.visits_ahead` counts it."""
    hospital = hospitals.get(call.session, hospital_id, scope=call.scope)
    hospital = hospitals.update(
        call.session,
        hospital_id,
        version=hospital.version,
        is_active=False,
        by=call.actor,
        now=call.now,
    )
    ahead = hospitals.visits_ahead(call.session, hospital_id, now=call.now)
    return _one(hospital, visits_ahead=ahead)


def _one(hospital: Hospital, **meta: object) -> Data[HospitalOut]:
    call.concerns("hospital", hospital.id, hospital_id=hospital.id)
    return Data(data=HospitalOut.of(hospital), meta=meta)
