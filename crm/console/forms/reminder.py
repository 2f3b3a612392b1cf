"""The visit of a reminder: to be confirmed, moved or cancelled."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.texts import dates
from crm import alerts, appointments
from crm.appointments import TooLate, Visit, VisitClosed
from crm.console.forms.shown import Asked, Page, gone, said
from crm.models import AppointmentStatus, Conversation, Patient, Reminder


def page(session: Session, asked: Asked) -> Page:
    """The visit with its three answers, or what became of one."""
    visit = appointments.view(session, asked.about)
    if visit is None:
        raise gone()
    language = session.get_one(Patient, visit.patient_id).language
    at = dates.moment(visit.starts_at, language)
    facts = {
        "first_name": visit.patient_first_name,
        "place": visit.hospital,
        "when": dates.in_queue(at, visit.queue_number, language),
        "phone": visit.hospital_phone,
        "is_confirmed": visit.is_confirmed,
    }
    if visit.status is AppointmentStatus.CANCELLED and asked.word("answer") == "cancelled":
        return said("cancelled", language, facts)
    if visit.status is not AppointmentStatus.BOOKED or visit.starts_at <= asked.now:
        return said("passed", language, facts)
    try:
        return _answered(session, asked, visit, Page("reminder", language, facts))
    except TooLate:
        return said("too_late", language, facts)
    except VisitClosed:
        return said("passed", language, facts)


def _answered(session: Session, asked: Asked, visit: Visit, shown: Page) -> Page:
    language, facts = shown.language, shown.facts
    match asked.word("answer"):
        case "confirm":
            appointments.confirm(session, visit.id, now=asked.now)
            return said("confirmed", language, facts)
        case "cancel":
            return Page("sure", language, facts)
        case "cancelled":
            appointments.cancel(session, visit.id, reason="reminder", now=asked.now)
            return said("cancelled", language, facts)
        case "keep_it":
            return said("kept", language, facts)
        case "move":
            _ask_for_a_call(session, visit.id, asked)
            return said("call_you", language, facts)
    return shown


def _ask_for_a_call(session: Session, visit_id: UUID, asked: Asked) -> None:
    """Put the talk with the reminder's phone in the line before the desk; asked twice, once."""
    talk = session.scalar(
        select(Conversation)
        .join(Reminder, Reminder.address_id == Conversation.address_id)
        .where(Reminder.appointment_id == visit_id, Reminder.message_id.is_not(None))
        .order_by(Reminder.due_at.desc())
        .limit(1)
        .with_for_update(of=Conversation, key_share=True)
    )
    if talk is not None and talk.waiting_since is None:
        alerts.ask_for_person(session, talk, reason="move", now=asked.now)
