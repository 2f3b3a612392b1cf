"""What people ask of their data: each request is a row with a day by which it is answered."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm import patients, preferences
from crm.kit.clock import lagos_day
from crm.kit.errors import DomainError, NotFound
from crm.kit.ids import uuid7
from crm.kit.paging import Found, PageRequest, keyset
from crm.kit.permissions import EVERYTHING, Actor, Scope
from crm.models import DataRequest, Patient, RequestKind, RequestStatus

ANSWERED_WITHIN = timedelta(days=30)
"""NDPA 2023 and GDPR article 12: a month."""


class RequestClosed(DomainError):
    """It was answered already."""

    code = "request_closed"


def ask(
    session: Session, patient: Patient, kind: RequestKind, *, by: Actor, now: datetime
) -> DataRequest:
    """Write down what somebody asks; one that is open already is the same one.

    An objection ends marketing and research at once.
    """
    request = _open(session, patient.id, kind)
    if request is None:
        request = _new(patient.id, kind, by=by, now=now)
        session.add(request)
        session.flush()
    if kind is RequestKind.OBJECT:
        _end_marketing(session, patient, by=by, now=now)
    return request


def search(
    session: Session,
    *,
    scope: Scope,
    page: PageRequest,
    now: datetime,
    patient_id: UUID | None = None,
    status: RequestStatus | None = None,
    kind: RequestKind | None = None,
    is_overdue: bool = False,
) -> Found[DataRequest]:
    """The requests of the patients in scope, the most urgent first."""
    found = select(DataRequest).join(Patient, Patient.id == DataRequest.patient_id)
    found = found.where(patients.visible(scope))
    if patient_id:
        found = found.where(DataRequest.patient_id == patient_id)
    if status:
        found = found.where(DataRequest.status == status)
    if kind:
        found = found.where(DataRequest.kind == kind)
    if is_overdue:
        found = found.where(
            DataRequest.status == RequestStatus.OPEN, DataRequest.due_on < lagos_day(now)
        )
    return keyset(session, found, page, DataRequest.due_on, DataRequest.id)


def close(
    session: Session,
    request_id: UUID,
    status: RequestStatus,
    outcome: str,
    *,
    scope: Scope,
    by: Actor,
    now: datetime,
) -> DataRequest:
    """Answer a request: done, or refused for a reason. Raises NotFound, RequestClosed."""
    request = session.scalars(
        select(DataRequest)
        .join(Patient, Patient.id == DataRequest.patient_id)
        .where(DataRequest.id == request_id, patients.visible(scope))
        .with_for_update(of=DataRequest)
    ).one_or_none()
    if request is None:
        raise NotFound("There is no such request.")
    if request.status is not RequestStatus.OPEN:
        raise RequestClosed("This request was answered already.", request_status=request.status)
    _answer(request, status, outcome, by=by, now=now)
    session.flush()
    return request


def fulfil(
    session: Session,
    patient: Patient,
    kind: RequestKind,
    outcome: str,
    *,
    by: Actor,
    now: datetime,
) -> DataRequest:
    """Write down that it was done, asked for before or not."""
    request = _open(session, patient.id, kind)
    if request is None:
        request = _new(patient.id, kind, by=by, now=now)
        session.add(request)
    _answer(request, RequestStatus.DONE, outcome, by=by, now=now)
    session.flush()
    return request


def is_overdue(request: DataRequest, *, now: datetime) -> bool:
    """True when the day has passed and nobody has answered."""
    return request.status is RequestStatus.OPEN and request.due_on < lagos_day(now)


def _open(session: Session, patient_id: UUID, kind: RequestKind) -> DataRequest | None:
    return session.scalars(
        select(DataRequest)
        .where(DataRequest.patient_id == patient_id, DataRequest.kind == kind)
        .where(DataRequest.status == RequestStatus.OPEN)
        .order_by(DataRequest.id)
    ).first()


def _new(patient_id: UUID, kind: RequestKind, *, by: Actor, now: datetime) -> DataRequest:
    return DataRequest(
        id=uuid7(),
        patient_id=patient_id,
        kind=kind,
        status=RequestStatus.OPEN,
        asked_by=by.kind.value,
        asked_by_id=by.id,
        asked_at=now,
        due_on=lagos_day(now + ANSWERED_WITHIN),
    )


def _answer(
    request: DataRequest, status: RequestStatus, outcome: str, *, by: Actor, now: datetime
) -> None:
    request.status, request.outcome = status, outcome
    request.closed_at, request.closed_by_id = now, by.id


def _end_marketing(session: Session, patient: Patient, *, by: Actor, now: datetime) -> None:
    preferences.change(
        session,
        patient.id,
        {"purposes": {"marketing": False, "research": False}},
        version=patient.version,
        scope=EVERYTHING,
        source=by.kind.value,
        now=now,
    )
