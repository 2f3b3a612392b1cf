"""How a visit was: one number, and what they want to say beside it."""

from contextlib import suppress
from typing import Any

from sqlalchemy.orm import Session

from bot.texts import dates, knows
from crm import feedback
from crm.console.forms.shown import Asked, Page, gone, said
from crm.feedback import AlreadyAnswered, Said
from crm.kit.clock import lagos_day
from crm.kit.errors import DomainError
from crm.kit.permissions import Scope
from crm.models import AnswerSource, Appointment, FeedbackInvitation, Hospital, Patient, Topic

_LOW = 2


def page(session: Session, asked: Asked) -> Page:
    """The form; thanks when it was sent; a word when it is over."""
    invitation = session.get(FeedbackInvitation, asked.about)
    if invitation is None:
        raise gone()
    patient = session.get_one(Patient, invitation.patient_id)
    facts = _facts(session, invitation, patient)
    if invitation.answered_at is not None:
        return said("answered", patient.language, facts)
    if invitation.expires_at <= asked.now:
        return said("over", patient.language, facts, status=410)
    if not asked.is_sent:
        return Page("feedback", patient.language, facts)
    return _taken(session, asked, invitation, Page("feedback", patient.language, facts))


def _facts(session: Session, invitation: FeedbackInvitation, patient: Patient) -> dict[str, Any]:
    visit = session.get_one(Appointment, invitation.appointment_id)
    hospital = session.get_one(Hospital, invitation.hospital_id)
    return {
        "first_name": patient.first_name,
        "place": hospital.name,
        "day": dates.day(lagos_day(visit.starts_at), patient.language),
        "phone": hospital.phone,
        "topics": [topic.value for topic in Topic if knows("options", topic.value)],
        "said": {"topics": []},
    }


def _taken(session: Session, asked: Asked, invitation: FeedbackInvitation, form: Page) -> Page:
    rating = asked.score("rating")
    if rating is None:
        return Page("feedback", form.language, form.facts | _again(asked), status=422)
    given = Said(
        rating=rating,
        categories=_topics(asked),
        comment=asked.word("comment"),
        may_contact=bool(asked.word("may_call")),
    )
    try:
        kept = feedback.give(
            session,
            patient_id=invitation.patient_id,
            appointment_id=invitation.appointment_id,
            said=given,
            source=AnswerSource.WEB,
            now=asked.now,
            scope=Scope(frozenset(), patient_id=invitation.patient_id),
            is_anonymous=bool(asked.word("nameless")),
        )
    except AlreadyAnswered:
        return said("answered", form.language, form.facts)
    except DomainError:
        return said("over", form.language, form.facts, status=410)
    return said(_thanks(given, kept.points), form.language, form.facts | {"points": kept.points})


def _thanks(given: Said, points: int) -> str:
    if given.severity is not None and given.rating > _LOW:
        return "urgent"
    if given.rating <= _LOW:
        return "thanks_low"
    return "thanks_points" if points else "thanks"


def _topics(asked: Asked) -> list[Topic]:
    found = []
    for word in asked.words("topics"):
        with suppress(ValueError):
            found.append(Topic(word))
    return found


def _again(asked: Asked) -> dict[str, Any]:
    """What they wrote, so that nothing is lost when the number was forgotten."""
    ticked = {name: bool(asked.word(name)) for name in ("may_call", "nameless")}
    return {"said": ticked | {"topics": asked.words("topics"), "comment": asked.word("comment")}}
