"""What "why did I get this?" asks of the house."""

from datetime import datetime

from bot.texts import dates
from conversations.desk import Answers, Desk, Outcome
from crm import communications, consents, gate
from crm.gate import Asked
from crm.kit.clock import lagos
from crm.models import Consent, Message

_WAYS = ("whatsapp", "sms", "desk", "email")


def look_back(desk: Desk, answers: Answers) -> Outcome:
    """The last message we sent of our own accord, its ground, and whether that still stands."""
    del answers
    talk = desk.talk
    message = communications.last_unasked(
        desk.session,
        address_id=talk.address_id,
        conversation_id=talk.id,
        patient_ids=[patient.id for patient, _ in desk.held()],
        owner_ids=[owner.id for owner in desk.owners()],
    )
    if message is None:
        return "nothing", None
    ground = consents.ground(desk.session, talk.address_id, message.purpose.value)
    return "found", {
        "purpose": message.purpose.value,
        "day": _day(message.due_at, desk.language),
        "time": dates.clock(lagos(message.due_at).time(), desk.language),
        "ground": _as_answer(ground, desk.language),
        "is_of_owner": message.owner_id is not None,
        "is_stopped": _is_stopped(desk, message),
    }


def _as_answer(ground: Consent | None, language: str) -> dict[str, str] | None:
    if ground is None:
        return None
    return {
        "way": ground.source if ground.source in _WAYS else "else",
        "day": _day(ground.at, language),
    }


def _is_stopped(desk: Desk, message: Message) -> bool:
    """What the gate would say to such a message now."""
    asked = Asked(desk.talk.address_id, message.patient_id, message.owner_id, message.purpose)
    steps = gate.explain(gate.load(desk.session, [asked])[0], purpose=message.purpose, now=desk.now)
    return any(
        step.verdict.kind is gate.Kind.STOP
        for step in steps
        if step.name in ("suppression", "consent")
    )


def _day(moment: datetime, language: str) -> str:
    return dates.day(lagos(moment).date(), language)
