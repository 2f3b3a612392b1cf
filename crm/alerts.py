"""Alerts: a person of the house is told, by text message to the hospital's desk."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.channels.carrier import Channel
from bot.texts import dates, say
from crm import addresses, outbox
from crm.inbox import Talk
from crm.models import Address, Answering, Conversation, Hospital, Lane, Owner, Patient, Purpose

AGAIN = timedelta(minutes=30)
NO_LONGER = timedelta(hours=4)
"""A desk that has not come after eight alerts is not told a ninth time."""


def ask_for_person(
    session: Session, talk: Talk | Conversation, *, reason: str, now: datetime
) -> Hospital:
    """Put the talk in the line that waits for a person and tell the desk. Returns whose desk.

    The line is served oldest first; asking again does not lose one's place. A talk that a person
    answers already stays with them.
    """
    if talk.answering is not Answering.PERSON:
        talk.answering = Answering.WAITING
        talk.waiting_since = talk.waiting_since or now
        talk.waiting_reason = reason
    return tell_desk(session, talk, reason=reason, now=now)


def tell_desk(
    session: Session, talk: Talk | Conversation, *, reason: str, now: datetime
) -> Hospital:
    """Post the alert. It names the channel and the number's last digits, nobody's name."""
    hospital = desk_of(session, talk)
    talk.alerted_at = now
    key = "asked_owner" if talk.owner_id and reason == "asked" else reason
    if hospital.desk_phone:
        desk = addresses.find_or_make(session, Channel.SMS, hospital.desk_phone, now=now)
        outbox.post(
            session,
            address_id=desk.id,
            channel=Channel.SMS,
            text=say("alert", key, "en", Channel.SMS, **_whom(session, talk, hospital, now)),
            purpose=Purpose.ALERT,
            lane=Lane.URGENT,
            now=now,
        )
    return hospital


def remind_desk(session: Session, *, now: datetime) -> int:
    """Tell the desk again of each talk that has waited half an hour since it was last told."""
    waiting = session.scalars(
        select(Conversation)
        .where(
            Conversation.answering == Answering.WAITING,
            Conversation.alerted_at < now - AGAIN,
            Conversation.waiting_since > now - NO_LONGER,
        )
        .with_for_update(skip_locked=True)
        .limit(100)
    ).all()
    for talk in waiting:
        tell_desk(session, talk, reason="asked", now=now)
    session.flush()
    return len(waiting)


def desk_of(session: Session, talk: Talk | Conversation) -> Hospital:
    """The home hospital of the owner or patient who speaks, or the group's first."""
    home = select(Patient.home_hospital_id).where(Patient.id == talk.patient_id)
    if talk.owner_id:
        home = select(Owner.hospital_id).where(Owner.id == talk.owner_id)
    return session.scalars(
        select(Hospital)
        .where(Hospital.is_active)
        .order_by((Hospital.id == home.scalar_subquery()).desc().nulls_last(), Hospital.position)
        .limit(1)
    ).one()


def _whom(
    session: Session, talk: Talk | Conversation, hospital: Hospital, now: datetime
) -> dict[str, str]:
    address = session.get_one(Address, talk.address_id)
    value = addresses.value_of(session, address)
    channel = "WhatsApp" if address.channel is Channel.WHATSAPP else "SMS"
    return {
        "hospital": hospital.name,
        "channel": channel,
        "last4": value[-4:],
        "when": dates.moment(now),
    }
