"""A time that became free, offered for half an hour."""

from sqlalchemy.orm import Session

from bot.texts import dates
from crm import appointments, waitlist
from crm.appointments import SlotTaken
from crm.console.forms.shown import Asked, Page, gone, said
from crm.kit.clock import lagos
from crm.kit.errors import DomainError
from crm.models import Hospital, OfferStatus, Patient, WaitlistEntry, WaitlistOffer, WaitStatus
from crm.waitlist import OfferOver


def page(session: Session, asked: Asked) -> Page:
    """The offer with its two answers, or what became of it."""
    offer = session.get(WaitlistOffer, asked.about)
    if offer is None:
        raise gone()
    entry = session.get_one(WaitlistEntry, offer.entry_id)
    patient = session.get_one(Patient, entry.patient_id)
    hospital = session.get_one(Hospital, entry.hospital_id)
    facts = {
        "first_name": patient.first_name,
        "place": hospital.name,
        "when": dates.moment(offer.starts_at, patient.language),
        "time": dates.clock(lagos(offer.expires_at).time(), patient.language),
        "phone": hospital.phone,
    }
    shown = Page("waitlist", patient.language, facts)
    if offer.status is OfferStatus.ACCEPTED:
        return _booked(session, offer, shown)
    if offer.status is OfferStatus.PASSED:
        return said("passed_on", shown.language, facts)
    is_open = offer.status is OfferStatus.LIVE and offer.expires_at > asked.now
    if not is_open or entry.status is not WaitStatus.WAITING:
        return said("over", shown.language, facts, status=410)
    return _answered(session, asked, offer, shown)


def _answered(session: Session, asked: Asked, offer: WaitlistOffer, shown: Page) -> Page:
    try:
        match asked.word("answer"):
            case "take_it":
                with session.begin_nested():
                    waitlist.accept(session, offer.id, source="web", now=asked.now)
                return _booked(session, offer, shown)
            case "pass_on":
                waitlist.pass_on(session, offer.id, now=asked.now)
                return said("passed_on", shown.language, shown.facts)
    except (SlotTaken, OfferOver):
        return said("taken", shown.language, shown.facts)
    except DomainError:
        return said("call_us", shown.language, shown.facts)
    return shown


def _booked(session: Session, offer: WaitlistOffer, shown: Page) -> Page:
    visit = appointments.view(session, offer.appointment_id) if offer.appointment_id else None
    if visit is None:
        return said("booked", shown.language, shown.facts | {"reference": ""})
    when = dates.in_queue(shown.facts["when"], visit.queue_number, shown.language)
    known = {"when": when, "reference": visit.reference}
    return said("booked", shown.language, shown.facts | known)
