"""Whose records may be seen: a phone alone is told little, a date of birth opens the rest."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from bot.channels.carrier import Option
from conversations.desk import Answers, Desk, Outcome
from conversations.desk.proof import is_known, is_locked, wrong
from conversations.desk.proof import recognise as remember
from conversations.understand import mentions, whom
from crm import patients
from crm.models import HolderRole
from crm.patients import Held

_WHOM = "patient"
_MOST = 9


def identify(desk: Desk, answers: Answers) -> Outcome:
    """Whether this phone's person has said a date of birth in this conversation."""
    del answers
    return recognised(desk), None


def recognised(desk: Desk) -> str:
    """How far we know who writes: nobody of ours, known, unknown, or locked for a while."""
    if not desk.held():
        return "nobody"
    if is_known(desk, _WHOM):
        return "known"
    return "locked" if is_locked(desk, _WHOM) else "unknown"


def check_birth_date(desk: Desk, answers: Answers) -> Outcome:
    """The phone's own person may see the family's records, anyone else their own."""
    said = date.fromisoformat(answers.pop("born_on"))
    held = desk.held()
    matching = [
        (patient, role) for patient, role in held if patients.born_on(desk.session, patient) == said
    ]
    if not matching:
        return wrong(desk, _WHOM)
    is_own = any(role is HolderRole.SELF for _, role in matching)
    recognise(desk, [patient.id for patient, _ in (held if is_own else matching)])
    return "right", None


def find_people(desk: Desk, answers: Answers) -> Outcome:
    """Whom it is about: the one they named, or the only one, or they are asked."""
    seen = may_see(desk)[:_MOST]
    rows = [[str(patient.id), patient.first_name] for patient in seen]
    meant = _meant(desk, answers.get("wish") or "", seen)
    if meant or len(rows) == 1:
        return "one", meant or rows[0]
    return "several", rows


def recognise(desk: Desk, patient_ids: Sequence[UUID]) -> None:
    """Remember for this conversation whose records the person may see."""
    desk.talk.context["known"] = [str(id_) for id_ in patient_ids]
    remember(desk, _WHOM)


def may_see(desk: Desk) -> list[Held]:
    """The patients of this phone whose records may be seen now."""
    if not is_known(desk, _WHOM):
        return []
    known = set(desk.talk.context.get("known", ()))
    return [patient for patient, _ in desk.held() if str(patient.id) in known]


def patient_of(desk: Desk, answers: Answers) -> Held | None:
    """The patient a talk is about, if their records may be seen now."""
    return next((p for p in may_see(desk) if str(p.id) == answers.get("patient")), None)


def _meant(desk: Desk, said: str, seen: Sequence[Held]) -> list[str] | None:
    named = mentions(said, [Option(str(patient.id), patient.first_name) for patient in seen])
    roles = {patient.id: role for patient, role in desk.held()}
    own = [patient for patient in seen if roles[patient.id] is HolderRole.SELF]
    if named is None and whom(said) == "self" and len(own) == 1:
        named = str(own[0].id)
    return next(([named, p.first_name] for p in seen if str(p.id) == named), None)
