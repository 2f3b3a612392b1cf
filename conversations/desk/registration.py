"""What registration asks of the house."""

from contextlib import suppress
from datetime import date
from uuid import UUID

from conversations.desk import Answers, Desk, Outcome
from conversations.desk.appointments import recognise
from conversations.desk.proof import is_locked, wrong
from crm import directory, patients, referrals
from crm.kit.errors import DomainError
from crm.models import HolderRole

_NAMESAKE = "namesake"
"""What is counted when a name is told with another day of birth: it may be a guess."""


def find_hospitals(desk: Desk, answers: Answers) -> Outcome:
    """Where they may be seen, those of their own state first."""
    known = directory.of(desk.session).hospitals
    ordered = sorted(known, key=lambda hospital: hospital.state != answers.get("state"))
    rows = [[str(each.id), each.name, *desk.where(each.address)] for each in ordered]
    return ("one", rows[0]) if len(rows) == 1 else ("several", rows)


def find_guardian(desk: Desk, answers: Answers) -> Outcome:
    """Who speaks for a minor: the phone's own person of age, at whose home the child is taken."""
    grown = [
        patient
        for patient, role in desk.held()
        if role is HolderRole.SELF and not _is_minor(desk, patient)
    ]
    places = {place.id: place for place in directory.of(desk.session).hospitals}
    for patient in grown:
        place = places.get(patient.home_hospital_id) if patient.home_hospital_id else None
        if patient.state and place:
            answers["state"] = patient.state
            answers["hospital"], answers["hospital_name"] = str(place.id), place.name
            return "at_home", None
    return ("found" if grown else "missing"), None


def find_code(desk: Desk, answers: Answers) -> Outcome:
    """A friend's code, asked for once, of the first person on a phone."""
    if desk.held():
        return "needless", None
    code = answers.get("code")
    if code is None:
        return "unsaid", None
    if referrals.is_known(desk.session, code):
        return "known", None
    answers.pop("code")
    return "unknown", code


def register(desk: Desk, answers: Answers) -> Outcome:
    """Write the patient down with their consent; the phone now speaks for them."""
    written = []
    if answers.get("guardian"):
        named, born_on = answers["guardian"], answers["guardian_born_on"]
        written.append(_write(desk, answers, named, born_on, HolderRole.SELF))
    is_own = not desk.held() and not answers.get("is_for_other")
    role = HolderRole.SELF if is_own else HolderRole.FAMILY
    asked = _write(desk, answers, answers["name"], answers["born_on"], role)
    written.append(asked)
    patient = asked.patient
    if answers.get("code") and asked.is_new:
        _join(desk, answers["code"], patient)
    desk.talk.patient_id = patient.id
    known = map(UUID, desk.talk.context.get("known", ()))
    recognise(desk, [*known, *(each.patient.id for each in written)])
    said = [str(patient.id), patient.first_name, asked.role.value]
    return ("registered" if asked.is_new else "known_before"), said


def _write(
    desk: Desk, answers: Answers, name: str, born_on: str, role: HolderRole
) -> patients.Registered:
    registered = patients.register(
        desk.session,
        address_id=desk.talk.address_id,
        full_name=name,
        born_on=date.fromisoformat(born_on),
        state=answers["state"],
        home_hospital_id=UUID(answers["hospital"]),
        language=desk.language,
        role=role,
        wording=answers.get("consent", "family-2026-11"),
        source=desk.channel.value,
        proof_message_id=desk.message_id,
        now=desk.now,
        may_be_known=not is_locked(desk, _NAMESAKE),
    )
    if registered.has_namesake:
        wrong(desk, _NAMESAKE)
    desk.known.clear()
    return registered


def _join(desk: Desk, code: str, patient: patients.Held) -> None:
    """Who brought them; a code that cannot count does not stand in anybody's way."""
    with suppress(DomainError), desk.session.begin_nested():
        referrals.join(desk.session, code=code, friend_id=patient.id, now=desk.now)


def _is_minor(desk: Desk, patient: patients.Held) -> bool:
    return patients.is_minor(patients.born_on(desk.session, patient), now=desk.now)
