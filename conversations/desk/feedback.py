"""What feedback asks of the house. The visit is named only when we asked about it here."""

from typing import Any
from uuid import UUID

from conversations.desk import Answers, Desk, Outcome
from crm import feedback
from crm.feedback import AlreadyAnswered, Given, Said
from crm.kit.errors import DomainError
from crm.kit.permissions import Scope
from crm.models import AnswerSource, FeedbackInvitation, Severity, Topic


def find_visit(desk: Desk, answers: Answers) -> Outcome:
    """The visit they speak of: the one we asked about, else the last one not yet rated."""
    invitation = _invitation(desk, answers)
    if invitation == "several":
        return "several", [[str(patient.id), patient.first_name] for patient, _ in desk.held()]
    if not isinstance(invitation, FeedbackInvitation):
        return "no_visit", None
    if invitation.answered_at is not None:
        return _rated(desk, invitation)
    if invitation.expires_at <= desk.now:
        return "over", None
    return "asked", _as_answer(desk, invitation)


def give(desk: Desk, answers: Answers) -> Outcome:
    """Keep the rating at once, whatever comes after it."""
    patient_id = UUID(answers["patient"])
    try:
        given = feedback.give(
            desk.session,
            patient_id=patient_id,
            appointment_id=UUID(answers["visit"]),
            said=Said(rating=answers["rating"]),
            source=AnswerSource(desk.channel.value),
            scope=_own(patient_id),
            now=desk.now,
        )
    except AlreadyAnswered:
        return "rated", None
    return "given", {"feedback": str(given.feedback.id), "points": given.points}


def change(desk: Desk, answers: Answers) -> Outcome:
    """Another number in place of the one given before."""
    given = _edited(desk, answers, rating=answers["rating"])
    return ("added" if given else "closed"), None


def add_topics(desk: Desk, answers: Answers) -> Outcome:
    """What it was about."""
    given = _edited(desk, answers, categories=_topics(answers))
    return ("added" if given else "closed"), None


def add_comment(desk: Desk, answers: Answers) -> Outcome:
    """What they say of it; danger, wrong treatment and bribes are told to the desk at once."""
    said = {"comment": answers.pop("comment"), "categories": _topics(answers)}
    given = _edited(desk, answers, **said)
    if given is None:
        return "closed", None
    is_urgent = given.follow_up is not None and given.follow_up.severity is Severity.URGENT
    return ("urgent" if is_urgent else "added"), None


def add_call(desk: Desk, answers: Answers) -> Outcome:
    """Whether somebody may call."""
    given = _edited(desk, answers, may_contact=answers["may_contact"])
    return ("added" if given else "closed"), None


def unname(desk: Desk, answers: Answers) -> Outcome:
    """All of it without their name; the words are not kept in the talk either."""
    desk.keep_no_words()
    patient_id, feedback_id = UUID(answers["patient"]), UUID(answers.pop("feedback"))
    changes = {"comment": answers.pop("comment", ""), "categories": _topics(answers)}
    try:
        feedback.unname(
            desk.session,
            feedback_id,
            patient_id=patient_id,
            scope=_own(patient_id),
            now=desk.now,
            **changes,
        )
    except DomainError:
        return "closed", None
    return "unnamed", None


def _invitation(desk: Desk, answers: Answers) -> FeedbackInvitation | str | None:
    held = [patient.id for patient, _ in desk.held()]
    if answers.get("about"):
        named = desk.session.get(FeedbackInvitation, UUID(answers["about"]))
        return named if named and named.patient_id in held else None
    if answers.get("patient"):
        return next(
            iter(feedback.still_open(desk.session, UUID(answers["patient"]), now=desk.now)), None
        )
    posted = feedback.awaiting(desk.session, address_id=desk.talk.address_id, now=desk.now)
    if posted is not None and posted.patient_id in held:
        return posted
    return _last_of(desk, held)


def _last_of(desk: Desk, held: list[UUID]) -> FeedbackInvitation | str | None:
    waiting = [
        found[0] for id_ in held if (found := feedback.still_open(desk.session, id_, now=desk.now))
    ]
    return "several" if len(waiting) > 1 else next(iter(waiting), None)


def _rated(desk: Desk, invitation: FeedbackInvitation) -> Outcome:
    row = feedback.of_visit(desk.session, invitation.appointment_id)
    if row is None:
        return "over", None
    known = {"rating": row.rating, "feedback": str(row.id), "patient": str(invitation.patient_id)}
    return "rated", known


def _as_answer(desk: Desk, invitation: FeedbackInvitation) -> dict[str, str]:
    names = {patient.id: patient.first_name for patient, _ in desk.held()}
    return {
        "visit": str(invitation.appointment_id),
        "patient": str(invitation.patient_id),
        "patient_name": names[invitation.patient_id],
    }


def _edited(desk: Desk, answers: Answers, **changes: Any) -> Given | None:
    """Put more to what was said, which can be done for a day; None when it is too late."""
    patient_id, feedback_id = UUID(answers["patient"]), UUID(answers["feedback"])
    try:
        return feedback.edit(
            desk.session,
            feedback_id,
            patient_id=patient_id,
            scope=_own(patient_id),
            now=desk.now,
            **changes,
        )
    except DomainError:
        return None


def _topics(answers: Answers) -> list[Topic]:
    return [Topic(topic) for topic in answers.get("topics", ())]


def _own(patient_id: UUID) -> Scope:
    return Scope(frozenset(), patient_id=patient_id)
