"""Talks as the desk sees them: who waits, what was said, taken over, answered, handed back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, true
from sqlalchemy.orm import Session

from bot.channels.carrier import Channel
from crm import addresses, gate, outbox, owners, patients
from crm.inbox import BODY
from crm.kit.crypto import Vault
from crm.kit.errors import DomainError, NotFound
from crm.kit.paging import Found, PageRequest, keyset
from crm.kit.permissions import Actor, Permission, Scope
from crm.models import (
    Address,
    AddressHolder,
    Answering,
    Conversation,
    Direction,
    Hospital,
    Lane,
    Message,
    Misheard,
    Owner,
    OwnerAddress,
    Patient,
    Purpose,
)


class TakenByAnother(DomainError):
    """Somebody else answers this talk already."""

    code = "taken_by_another"


class NotTaken(DomainError):
    """Take the talk over before you write in it."""

    code = "not_taken"


class WindowClosed(DomainError):
    """The person wrote more than a day ago: WhatsApp takes only templates now."""

    code = "window_closed"


@dataclass(frozen=True, slots=True)
class Talk:
    """A talk with whom it is with."""

    row: Conversation
    channel: Channel
    number: str
    """Whole; the door masks it."""
    people: Sequence[str]


@dataclass(frozen=True, slots=True)
class Line:
    """One message of a talk, opened."""

    row: Message
    text: str
    options: Sequence[str]


def visible(scope: Scope, *, by: Actor) -> ColumnElement[bool]:
    """Talks with people of the scope; those with people nobody knows are the first hospital's.

    While an owner speaks in it, a talk is about money: only who may know owners sees it.
    """
    is_open_to = true() if by.may(Permission.OWNERS_READ) else Conversation.owner_id.is_(None)
    return and_(_of_scope(scope), is_open_to)


def _of_scope(scope: Scope) -> ColumnElement[bool]:
    if scope.hospitals is None:
        return true()
    held = select(OwnerAddress.owner_id).where(OwnerAddress.address_id == Conversation.address_id)
    of_our_owners = (
        select(Owner.id)
        .where(Owner.id.in_(held), owners.visible(scope))
        .exists()
        .correlate(Conversation)
    )
    holders = select(AddressHolder.patient_id).where(
        AddressHolder.address_id == Conversation.address_id
    )
    of_ours = (
        select(Patient.id)
        .where(Patient.id.in_(holders), patients.visible(scope))
        .exists()
        .correlate(Conversation)
    )
    first = select(Hospital.id).where(Hospital.is_active).order_by(Hospital.position).limit(1)
    answers_strangers = first.scalar_subquery().in_(scope.hospitals or {UUID(int=0)})
    is_stranger = ~holders.exists() & ~held.exists()
    return or_(of_ours, of_our_owners, and_(is_stranger, answers_strangers))


def search(
    session: Session,
    *,
    scope: Scope,
    by: Actor,
    page: PageRequest,
    answering: Answering | None = None,
    assigned_to: UUID | None = None,
) -> Found[Talk]:
    """Talks in scope, the newest heard first; `answering` "waiting" is the line before the desk."""
    found = select(Conversation).where(visible(scope, by=by), Conversation.heard_at.is_not(None))
    if answering:
        found = found.where(Conversation.answering == answering)
    if assigned_to:
        found = found.where(Conversation.assigned_to == assigned_to)
    rows = keyset(session, found, page, Conversation.heard_at.desc(), Conversation.id)
    return Found(_with_people(session, rows.items), rows.next_cursor)


def get(session: Session, talk_id: UUID, *, scope: Scope, by: Actor) -> Talk:
    """One talk. Raises NotFound."""
    return _with_people(session, [_row(session, select(Conversation), talk_id, scope, by)])[0]


def lines(session: Session, talk: Talk, *, by: Actor, page: PageRequest) -> Found[Line]:
    """What was said in it, newest first; what an owner said is for who may know owners."""
    found = select(Message).where(Message.conversation_id == talk.row.id)
    if not by.may(Permission.OWNERS_READ):
        found = found.where(Message.owner_id.is_(None))
    rows = keyset(session, found, page, Message.id.desc())
    vault: Vault = session.info["vault"]
    return Found([_opened(vault, row) for row in rows.items], rows.next_cursor)


def take_over(session: Session, talk_id: UUID, *, scope: Scope, by: Actor, now: datetime) -> Talk:
    """Let a person answer from now on; the bot is silent. Twice by the same is once.

    Raises TakenByAnother, NotFound.
    """
    row = _locked(session, talk_id, scope, by)
    if row.answering is Answering.PERSON and row.assigned_to != by.id:
        raise TakenByAnother("A colleague answers this talk already.", assigned_to=row.assigned_to)
    row.answering, row.assigned_to, row.updated_at = Answering.PERSON, by.id, now
    row.waiting_since = row.waiting_reason = row.alerted_at = None
    session.flush()
    return _with_people(session, [row])[0]


def reply(
    session: Session, talk_id: UUID, words: str, *, scope: Scope, by: Actor, now: datetime
) -> UUID:
    """Write in a talk that one has taken over; returns the message's id.

    Raises NotTaken, TakenByAnother, WindowClosed, NotFound.
    """
    row = _locked(session, talk_id, scope, by)
    if row.answering is not Answering.PERSON:
        raise NotTaken("Take the talk over before you write in it.")
    if row.assigned_to != by.id:
        raise TakenByAnother("A colleague answers this talk already.", assigned_to=row.assigned_to)
    address = session.get_one(Address, row.address_id)
    is_open = row.heard_at is not None and now < row.heard_at + gate.WINDOW
    if address.channel is Channel.WHATSAPP and not is_open:
        raise WindowClosed("More than a day has passed: send a template, or call.")
    return outbox.post(
        session,
        address_id=row.address_id,
        channel=address.channel,
        text=words,
        purpose=Purpose.REPLY,
        lane=Lane.URGENT,
        conversation_id=row.id,
        patient_id=row.patient_id,
        owner_id=row.owner_id,
        sent_by=by.id,
        now=now,
    )


def hand_back(session: Session, talk_id: UUID, *, scope: Scope, by: Actor, now: datetime) -> Talk:
    """Let the bot answer again, where it stopped. Raises TakenByAnother, NotFound."""
    row = _locked(session, talk_id, scope, by)
    if row.answering is Answering.PERSON and row.assigned_to != by.id:
        raise TakenByAnother("A colleague answers this talk already.", assigned_to=row.assigned_to)
    row.answering, row.assigned_to, row.updated_at = Answering.BOT, None, now
    row.waiting_since = row.waiting_reason = row.alerted_at = None
    session.flush()
    return _with_people(session, [row])[0]


# -- what was not understood -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """Words that a question could not use, and how often that question was missed."""

    question: str
    language: str
    count: int
    examples: Sequence[str]


_EXAMPLES = 10


def not_understood(session: Session, *, since: datetime) -> list[NotUnderstood]:
    """The questions that were missed most, with their newest words, opened."""
    counted = session.execute(
        select(Misheard.question, Misheard.language, func.count().label("n"))
        .where(Misheard.at >= since)
        .group_by(Misheard.question, Misheard.language)
        .order_by(func.count().desc(), Misheard.question)
        .limit(50)
    ).all()
    return [
        NotUnderstood(row.question, row.language, row.n, _examples(session, row, since))
        for row in counted
    ]


def _examples(session: Session, row: Any, since: datetime) -> list[str]:
    vault: Vault = session.info["vault"]
    newest = session.scalars(
        select(Misheard)
        .where(Misheard.question == row.question, Misheard.language == row.language)
        .where(Misheard.at >= since)
        .order_by(Misheard.id.desc())
        .limit(_EXAMPLES)
    )
    return [vault.open(each.text_sealed, where="misheard.text", row=each.id) for each in newest]


# -- helpers ---------------------------------------------------------------------------------------


def _row(
    session: Session, query: Select[Conversation], talk_id: UUID, scope: Scope, by: Actor
) -> Conversation:
    row = session.scalar(query.where(Conversation.id == talk_id, visible(scope, by=by)))
    if row is None:
        raise NotFound("There is no such talk.")
    return row


def _locked(session: Session, talk_id: UUID, scope: Scope, by: Actor) -> Conversation:
    # A turn that is being taken ends first; then the bot is silent.
    query = select(Conversation).with_for_update(key_share=True)
    return _row(session, query.execution_options(populate_existing=True), talk_id, scope, by)


def _with_people(session: Session, rows: Sequence[Conversation]) -> list[Talk]:
    """The talks with their numbers and names: three queries, however many."""
    ids = [row.address_id for row in rows]
    found = {each.id: each for each in session.scalars(select(Address).where(Address.id.in_(ids)))}
    names: dict[UUID, list[str]] = {id_: [] for id_ in ids}
    for address_id, name in session.execute(
        select(AddressHolder.address_id, Patient.full_name)
        .join(Patient, Patient.id == AddressHolder.patient_id)
        .where(AddressHolder.address_id.in_(ids))
        .order_by(AddressHolder.role.desc(), Patient.full_name)
    ):
        names[address_id].append(name)
    for address_id, name in session.execute(
        select(OwnerAddress.address_id, Owner.name)
        .join(Owner, Owner.id == OwnerAddress.owner_id)
        .where(OwnerAddress.address_id.in_(ids))
        .order_by(Owner.name)
    ):
        names[address_id].append(name)
    return [
        Talk(
            row,
            found[row.address_id].channel,
            addresses.value_of(session, found[row.address_id]),
            names[row.address_id],
        )
        for row in rows
    ]


def _opened(vault: Vault, row: Message) -> Line:
    if row.body_sealed is None:
        return Line(row, "", ())
    if row.direction is Direction.IN:
        body = vault.open_json(row.body_sealed, where=BODY, row=row.id)
        return Line(row, body.get("text", ""), ())
    said = outbox.unseal(vault, row.body_sealed, row=row.id)
    return Line(row, said.text, [option.label for option in said.options])
