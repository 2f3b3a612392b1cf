"""Complaints that a person must answer: who has which, what was done, what was behind it."""

from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from crm import feedback, follow_ups, satisfaction
from crm.api.kit import Body, Data, Door, Out, Page, Query, call, expected_version, needs
from crm.api.kit.fields import Note, Version
from crm.follow_ups import Wanted
from crm.kit.errors import Invalid
from crm.kit.permissions import Permission
from crm.models import FollowUp, OwnerSatisfaction, Payout, RootCause, Severity

door = Door("follow_ups", __name__)


class FollowUpFilter(Query):
    """Which follow-ups; `breached` are those contacted late, or late already."""

    status: Literal["open", "contacted", "resolved"] | None = None
    severity: Severity | None = None
    hospital_id: UUID | None = None
    assignee_id: UUID | None = None
    breached: bool = False


class FollowUpChange(Body):
    """To whom it is given, or of whom it complains: they neither see nor close it from then on."""

    version: Version | None = None
    assignee_id: UUID | None = None
    named_user_id: UUID | None = None


class ContactBody(Body):
    """That the person was reached, or could not be."""

    version: Version | None = None
    note: Note = ""


class ResolutionBody(Body):
    """What was behind it."""

    version: Version | None = None
    root_cause: RootCause
    note: Note = ""


class FollowUpOut(Out):
    """A follow-up as it stands."""

    id: UUID
    hospital_id: UUID | None
    severity: str
    status: str
    opened_at: datetime
    due_at: datetime
    is_breached: bool
    assignee_id: UUID | None
    named_user_id: UUID | None
    first_contact_at: datetime | None
    resolved_at: datetime | None
    root_cause: str | None
    feedback_id: UUID | None
    satisfaction_id: UUID | None
    payout_id: UUID | None
    version: int

    @classmethod
    def of(cls, row: FollowUp) -> Self:
        """The shape of a row."""
        same = FollowUpOut.model_fields.keys() - {"is_breached"}
        is_breached = row.is_breached(call.now)
        return cls(**{name: getattr(row, name) for name in same}, is_breached=is_breached)


class AboutOut(Out):
    """What was said. Anonymous words have no patient; a disputed payout has no rating."""

    patient_id: UUID | None = None
    owner_id: UUID | None = None
    payout_reference: str | None = None
    rating: int | None = None
    nps: int | None = None
    comment: str | None
    allow_contact: bool


class FollowUpDetail(FollowUpOut):
    """The same with what was said and what was noted."""

    about: AboutOut | None = None
    contact_note: str | None = None
    resolution: str | None = None

    @classmethod
    def whole(cls, row: FollowUp) -> Self:
        """The shape of a row with everything opened."""
        contact_note, resolution = follow_ups.notes_of(call.session, row)
        return cls.of(row).model_copy(
            update={"about": _about(row), "contact_note": contact_note, "resolution": resolution}
        )


def _about(row: FollowUp) -> AboutOut:
    said = follow_ups.about(call.session, row)
    if isinstance(said, Payout):
        return AboutOut(
            owner_id=said.owner_id,
            payout_reference=said.reference,
            comment=follow_ups.words_of(call.session, row),
            allow_contact=True,
        )
    if isinstance(said, OwnerSatisfaction):
        return AboutOut(
            owner_id=said.owner_id,
            rating=said.overall,
            nps=said.nps,
            comment=satisfaction.comment_of(call.session, said),
            allow_contact=True,
        )
    return AboutOut(
        patient_id=said.patient_id,
        rating=said.rating,
        nps=said.nps,
        comment=feedback.comment_of(call.session, said),
        allow_contact=said.may_contact,
    )


@door.get("/follow-ups")
@needs(Permission.FOLLOW_UPS_WRITE)
@door.input(FollowUpFilter, location="query")
@door.output(Page[FollowUpOut])
def index(query_data: FollowUpFilter) -> Page[FollowUpOut]:
    """The follow-ups of one's hospitals, newest first."""
    wanted = Wanted(
        status=query_data.status,
        severity=query_data.severity,
        hospital_id=query_data.hospital_id,
        assignee_id=query_data.assignee_id,
        is_breached=query_data.breached,
    )
    found = follow_ups.search(
        call.session,
        wanted,
        scope=call.scope,
        by=call.actor,
        page=query_data.page(),
        now=call.now,
    )
    return Page[FollowUpOut].of(found, FollowUpOut.of)


@door.get("/follow-ups/<uuid:follow_up_id>")
@needs(Permission.FOLLOW_UPS_WRITE)
@door.output(Data[FollowUpDetail])
def show(follow_up_id: UUID) -> Data[FollowUpDetail]:
    """One follow-up with what was said and what was done."""
    row = follow_ups.get(call.session, follow_up_id, scope=call.scope, by=call.actor)
    return _answer(row)


@door.patch("/follow-ups/<uuid:follow_up_id>")
@needs(Permission.FOLLOW_UPS_WRITE)
@door.input(FollowUpChange)
@door.output(Data[FollowUpDetail])
def change(follow_up_id: UUID, json_data: FollowUpChange) -> Data[FollowUpDetail]:
    """Give it to somebody, or write down of whom it complains."""
    version = expected_version(json_data.version)
    named, assignee = json_data.named_user_id, json_data.assignee_id
    if named is None and assignee is None:
        raise Invalid("assignee_id", "Say who.", code="missing")
    what: dict[str, Any] = {"scope": call.scope, "by": call.actor, "now": call.now}
    if named is not None:
        row = follow_ups.name(call.session, follow_up_id, user_id=named, version=version, **what)
        version = row.version
    if assignee is not None:
        row = follow_ups.assign(
            call.session, follow_up_id, assignee_id=assignee, version=version, **what
        )
    return _answer(row)


@door.post("/follow-ups/<uuid:follow_up_id>/contacts")
@needs(Permission.FOLLOW_UPS_WRITE)
@door.input(ContactBody)
@door.output(Data[FollowUpDetail])
def contact(follow_up_id: UUID, json_data: ContactBody) -> Data[FollowUpDetail]:
    """Note that the person was contacted; the first time counts."""
    row = follow_ups.note_contact(
        call.session,
        follow_up_id,
        note=json_data.note,
        version=expected_version(json_data.version),
        scope=call.scope,
        by=call.actor,
        now=call.now,
    )
    return _answer(row)


@door.post("/follow-ups/<uuid:follow_up_id>/resolution")
@needs(Permission.FOLLOW_UPS_WRITE)
@door.input(ResolutionBody)
@door.output(Data[FollowUpDetail])
def resolve(follow_up_id: UUID, json_data: ResolutionBody) -> Data[FollowUpDetail]:
    """Close it with its root cause."""
    row = follow_ups.resolve(
        call.session,
        follow_up_id,
        root_cause=json_data.root_cause,
        note=json_data.note,
        version=expected_version(json_data.version),
        scope=call.scope,
        by=call.actor,
        now=call.now,
    )
    return _answer(row)


def _answer(row: FollowUp) -> Data[FollowUpDetail]:
    call.concerns("follow_up", row.id, hospital_id=row.hospital_id)
    return Data(data=FollowUpDetail.whole(row))
