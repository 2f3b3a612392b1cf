"""The message that offers a time."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from bot.channels.carrier import Channel, Option
from bot.texts import dates, say, spoken_to
from crm import outbox, patients
from crm.feedback.questions import talk_with
from crm.kit.clock import lagos
from crm.kit.tokens import Links
from crm.models import Address, Hospital, Lane, Patient, Purpose, WaitlistEntry, WaitlistOffer
from crm.outbox import Template

ANSWERS = ("take_it", "pass_on")
FACTS = ("first_name", "place", "when", "time")
"""What the offer says, in the order of its template's variables; the offer's id follows."""
_CHATTED = frozenset({Channel.WHATSAPP, Channel.SMS})


def send(
    session: Session,
    made: WaitlistOffer,
    entry: WaitlistEntry,
    *,
    forms: Links | None,
    now: datetime,
) -> None:
    """Send the offer to the patient; one who cannot be reached must be called by the desk."""
    address = patients.best_address(session, entry.patient_id)
    if address is None or address.channel not in _CHATTED:
        return
    made.address_id = address.id
    links = forms if address.channel is Channel.SMS else None
    made.message_id = _post(session, made, entry, address, forms=links, now=now)
    session.flush()


def _post(
    session: Session,
    made: WaitlistOffer,
    entry: WaitlistEntry,
    address: Address,
    *,
    forms: Links | None,
    now: datetime,
) -> UUID:
    patient = session.get_one(Patient, entry.patient_id)
    hospital = session.get_one(Hospital, entry.hospital_id)
    language, channel = spoken_to(patient.language), address.channel
    said = {
        "first_name": patient.first_name,
        "place": hospital.name,
        "when": dates.moment(made.starts_at, language),
        "time": dates.clock(lagos(made.expires_at).time(), language),
    }
    if forms:
        key, facts = "offer_one_way", said | {"link": forms.form("waitlist", made.id)}
    else:
        key, facts = "offer", said
    return outbox.post(
        session,
        address_id=address.id,
        channel=channel,
        text=say("waitlist", key, language, channel, **facts),
        purpose=Purpose.NOTICE,
        lane=Lane.UTILITY,
        options=() if forms else _options(made, language, channel),
        template=Template(template_name(language), (*(said[f] for f in FACTS), made.id.hex)),
        conversation_id=talk_with(session, address.id),
        patient_id=patient.id,
        about_id=entry.id,
        expires_at=made.expires_at,
        now=now,
    )


def template_name(language: str) -> str:
    """The name of the approved template with the words of the offer."""
    return f"waitlist_offer_{language}"


def _options(made: WaitlistOffer, language: str, channel: Channel) -> tuple[Option, ...]:
    return tuple(
        Option(f"v1|waitlist|{made.id.hex}|{answer}", say("options", answer, language, channel))
        for answer in ANSWERS
    )
