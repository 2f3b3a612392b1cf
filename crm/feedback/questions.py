"""What a survey question has: five answers, an address that can give them, the gate's word."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.channels.carrier import Channel, Option
from bot.texts import say
from crm import gate
from crm.gate import Asked
from crm.kit.ids import uuid7
from crm.kit.tokens import Links
from crm.models import Address, Conversation, Purpose

SCORES = range(1, 6)


def options(prefix: str, language: str, channel: Channel) -> tuple[Option, ...]:
    """The five answers, worst first, so that a digit on the phone is the score itself."""
    return tuple(
        Option(f"{prefix}|{score}", say("options", f"rate_{score}", language, channel))
        for score in SCORES
    )


def answerable(addresses: Iterable[Address], *, forms: Links | None) -> Address | None:
    """The first of these addresses from which an answer can come.

    With `forms` text messages hear none; they are the last resort then, and carry a link.
    """
    chatted = [each for each in addresses if each.channel in (Channel.WHATSAPP, Channel.SMS)]
    if forms:
        chatted.sort(key=lambda each: each.channel is Channel.SMS)
    return chatted[0] if chatted else None


def refusal(
    session: Session,
    address_id: UUID,
    *,
    now: datetime,
    patient_id: UUID | None = None,
    owner_id: UUID | None = None,
) -> str | None:
    """Why the gate would stop a survey to this address; None when it may go, now or later."""
    asked = Asked(address_id, patient_id, owner_id, Purpose.SURVEY)
    verdict = gate.verdict(gate.load(session, [asked])[0], purpose=Purpose.SURVEY, now=now)
    return verdict.reason if verdict.kind is gate.Kind.STOP else None


def talk_with(session: Session, address_id: UUID) -> UUID:
    """The talk the question belongs to, made when it is the first."""
    made = insert(Conversation).values(id=uuid7(), address_id=address_id)
    session.execute(made.on_conflict_do_nothing())
    found = select(Conversation.id).where(Conversation.address_id == address_id)
    return session.scalars(found).one()
