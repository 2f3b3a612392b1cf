"""Who sends, what they send and to whom, for tests of messages and campaigns."""

from sqlalchemy.orm import Session

from bot.channels.carrier import Channel
from crm import campaigns, templates
from crm.campaigns import Plan
from crm.kit.ids import uuid7
from crm.kit.permissions import EVERYTHING, Actor, Kind, Role
from crm.models import (
    AddressHolder,
    CampaignKind,
    Patient,
    PersonKind,
    Purpose,
    TemplateCategory,
)
from crm.templates.writing import Words
from tests.outbox import NOON, Person, say_yes, somebody

AMAKA = Actor(Kind.USER, uuid7(), "Amaka", ((Role.COMMUNICATIONS, None),))
"""Writes."""
TUNDE = Actor(Kind.USER, uuid7(), "Tunde", ((Role.HOSPITAL_ADMIN, None),))
"""Approves."""

OFFER = "Hello {first_name}, free eye tests at {hospital} this week. Reply STOP to end this."
CARE = "Hello {first_name}, drink water in the heat. {hospital} wishes you well."
FIRST_NAME = {"name": "first_name", "type": "text", "example": "Ada"}
HOSPITAL = {"name": "hospital", "type": "text", "example": "GrandPro Ikeja"}


def a_template(
    session: Session,
    code: str = "eyes",
    *,
    body: str = OFFER,
    purpose: Purpose = Purpose.MARKETING,
    channels: tuple[Channel, ...] = (Channel.SMS,),
    language: str = "en",
    variables=(FIRST_NAME, HOSPITAL),
    subject: str = "News",
    approved: bool = True,
):
    """Words that Amaka wrote and, unless said otherwise, Tunde approved."""
    is_marketing = purpose is Purpose.MARKETING
    category = TemplateCategory.MARKETING if is_marketing else TemplateCategory.UTILITY
    for channel in channels:
        version = templates.create(
            session,
            code=code,
            channel=channel,
            language=language,
            category=category,
            purpose=purpose,
            words=Words(body, variables, subject if channel is Channel.EMAIL else ""),
            by=AMAKA,
            now=NOON,
        )
        if approved:
            templates.submit(session, version.id)
            templates.approve(session, version.id, by=TUNDE, now=NOON)
    return version


def reached(session: Session, *, name: str = "Ada Obi", state: str = "Lagos", **who) -> Person:
    """A patient who is reached at a new number and agreed to hear offers."""
    person = somebody(session, **{"agreed": "care", **who})
    patient = session.get(Patient, person.patient_id)
    patient.full_name, patient.state = name, state
    session.add(AddressHolder(address_id=person.address_id, patient_id=person.patient_id))
    session.flush()
    say_yes(session, person.address_id, "marketing", now=NOON)
    return person


def a_campaign(session: Session, *, approved: bool = True, scope=EVERYTHING, **changes):
    """A campaign for the patients of Lagos, approved unless said otherwise."""
    plan = {
        "name": "Eyes",
        "kind": CampaignKind.MARKETING,
        "audience": PersonKind.PATIENT,
        "filter": {"field": "state", "op": "in", "value": ["Lagos"]},
        "channels": [Channel.SMS],
        "template_code": "eyes",
    }
    made = campaigns.draft(session, Plan(**(plan | changes)), scope=scope, by=AMAKA, now=NOON)
    if approved:
        campaigns.approve(session, made.id, scope=EVERYTHING, by=TUNDE, now=NOON)
    return made


def begin(session: Session, campaign, *, now=NOON):
    """Have it run and start it, as the worker does."""
    seen = campaigns.preview(session, campaign, now=now)
    campaigns.execute(
        session, campaign.id, confirm_audience=seen.eligible, scope=EVERYTHING, now=now
    )
    campaigns.start_due(session, now=now)
    session.refresh(campaign)
    return campaign
