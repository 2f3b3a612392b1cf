"""What people ask of their data, and the log of breaches."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from crm import patients
from crm.api.kit import Body, Data, Door, Out, Page, Query, call, needs
from crm.api.kit.fields import Count, Moment, Note, ShortNote
from crm.kit.permissions import Permission
from crm.models import Breach, BreachSeverity, DataRequest, RequestKind, RequestStatus
from crm.privacy import breaches, requests

door = Door("data_requests", __name__)


class DataRequestBody(Body):
    """Which right the person uses."""

    kind: RequestKind


class DataRequestFilter(Query):
    """Which requests."""

    patient_id: UUID | None = None
    status: RequestStatus | None = None
    kind: RequestKind | None = None
    overdue: bool = False


class DataRequestAnswer(Body):
    """What was done, or why it is refused, in words the person may read."""

    status: Literal["done", "refused"]
    outcome: ShortNote = Field(min_length=5)


class DataRequestOut(Out):
    """A request and the day by which it is answered."""

    id: UUID
    patient_id: UUID
    kind: RequestKind
    status: RequestStatus
    asked_by: str
    asked_by_id: UUID | None
    asked_at: datetime
    due_on: date
    is_overdue: bool
    closed_at: datetime | None
    closed_by_id: UUID | None
    outcome: str | None

    @classmethod
    def of(cls, request: DataRequest) -> "DataRequestOut":
        """The row, and whether it is late."""
        names = set(cls.model_fields) - {"is_overdue"}
        row = {name: getattr(request, name) for name in names}
        return cls(**row, is_overdue=requests.is_overdue(request, now=call.now))


class BreachBody(Body):
    """What happened; without a hospital it concerns the group."""

    summary: Note = Field(min_length=10)
    severity: BreachSeverity
    detected_at: Moment
    hospital_id: UUID | None = None
    people_affected: Count = 0
    measures: Note | None = None


class BreachChange(Body):
    """What was learnt and done since."""

    summary: Note | None = Field(default=None, min_length=10)
    severity: BreachSeverity | None = None
    people_affected: Count | None = None
    measures: Note | None = None
    reported_at: Moment | None = None
    people_told_at: Moment | None = None
    closed_at: Moment | None = None


class BreachFilter(Query):
    """All, or those the commission has not been told of."""

    unreported: bool = False


class BreachOut(Out):
    """A breach and its clock."""

    id: UUID
    hospital_id: UUID | None
    summary: str
    severity: BreachSeverity
    people_affected: int
    detected_at: datetime
    notify_by: datetime
    hours_left: float | None
    """Until the commission must have been told; negative when late, null when it was."""
    reported_at: datetime | None
    people_told_at: datetime | None
    measures: str | None
    closed_at: datetime | None

    @classmethod
    def of(cls, breach: Breach) -> "BreachOut":
        """The row, and what is left of the 72 hours."""
        names = set(cls.model_fields) - {"hours_left"}
        row = {name: getattr(breach, name) for name in names}
        return cls(**row, hours_left=breaches.hours_left(breach, now=call.now))


@door.get("/data-requests")
@needs(Permission.PRIVACY_READ)
@door.input(DataRequestFilter, location="query")
@door.output(Page[DataRequestOut])
def index(query_data: DataRequestFilter) -> Page[DataRequestOut]:
    """Requests of one's patients, the most urgent first."""
    found = requests.search(
        call.session,
        scope=call.scope,
        page=query_data.page(),
        patient_id=query_data.patient_id,
        status=query_data.status,
        kind=query_data.kind,
        is_overdue=query_data.overdue,
        now=call.now,
    )
    return Page[DataRequestOut].of(found, DataRequestOut.of)


@door.post("/patients/<uuid:patient_id>/data-requests")
@needs(Permission.PATIENTS_EXPORT)
@door.input(DataRequestBody)
@door.output(Data[DataRequestOut], status_code=201)
def ask(patient_id: UUID, json_data: DataRequestBody) -> Data[DataRequestOut]:
    """Write down what the person asks; it is answered within thirty days."""
    patient = patients.get(call.session, patient_id, scope=call.scope)
    call.concerns("patient", patient.id, hospital_id=patient.home_hospital_id)
    asked = requests.ask(call.session, patient, json_data.kind, by=call.actor, now=call.now)
    return Data(data=DataRequestOut.of(asked))


@door.patch("/data-requests/<uuid:request_id>")
@needs(Permission.PRIVACY_WRITE)
@door.input(DataRequestAnswer)
@door.output(Data[DataRequestOut])
def answer(request_id: UUID, json_data: DataRequestAnswer) -> Data[DataRequestOut]:
    """Close a request: done, or refused for a reason. Exports and erasures close their own."""
    closed = requests.close(
        call.session,
        request_id,
        RequestStatus(json_data.status),
        json_data.outcome,
        scope=call.scope,
        by=call.actor,
        now=call.now,
    )
    return Data(data=DataRequestOut.of(closed))


@door.get("/breaches")
@needs(Permission.PRIVACY_READ)
@door.input(BreachFilter, location="query")
@door.output(Page[BreachOut])
def breach_index(query_data: BreachFilter) -> Page[BreachOut]:
    """Breaches of personal data, the latest first."""
    found = breaches.search(
        call.session,
        scope=call.scope,
        page=query_data.page(),
        is_unreported=query_data.unreported,
    )
    return Page[BreachOut].of(found, BreachOut.of)


@door.post("/breaches")
@needs(Permission.PRIVACY_WRITE)
@door.input(BreachBody)
@door.output(Data[BreachOut], status_code=201)
def log_breach(json_data: BreachBody) -> Data[BreachOut]:
    """Write down a breach; the 72 hours run from when it was detected."""
    breach = breaches.log(
        call.session, scope=call.scope, by=call.actor, now=call.now, **json_data.model_dump()
    )
    call.concerns("breach", breach.id, hospital_id=breach.hospital_id)
    return Data(data=BreachOut.of(breach))


@door.patch("/breaches/<uuid:breach_id>")
@needs(Permission.PRIVACY_WRITE)
@door.input(BreachChange)
@door.output(Data[BreachOut])
def change_breach(breach_id: UUID, json_data: BreachChange) -> Data[BreachOut]:
    """Write down what was learnt and done: reported, people told, mended, closed."""
    changes = json_data.model_dump(exclude_none=True)
    breach = breaches.change(call.session, breach_id, changes, scope=call.scope, now=call.now)
    call.concerns("breach", breach.id, hospital_id=breach.hospital_id)
    return Data(data=BreachOut.of(breach))
