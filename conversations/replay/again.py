"""Playing it again: each message at the time it came, against today's code."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from conversations import engine
from conversations.desk import Desk
from conversations.engine import House
from conversations.minutes import Minutes
from conversations.replay.past import Asked, Heard, Past, recall, shown
from crm.inbox import Talk
from crm.models import AddressHolder, Answering, Owner, OwnerAddress, Patient

_NOTHING = "(nothing)"


@dataclass(frozen=True, slots=True)
class Turn:
    """One message, what was said back then, and what would be said now."""

    number: int
    at: datetime
    words: str
    then: str
    now: str
    asks_house: bool
    """True when today's code asked the house something that was not asked then."""

    @property
    def differs(self) -> bool:
        """True when the person would hear something else."""
        return self.then != self.now


def replay(session: Session, talk_id: UUID, house: House, *, since: int = 0) -> list[Turn]:
    """Play a conversation; the turns from `since` on. Undo the session's work afterwards.

    A message is played from its words, at its own time, on what the house answered then. Raises
    NoSuchTalk.
    """
    past = recall(session, talk_id)
    return [turn for turn in _turns(session, past, house) if turn.number >= since]


def _turns(session: Session, past: Past, house: House) -> Iterator[Turn]:
    talk, asked = _fresh(past), list[Asked]()
    for event in past.events:
        if isinstance(event, Asked):
            asked.append(event)
            continue
        if talk.heard_at is None:
            talk.language = event.kept.get("language")
        _as_it_was(talk, event, asked)
        yield _turn(session, talk, event, past, house)


def _fresh(past: Past) -> Talk:
    nothing: dict[str, Any] = dict.fromkeys(Talk.__dataclass_fields__)
    known = {"id": past.talk_id, "address_id": past.address_id, "is_owner": past.is_owner}
    start = {"answering": Answering.BOT, "turn": 0, "is_suppressed": False, "context": {}}
    return Talk(**(nothing | known | start))


def _as_it_was(talk: Talk, heard: Heard, asked: list[Asked]) -> None:
    """What others had done by then: a person who answered, messages of ours that asked."""
    talk.turn = heard.turn
    is_by_a_person = heard.route == "silence" and not heard.said.opt_out
    if is_by_a_person:
        talk.answering = Answering.PERSON
    elif talk.answering is Answering.PERSON:
        talk.answering, talk.dialogue, talk.state = Answering.BOT, None, None
    open_ = [each for each in asked if each.answered_at is None or each.answered_at >= heard.at]
    reminders = [each for each in asked if each.kind == "reminder"]
    if reminders and reminders[-1].at != talk.reminded_at:
        asked[:] = [each for each in asked if each.kind != "reminder"]
        talk.reminded_of, talk.reminded_at = reminders[-1].about, min(reminders[-1].at, heard.at)
    newest = next((each for each in reversed(open_) if each.kind != "reminder"), None)
    talk.question = newest.kind if newest else None
    talk.question_about = newest.about if newest else None
    talk.question_at = min(newest.at, heard.at) if newest else None


def _turn(session: Session, talk: Talk, heard: Heard, past: Past, house: House) -> Turn:
    minutes = Minutes(given=list(heard.kept.get("house", ())))
    desk = Desk(
        session,
        talk,
        past.channel,
        heard.id,
        house.languages,
        house.links,
        heard.at,
        numbers=house.numbers,
        known=_known(session, talk.address_id, heard),
        minutes=minutes,
    )
    now = _play(session, desk, heard)
    then = _NOTHING if heard.route == "silence" else past.replies.get(heard.turn + 1, _NOTHING)
    words = heard.said.text or heard.said.payload or f"({heard.said.media or 'not kept'})"
    return Turn(heard.turn + 1, heard.at, words, then, now, bool(minutes.asked))


def _play(session: Session, desk: Desk, heard: Heard) -> str:
    try:
        with session.begin_nested():
            _, reply = engine.play(desk, heard.said)
    except Exception as error:  # noqa: BLE001 -- a turn that breaks is a difference to show
        return f"(it breaks: {type(error).__name__}: {error})"
    if reply is None:
        return _NOTHING
    # As it was posted: what is made of it when it is sealed and opened again.
    return shown(reply.text, reply.options)


def _known(session: Session, address_id: UUID, heard: Heard) -> dict[Any, Any]:
    """Whom the phone spoke for then: as it was read, or else by when it became theirs."""
    return {
        "held": _held(session, address_id, heard),
        "owners": _owners(session, address_id, heard),
    }


def _held(session: Session, address_id: UUID, heard: Heard) -> list[Any]:
    found = (
        select(Patient, AddressHolder.role)
        .join(AddressHolder, AddressHolder.patient_id == Patient.id)
        .where(AddressHolder.address_id == address_id)
    )
    met = heard.kept.get("held")
    if met is None:
        rows = session.execute(found.where(AddressHolder.since <= heard.at)).all()
        return [tuple(row) for row in rows]
    by_id = {str(row[0].id): tuple(row) for row in session.execute(found)}
    return [by_id[id_] for id_ in met if id_ in by_id]


def _owners(session: Session, address_id: UUID, heard: Heard) -> list[Owner]:
    found = (
        select(Owner)
        .join(OwnerAddress, OwnerAddress.owner_id == Owner.id)
        .where(OwnerAddress.address_id == address_id)
    )
    met = heard.kept.get("owners")
    if met is None:
        return list(session.scalars(found.where(OwnerAddress.since <= heard.at)))
    by_id = {str(owner.id): owner for owner in session.scalars(found)}
    return [by_id[id_] for id_ in met if id_ in by_id]
