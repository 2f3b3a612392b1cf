"""The waiting list."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from crm import appointments, waitlist
from crm.api.kit import (
    Body,
    Data,
    Door,
    Out,
    Page,
    Query,
    call,
    expected_version,
    idempotent,
    needs,
)
from crm.api.kit.changes import given
from crm.api.kit.fields import Day, Moment, Version
from crm.kit.errors import Denied
from crm.kit.permissions import Permission
from crm.models import DayPart, OfferStatus, WaitlistEntry, WaitlistOffer, WaitStatus
from crm.waitlist import Wish

door = Door("waitlist", __name__)

Priority = Annotated[int, Field(ge=1, le=3, description="1 urgent, 2 soon, 3 routine; for staff.")]
Weekdays = Annotated[list[Annotated[int, Field(ge=0, le=6)]], Field(max_length=7)]
Parts = Annotated[list[DayPart], Field(max_length=3)]


class WaitlistQuery(Query):
    """Who waits."""

    hospital_id: UUID | None = None
    service_id: UUID | None = None
    patient_id: UUID | None = None
    status: WaitStatus | None = None


class WaitlistBody(Body):
    """A patient who would come sooner; what is not said is anything.

    `moving_id` names the later visit that an earlier time would replace.
    """

    patient_id: UUID
    service_id: UUID
    practitioner_id: UUID | None = None
    moving_id: UUID | None = None
    weekdays: Weekdays = Field(default_factory=list)
    parts: Parts = Field(default_factory=list)
    earliest_on: Day | None = None
    latest_on: Day | None = None
    priority: Priority = 3


class WaitlistChange(Body):
    """What may change; a field left out stays."""

    version: Version | None = None
    weekdays: Weekdays | None = None
    parts: Parts | None = None
    earliest_on: Day | None = None
    latest_on: Day | None = None
    priority: Priority | None = None


class WaitlistOfferBody(Body):
    """A free time to offer by hand."""

    start_at: Moment
    practitioner_id: UUID | None = None


class WaitlistOfferOut(Out):
    """A time that was offered; without a message the desk must call."""

    id: UUID
    practitioner_id: UUID
    start_at: datetime
    end_at: datetime
    status: OfferStatus
    expires_at: datetime
    answered_at: datetime | None
    was_sent: bool
    appointment_id: UUID | None

    @classmethod
    def of(cls, made: WaitlistOffer) -> "WaitlistOfferOut":
        """The row in the contract's words."""
        return cls(
            id=made.id,
            practitioner_id=made.practitioner_id,
            start_at=made.starts_at,
            end_at=made.ends_at,
            status=made.status,
            expires_at=made.expires_at,
            answered_at=made.answered_at,
            was_sent=made.message_id is not None,
            appointment_id=made.appointment_id,
        )


class WaitlistOut(Out):
    """Somebody who waits, with what would suit."""

    id: UUID
    status: WaitStatus
    hospital_id: UUID
    service_id: UUID
    service: str
    patient_id: UUID
    patient: str
    practitioner_id: UUID | None
    moving_id: UUID | None
    weekdays: list[int]
    parts: list[str]
    earliest_on: date
    latest_on: date
    priority: int
    since: datetime
    offers: list[WaitlistOfferOut] = Field(default_factory=list)
    version: int


@door.get("/waitlist")
@needs(Permission.APPOINTMENTS_READ)
@door.input(WaitlistQuery, location="query")
@door.output(Page[WaitlistOut])
def index(query_data: WaitlistQuery) -> Page[WaitlistOut]:
    """Who waits, in the order in which they are offered times; a patient sees their own."""
    found = waitlist.search(
        call.session,
        scope=call.scope,
        page=query_data.page(),
        hospital_id=query_data.hospital_id,
        service_id=query_data.service_id,
        patient_id=query_data.patient_id,
        status=query_data.status,
    )
    names = waitlist.names(call.session, found.items)
    return Page[WaitlistOut].of(found, lambda entry: _out(entry, names[entry.id]))


@door.post("/waitlist")
@needs(Permission.APPOINTMENTS_WRITE)
@idempotent
@door.input(WaitlistBody)
@door.output(Data[WaitlistOut], status_code=201)
def join(json_data: WaitlistBody) -> Data[WaitlistOut]:
    """Put a patient on the list of a service."""
    wish = Wish(**dict(json_data), source="desk" if call.scope.is_staff else "web")
    return _one(waitlist.join(call.session, wish, by=call.actor, now=call.now))


@door.get("/waitlist/<uuid:entry_id>")
@needs(Permission.APPOINTMENTS_READ)
@door.output(Data[WaitlistOut])
def show(entry_id: UUID) -> Data[WaitlistOut]:
    """One who waits, with the times offered."""
    return _one(waitlist.get(call.session, entry_id, scope=call.scope))


@door.patch("/waitlist/<uuid:entry_id>")
@needs(Permission.APPOINTMENTS_WRITE)
@door.input(WaitlistChange)
@door.output(Data[WaitlistOut])
def change(entry_id: UUID, json_data: WaitlistChange) -> Data[WaitlistOut]:
    """Change what would suit, or the priority (staff)."""
    entry = waitlist.change(
        call.session,
        entry_id,
        version=expected_version(json_data.version),
        by=call.actor,
        now=call.now,
        **given(json_data),
    )
    return _one(entry)


@door.delete("/waitlist/<uuid:entry_id>")
@needs(Permission.APPOINTMENTS_WRITE)
@door.output(Data[WaitlistOut])
def leave(entry_id: UUID) -> Data[WaitlistOut]:
    """Wait no longer."""
    return _one(waitlist.leave(call.session, entry_id, by=call.actor, now=call.now))


@door.post("/waitlist/<uuid:entry_id>/offers")
@needs(Permission.APPOINTMENTS_WRITE)
@idempotent
@door.input(WaitlistOfferBody)
@door.output(Data[WaitlistOfferOut], status_code=201)
def offer(entry_id: UUID, json_data: WaitlistOfferBody) -> Data[WaitlistOfferOut]:
    """Offer a free time by hand, out of turn; for staff."""
    if not call.scope.is_staff:
        raise Denied("Only staff may offer times.")
    made = waitlist.offer(
        call.session,
        entry_id,
        starts_at=json_data.start_at,
        practitioner_id=json_data.practitioner_id,
        forms=call.wiring.forms,
        by=call.actor,
        now=call.now,
    )
    call.concerns("waitlist_offer", made.id)
    return Data(data=WaitlistOfferOut.of(made))


@door.post("/waitlist/offers/<uuid:offer_id>/accept")
@needs(Permission.APPOINTMENTS_WRITE)
@idempotent
@door.output(Data[WaitlistOfferOut])
def accept(offer_id: UUID) -> Data[WaitlistOfferOut]:
    """Book the time offered, in place of the later visit if there is one."""
    made = waitlist.get_offer(call.session, offer_id, scope=call.scope)
    source = "desk" if call.scope.is_staff else "web"
    booked = waitlist.accept(call.session, made.id, source=source, now=call.now)
    call.concerns("appointment", booked.id, hospital_id=booked.hospital_id)
    visit = appointments.get(call.session, booked.id)
    calendar = call.wiring.links.calendar(visit.id)
    appointments.tell_booked(call.session, visit, calendar=calendar, now=call.now)
    return Data(data=WaitlistOfferOut.of(made))


@door.post("/waitlist/offers/<uuid:offer_id>/pass")
@needs(Permission.APPOINTMENTS_WRITE)
@idempotent
@door.output(Data[WaitlistOfferOut])
def pass_on(offer_id: UUID) -> Data[WaitlistOfferOut]:
    """Leave the time to the next; the patient keeps waiting."""
    made = waitlist.get_offer(call.session, offer_id, scope=call.scope)
    return Data(data=WaitlistOfferOut.of(waitlist.pass_on(call.session, made.id, now=call.now)))


def entry_out(entry: WaitlistEntry) -> WaitlistOut:
    """An entry with its names and what it was offered."""
    shown = _out(entry, waitlist.names(call.session, [entry])[entry.id])
    made = waitlist.offers_of(call.session, entry.id)
    return shown.model_copy(update={"offers": [WaitlistOfferOut.of(each) for each in made]})


def _one(entry: WaitlistEntry) -> Data[WaitlistOut]:
    call.concerns("waitlist_entry", entry.id, hospital_id=entry.hospital_id)
    return Data(data=entry_out(entry))


def _out(entry: WaitlistEntry, named: waitlist.Names) -> WaitlistOut:
    return WaitlistOut(
        id=entry.id,
        status=entry.status,
        hospital_id=entry.hospital_id,
        service_id=entry.service_id,
        service=named.service,
        patient_id=entry.patient_id,
        patient=named.patient,
        practitioner_id=entry.practitioner_id,
        moving_id=entry.moving_id,
        weekdays=entry.weekdays,
        parts=entry.parts,
        earliest_on=entry.earliest_on,
        latest_on=entry.latest_on,
        priority=entry.priority,
        since=entry.created_at,
        version=entry.version,
    )
