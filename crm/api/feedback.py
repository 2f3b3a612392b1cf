"""What patients say of their visits, and what it adds up to."""

from uuid import UUID

from crm import feedback, patients
from crm.api.feedback_shapes import (
    FeedbackBody,
    FeedbackChange,
    FeedbackFilter,
    FeedbackOut,
    GivenOut,
    InvitationOut,
    SummaryFilter,
    SummaryOut,
)
from crm.api.kit import Data, Door, Page, Query, call, idempotent, needs
from crm.feedback import Narrowed, Wanted
from crm.kit.errors import Invalid
from crm.kit.paging import Found
from crm.kit.permissions import Permission
from crm.kit.windows import Window
from crm.models import AnswerSource

door = Door("feedback", __name__)


@door.post("/patients/<uuid:patient_id>/feedback")
@needs(Permission.FEEDBACK_WRITE)
@idempotent
@door.input(FeedbackBody)
@door.output(Data[GivenOut], status_code=201)
def create(patient_id: UUID, json_data: FeedbackBody) -> Data[GivenOut]:
    """Say how a visit was; twenty points for any score, once for each visit."""
    given = feedback.give(
        call.session,
        patient_id=patient_id,
        appointment_id=_visit(patient_id, json_data),
        said=json_data.said(),
        source=_source(json_data.channel),
        is_anonymous=json_data.anonymous,
        scope=call.scope,
        now=call.now,
    )
    hospital_id = given.feedback.hospital_id
    if given.feedback.is_anonymous:
        call.concerns("patient", patient_id, hospital_id=hospital_id)
    else:
        call.concerns("feedback", given.feedback.id, hospital_id=hospital_id)
    return Data(data=GivenOut.of(given))


def _visit(patient_id: UUID, body: FeedbackBody) -> UUID:
    if body.invitation_token:
        invitation_id = call.wiring.links.read_feedback(body.invitation_token)
        if invitation_id is None:
            raise Invalid("invitation_token", "This token is not one of ours.")
        return feedback.invited_to(call.session, invitation_id, patient_id=patient_id, now=call.now)
    if body.appointment_id is None:
        raise Invalid("appointment_id", "Say which visit.", code="missing")
    return body.appointment_id


def _source(channel: AnswerSource | None) -> AnswerSource:
    if not call.scope.is_staff:
        return AnswerSource.WEB
    return channel or AnswerSource.DESK


@door.patch("/patients/<uuid:patient_id>/feedback/<uuid:feedback_id>")
@needs(Permission.FEEDBACK_WRITE)
@door.input(FeedbackChange)
@door.output(Data[GivenOut])
def change(patient_id: UUID, feedback_id: UUID, json_data: FeedbackChange) -> Data[GivenOut]:
    """Change what was said less than a day ago."""
    given = feedback.edit(
        call.session,
        feedback_id,
        patient_id=patient_id,
        scope=call.scope,
        now=call.now,
        **json_data.changes(),
    )
    call.concerns("feedback", feedback_id, hospital_id=given.feedback.hospital_id)
    return Data(data=GivenOut.of(given))


@door.get("/patients/<uuid:patient_id>/feedback")
@needs(Permission.FEEDBACK_READ)
@door.input(Query, location="query")
@door.output(Page[FeedbackOut])
def of_patient(patient_id: UUID, query_data: Query) -> Page[FeedbackOut]:
    """What one patient said, newest first; anonymous words are nobody's."""
    patients.get(call.session, patient_id, scope=call.scope)
    wanted = Narrowed(patient_id=patient_id)
    found = feedback.search(call.session, wanted, scope=call.scope, page=query_data.page())
    return Page[FeedbackOut].of(found, FeedbackOut.of)


@door.get("/patients/<uuid:patient_id>/feedback/invitations")
@needs(Permission.FEEDBACK_WRITE)
@door.output(Page[InvitationOut])
def invitations(patient_id: UUID) -> Page[InvitationOut]:
    """The visits a patient was invited to speak of and has not yet."""
    patients.get(call.session, patient_id, scope=call.scope)
    rows = feedback.still_open(call.session, patient_id, now=call.now)
    mine = [row for row in rows if not call.scope.is_staff or call.scope.covers(row.hospital_id)]
    return Page[InvitationOut].of(Found(mine), InvitationOut.of)


@door.get("/patients/feedback/summary")
@needs(Permission.FEEDBACK_READ)
@door.input(SummaryFilter, location="query")
@door.output(Data[SummaryOut])
def summary(query_data: SummaryFilter) -> Data[SummaryOut]:
    """Satisfaction, recommendation, response rate and follow-ups of one's hospitals."""
    window = Window.of(query_data.since, query_data.until, now=call.now)
    wanted = Wanted(
        window=window,
        hospital_id=query_data.hospital_id,
        practitioner_id=query_data.practitioner_id,
        service_id=query_data.service_id,
        category=query_data.category,
        source=query_data.channel,
    )
    found = feedback.summary(
        call.session, wanted, scope=call.scope, now=call.now, group_by=query_data.group_by
    )
    return Data(data=SummaryOut.of_summary(found, window))


@door.get("/feedback")
@needs(Permission.FEEDBACK_READ)
@door.input(FeedbackFilter, location="query")
@door.output(Page[FeedbackOut])
def index(query_data: FeedbackFilter) -> Page[FeedbackOut]:
    """What was said at one's hospitals, newest first; patients see their own."""
    wanted = Narrowed(
        since=query_data.since,
        until=query_data.until,
        hospital_id=query_data.hospital_id,
        practitioner_id=query_data.practitioner_id,
        category=query_data.category,
        most_rating=query_data.max_rating,
    )
    found = feedback.search(call.session, wanted, scope=call.scope, page=query_data.page())
    return Page[FeedbackOut].of(found, FeedbackOut.of)


@door.get("/feedback/<uuid:feedback_id>")
@needs(Permission.FEEDBACK_READ)
@door.output(Data[FeedbackOut])
def show(feedback_id: UUID) -> Data[FeedbackOut]:
    """One word of a patient."""
    row = feedback.get(call.session, feedback_id, scope=call.scope)
    call.concerns("feedback", row.id, hospital_id=row.hospital_id)
    return Data(data=FeedbackOut.of(row))
