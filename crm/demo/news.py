"""Templates in use, one finished campaign, and what was sent and received lately."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from bot.channels.carrier import Channel
from bot.texts import dates
from crm import partitions, templates
from crm.demo.house import House
from crm.demo.loading import Row, load
from crm.demo.people import Person
from crm.demo.visits import Visit
from crm.kit.permissions import Role
from crm.models import (
    AppointmentStatus,
    Campaign,
    CampaignKind,
    CampaignRecipient,
    CampaignStatus,
    CampaignText,
    Direction,
    Lane,
    Message,
    MessageStatus,
    PersonKind,
    Purpose,
    RecipientState,
    TemplateCategory,
)
from crm.outbox import Body
from crm.outbox.bodies import seal
from crm.reminders.plans import due_times
from crm.templates.writing import Words

RECENT = timedelta(days=30)
"""Older words are not kept."""
_CAMPAIGN_CODE = "heart_week"
_NAME = {"name": "first_name", "type": "text", "example": "Ada"}
_NEWS = "Hello {first_name}, this week blood pressure checks are free at GrandPro. Walk in."
_TEXTS: tuple[tuple[str, Channel, TemplateCategory, Purpose, Words], ...] = (
    (
        _CAMPAIGN_CODE,
        Channel.WHATSAPP,
        TemplateCategory.MARKETING,
        Purpose.MARKETING,
        Words(f"{_NEWS} Send STOP to end.", (_NAME,)),
    ),
    (
        _CAMPAIGN_CODE,
        Channel.SMS,
        TemplateCategory.MARKETING,
        Purpose.MARKETING,
        Words(f"{_NEWS} STOP to end.", (_NAME,)),
    ),
    (
        _CAMPAIGN_CODE,
        Channel.EMAIL,
        TemplateCategory.MARKETING,
        Purpose.MARKETING,
        Words(_NEWS, (_NAME,), "Free blood pressure checks this week"),
    ),
    (
        "visit_notice",
        Channel.SMS,
        TemplateCategory.UTILITY,
        Purpose.NOTICE,
        Words("Dear {first_name}, your results are ready. Please come to the desk.", (_NAME,)),
    ),
    (
        "owner_notice",
        Channel.EMAIL,
        TemplateCategory.UTILITY,
        Purpose.NOTICE,
        Words(
            "Dear {first_name},\n\nthe next owners' meeting is on the first Friday of the month.",
            (_NAME,),
            "Owners' meeting",
        ),
    ),
)
_STATES = {
    RecipientState.READ: 45.0,
    RecipientState.DELIVERED: 40.0,
    RecipientState.SENT: 4.0,
    RecipientState.FAILED_PERMANENT: 11.0,
}
_MESSAGES = {
    RecipientState.READ: MessageStatus.READ,
    RecipientState.DELIVERED: MessageStatus.DELIVERED,
    RecipientState.SENT: MessageStatus.SENT,
    RecipientState.FAILED_PERMANENT: MessageStatus.UNDELIVERED,
}
_POINT_TO_REMINDERS = text("""
    update appointment_reminders r set message_id = m.id from messages m
    where m.about_id = r.appointment_id and m.purpose = 'reminder' and m.due_at = r.due_at
        and r.status = 'posted' and m.id >= :oldest
""")


def tell(house: House, people: Sequence[Person], visits: Sequence[Visit]) -> int:
    """Write templates, campaign and messages down; returns how many messages."""
    partitions.ensure(house.session, now=house.now)
    versions = _templates(house)
    messages = [*_reminders(house, visits), *_campaign(house, people, versions)]
    load(house.session, Message, messages)
    oldest = min((row["id"] for row in messages), default=None)
    if oldest:
        house.session.execute(_POINT_TO_REMINDERS, {"oldest": oldest})
    return len(messages)


def _templates(house: House) -> dict[Channel, UUID]:
    """Written by one and approved by another; returns the campaign's version of each channel."""
    session, now = house.session, house.now - timedelta(days=40)
    author, judge = house.staff[Role.COMMUNICATIONS], house.staff[Role.ADMIN]
    made: dict[Channel, UUID] = {}
    for code, channel, category, purpose, said in _TEXTS:
        version = templates.create(
            session,
            code=code,
            channel=channel,
            language="en",
            category=category,
            purpose=purpose,
            words=said,
            by=author,
            now=now,
        )
        templates.submit(session, version.id)
        templates.approve(session, version.id, by=judge, now=now + timedelta(hours=3))
        if code == _CAMPAIGN_CODE:
            made[channel] = version.id
    return made


# -- reminders of the last weeks ------------------------------------------------------------------


def _reminders(house: House, visits: Sequence[Visit]) -> Iterator[Row]:
    for visit in visits:
        if visit.status is AppointmentStatus.CANCELLED or visit.person.phone.is_silent:
            continue
        for _, due_at in due_times(visit.starts_at, now=visit.booked_at):
            if house.now - RECENT < due_at <= house.now:
                yield _reminder(house, visit, due_at)


def _reminder(house: House, visit: Visit, due_at: datetime) -> Row:
    phone, first = visit.person.phone, visit.person.name.split()[0]
    is_chat = phone.channel is Channel.WHATSAPP
    status = MessageStatus.READ if is_chat and house.chance.is_so(0.7) else MessageStatus.DELIVERED
    said = f"Hello {first}, {visit.service.name} at {visit.person.hospital.name}: "
    more = {"purpose": Purpose.REMINDER, "lane": Lane.UTILITY, "about_id": visit.id}
    words = said + dates.moment(visit.starts_at)
    return _message(house, visit.person, words, due_at, status) | more


def _message(house: House, person: Person, words: str, at: datetime, status: MessageStatus) -> Row:
    id_ = house.chance.id_at(at)
    return {
        "id": id_,
        "direction": Direction.OUT,
        "channel": person.phone.channel,
        "purpose": Purpose.MARKETING,
        "lane": Lane.BULK,
        "status": status,
        "address_id": person.phone.address_id,
        "patient_id": person.id,
        "about_id": None,
        "body_sealed": seal(house.vault, Body(words), row=id_),
        "segments": 1,
        "due_at": at,
        "attempts": 1,
        "provider_id": f"SM{house.chance.getrandbits(128):032x}",
        "error_code": None,
        "reason": None,
        "status_at": at + timedelta(seconds=house.chance.randrange(2, 90)),
        "campaign_recipient_id": None,
        "template_version_id": None,
        "sent_by": None,
    }


# -- a campaign that is over ----------------------------------------------------------------------


def _campaign(
    house: House, people: Sequence[Person], versions: dict[Channel, UUID]
) -> Iterator[Row]:
    """To everybody of age; who did not agree, or said STOP, is excluded with the reason."""
    started_at = house.now - timedelta(days=21)
    started_at = started_at.replace(hour=10, minute=0, second=0, microsecond=0)
    id_ = house.chance.id_at(started_at - timedelta(days=2))
    audience = [p for p in people if p.age(house.today) >= 18 and p.since < started_at]  # noqa: PLR2004 -- of age
    recipients = [_recipient(house, id_, person, started_at) for person in audience]
    load(house.session, Campaign, [_campaign_row(house, id_, started_at, recipients)])
    load(
        house.session,
        CampaignText,
        [
            {
                "campaign_id": id_,
                "variant": 0,
                "channel": channel,
                "language": "en",
                "template_version_id": version,
            }
            for channel, version in versions.items()
        ],
    )
    load(house.session, CampaignRecipient, recipients)
    numbers = _numbers(house, id_)
    for person, recipient in zip(audience, recipients, strict=True):
        if recipient["message_id"]:
            version = versions[person.phone.channel]
            yield _news(house, person, recipient, numbers[person.id], version)


def _recipient(house: House, campaign_id: UUID, person: Person, at: datetime) -> Row:
    phone, reason = person.phone, None
    if phone.is_silent:
        reason = "the person asked us to stop"
    elif not phone.likes_news:
        reason = "no consent for marketing messages"
    state = RecipientState.EXCLUDED if reason else house.chance.one_of(_STATES)
    return {
        "campaign_id": campaign_id,
        "person_kind": PersonKind.PATIENT,
        "person_id": person.id,
        "address_id": phone.address_id,
        "channel": phone.channel,
        "language": "en",
        "variant": 0,
        "state": state,
        "reason": reason,
        "message_id": None if reason else house.chance.id_at(at),
        "attempts": 0 if reason else 1,
        "updated_at": at + timedelta(minutes=20),
    }


def _campaign_row(house: House, id_: UUID, started_at: datetime, recipients: list[Row]) -> Row:
    states = [row["state"] for row in recipients]
    at = started_at - timedelta(days=2)
    return {
        "id": id_,
        "name": "Heart week",
        "kind": CampaignKind.HEALTH_EDUCATION,
        "audience": PersonKind.PATIENT,
        "purpose": Purpose.MARKETING,
        "filter": {"min_age_years": 18},
        "channels": [channel.value for channel in (Channel.WHATSAPP, Channel.SMS)],
        "template_code": _CAMPAIGN_CODE,
        "status": CampaignStatus.COMPLETED,
        "created_by": house.staff[Role.COMMUNICATIONS].id,
        "approved_by": house.staff[Role.ADMIN].id,
        "approved_at": at + timedelta(hours=4),
        "started_at": started_at,
        "finished_at": started_at + timedelta(hours=1),
        "created_at": at,
        "updated_at": started_at + timedelta(hours=1),
        **{state.value: states.count(state) for state in RecipientState},
    }


def _numbers(house: House, campaign_id: UUID) -> dict[UUID, int]:
    """The number that the database gave each recipient."""
    found = select(CampaignRecipient.person_id, CampaignRecipient.id).where(
        CampaignRecipient.campaign_id == campaign_id
    )
    return {row.person_id: row.id for row in house.session.execute(found)}


def _news(
    house: House, person: Person, recipient: Row, number: int, version_id: UUID
) -> dict[str, Any]:
    status = _MESSAGES[recipient["state"]]
    words = _NEWS.format(first_name=person.name.split()[0])
    sent_at = recipient["updated_at"] - timedelta(minutes=20)
    row = _message(house, person, words, sent_at, status)
    id_ = recipient["message_id"]
    failed = status is MessageStatus.UNDELIVERED
    return row | {
        "id": id_,
        "body_sealed": seal(house.vault, Body(words), row=id_),
        "error_code": 30003 if failed else None,
        "reason": "the phone is off or out of reach" if failed else None,
        "campaign_recipient_id": number,
        "template_version_id": version_id,
        "sent_by": house.staff[Role.COMMUNICATIONS].id,
    }
