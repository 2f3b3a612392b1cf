"""The demo's talks: what some of its people wrote in the last hours, really played.

So the desk has conversations to look at, one of them waiting for a person, and each can be played
again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session
from structlog.contextvars import unbind_contextvars

from bot.channels.carrier import Channel
from conversations.engine import House, take_turn
from conversations.said import Said
from crm import addresses, bank_accounts, patients
from crm.kit.ids import uuid7
from crm.models import (
    Address,
    AddressHolder,
    Conversation,
    Owner,
    OwnerAddress,
    Patient,
    PatientStatus,
)

_FIRST = "1"
# "{secret}" is the date of birth, or the last digits of an owner's account; the first option is
# picked as often as one is offered.
OF_PATIENTS: Sequence[tuple[str, ...]] = (
    ("I wan see doctor tomorrow morning", "gp", *[_FIRST] * 5, "my appointments", "{secret}"),
    ("how many points i get", "{secret}", "history", "rewards"),
    ("hello", "abeg I wan ask something", "una get ambulance?", "menu"),
    ("pidgin", "book for friday", *[_FIRST] * 5, "thank you"),
    ("my settings", "{secret}", "no messages from 9pm to 7am"),
    ("hausa", "english", "invite a friend", "{secret}", "yes"),
    ("why did I get this?", "what do you know about me", "{secret}"),
    ("my wife is bleeding", "go on"),
    ("my bill is not correct", "I want to talk to a person", "it is about the scan of last week"),
)
OF_OWNERS: Sequence[tuple[str, ...]] = (
    ("BAL", "{secret}", "contract"),
    ("PAYOUT", "{secret}", "the amount is wrong"),
)
_APART, _PAUSE = timedelta(minutes=25), timedelta(seconds=25)
_LEFT_TO_VISITORS = 2  # the second of the owners has the phone that visitors hold
_LANGUAGES = ("en", "pcm")
# It went out when it was said: nothing is left for a carrier to do.
_SENT = text("""
    update messages
    set status = 'delivered', attempts = 1, status_at = due_at + interval '2 seconds',
        provider_id = 'SM' || md5(id::text)
    where id >= :since and direction = 'out' and status = 'queued' and due_at <= :now
""")


@dataclass(frozen=True, slots=True)
class Speaker:
    """Somebody with a phone, and what proves who they are."""

    address: Address
    secret: str


def play(session: Session, house: House, *, now: datetime) -> int:
    """Let them talk, one after the other until a little before now; returns how many messages."""
    since, talks = uuid7(), list(_talks(session))
    began_at = now - len(talks) * _APART
    said = sum(
        _talk(session, house, speaker, words, at=began_at + number * _APART)
        for number, (speaker, words) in enumerate(talks)
    )
    unbind_contextvars("conversation_id", "message_id", "turn")
    session.execute(_SENT, {"since": since, "now": now})
    session.info.pop("lanes", None)
    return said


def _talks(session: Session) -> Iterator[tuple[Speaker, tuple[str, ...]]]:
    """Owners early, patients after them: who waits for a person came last."""
    yield from zip(_owners(session), OF_OWNERS, strict=False)
    yield from zip(_patients(session), OF_PATIENTS, strict=False)


def _talk(
    session: Session, house: House, speaker: Speaker, words: Sequence[str], *, at: datetime
) -> int:
    number = addresses.value_of(session, speaker.address)
    asked = select(Conversation.dialogue).where(Conversation.address_id == speaker.address.id)
    said = 0
    for each in words:
        if each == _FIRST and session.scalar(asked) is None:
            continue
        message = Said(
            "demo",
            f"SM{uuid7().hex}",
            speaker.address.channel,
            number,
            each.format(secret=speaker.secret),
        )
        take_turn(session, message, house, now=at + said * _PAUSE)
        said += 1
    return said


def _patients(session: Session) -> Iterator[Speaker]:
    """People of age who share their phone with nobody and read what is offered everywhere."""
    alone = (
        select(AddressHolder.address_id)
        .group_by(AddressHolder.address_id)
        .having(func.count() == 1)
    )
    found = session.execute(
        select(Address, Patient)
        .join(AddressHolder, AddressHolder.address_id == Address.id)
        .join(Patient, Patient.id == AddressHolder.patient_id)
        .where(Address.id.in_(alone), Address.channel != Channel.EMAIL)
        .where(Patient.status == PatientStatus.ACTIVE, Patient.language.in_(_LANGUAGES))
        .order_by(Patient.id.desc())
        .limit(len(OF_PATIENTS))
    )
    for address, patient in found:
        born = patients.born_on(session, patient)
        yield Speaker(address, f"{born:%d/%m/%Y}" if born else "")


def _owners(session: Session) -> Iterator[Speaker]:
    found = session.execute(
        select(Address, Owner.id)
        .join(OwnerAddress, OwnerAddress.address_id == Address.id)
        .join(Owner, Owner.id == OwnerAddress.owner_id)
        .where(Address.channel != Channel.EMAIL)
        .order_by(Owner.id)
        .offset(_LEFT_TO_VISITORS)
        .limit(len(OF_OWNERS))
    )
    for address, owner_id in found:
        account = bank_accounts.active(session, owner_id)
        yield Speaker(address, account.number_last4 if account else "")
