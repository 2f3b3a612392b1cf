"""What "my appointments" and reminder answers ask of the house."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from conversations.desk import Answers, Desk, Outcome
from crm import appointments, patients
from crm.appointments import TooLate, Visit
from crm.models import AppointmentStatus, HolderRole, Hospital

TRIES = 3
KNOWN_FOR = timedelta(hours=12)
LOCK = timedelta(minutes=30)
_LIST = 9


def identify(desk: Desk, answers: Answers) -> Outcome:
    """Whose visits: a phone alone is told the next time; more takes a date of birth."""
    del answers
    held = desk.held()
    if not held:
        return "nobody", None
    if desk.talk.context.get("known_until", "") > desk.now.isoformat():
        return "known", None
    if _is_locked(desk):
        return "locked", None
    coming = appointments.upcoming(
        desk.session, [patient.id for patient, _ in held], now=desk.now, limit=1
    )
    return ("unknown", coming[0].starts_at.isoformat()) if coming else ("no_visits", None)


def check_birth_date(desk: Desk, answers: Answers) -> Outcome:
    """The phone's own person may see the family's visits, anyone else their own."""
    said = date.fromisoformat(answers.pop("born_on"))
    held = desk.held()
    matching = [
        (patient, role) for patient, role in held if patients.born_on(desk.session, patient) == said
    ]
    if not matching:
        return _wrong(desk)
    is_own = any(role is HolderRole.SELF for _, role in matching)
    known = held if is_own else matching
    recognise(desk, [patient.id for patient, _ in known])
    desk.talk.context.pop("tries", None)
    return "right", None


def recognise(desk: Desk, patient_ids: Sequence[UUID]) -> None:
    """Remember for this conversation whose visits the person may see."""
    desk.talk.context["known"] = [str(id_) for id_ in patient_ids]
    desk.talk.context["known_until"] = (desk.now + KNOWN_FOR).isoformat()


def find_visits(desk: Desk, answers: Answers) -> Outcome:
    """What is coming up for those they may see."""
    del answers
    known = [UUID(id_) for id_ in desk.talk.context["known"]]
    coming = appointments.upcoming(desk.session, known, now=desk.now, limit=_LIST)
    rows = [as_answer(visit) for visit in coming]
    if not rows:
        return "no_visits", None
    return ("one", rows[0]) if len(rows) == 1 else ("several", rows)


def find_the_way(desk: Desk, answers: Answers) -> Outcome:
    """Where the hospital is."""
    hospital = desk.session.get_one(Hospital, UUID(answers["visit"]["hospital_id"]))
    way = {"hospital": hospital.name, "address": hospital.address, "phone": hospital.phone}
    calendar = desk.links.calendar(UUID(answers["visit"]["id"]))
    return "way", way | {"map": hospital.directions_url or "", "calendar": calendar}


def confirm_visit(desk: Desk, answers: Answers) -> Outcome:
    """They will come."""
    visit = _visit(desk, answers)
    if visit is None:
        return "passed", None
    appointments.confirm(desk.session, visit.id, now=desk.now)
    return "done", None


def cancel_visit(desk: Desk, answers: Answers) -> Outcome:
    """They will not come: the time is free for someone else."""
    visit = _visit(desk, answers)
    if visit is None:
        return "passed", None
    try:
        reason = answers.get("reason", "reminder")
        appointments.cancel(desk.session, visit.id, reason=reason, now=desk.now)
    except TooLate:
        return "too_late", None
    return "done", None


def take_to_booking(desk: Desk, answers: Answers) -> Outcome:
    """All that booking must know of the visit, so that it asks only for the new time."""
    visit = _visit(desk, answers)
    if visit is None:
        return "passed", None
    if not appointments.may_move(visit, now=desk.now):
        return "too_late", None
    return "ready", {
        "moving": str(visit.id),
        "patient": str(visit.patient_id),
        "patient_name": visit.patient_first_name,
        "hospital": str(visit.hospital_id),
        "hospital_name": visit.hospital,
        "service": str(visit.service_id),
        "service_name": visit.service,
        "practitioner": str(visit.practitioner_id),
        "when": None,
    }


def find_visit(desk: Desk, answers: Answers) -> Outcome:
    """The visit a reminder spoke of, if it is still to come and this phone's."""
    held = {patient.id for patient, _ in desk.held()}
    visit = appointments.view(desk.session, UUID(answers["about"]))
    if visit is None or visit.patient_id not in held or not _is_live(desk, visit):
        return "passed", None
    return "found", as_answer(visit)


def as_answer(visit: Visit) -> dict[str, str]:
    """A visit in the form the answers keep."""
    return {
        "id": str(visit.id),
        "starts_at": visit.starts_at.isoformat(),
        "hospital": visit.hospital,
        "hospital_id": str(visit.hospital_id),
        "patient": visit.patient_first_name,
        "reference": visit.reference,
    }


def _visit(desk: Desk, answers: Answers) -> Visit | None:
    visit = appointments.view(desk.session, UUID(answers["visit"]["id"]))
    return visit if visit and _is_live(desk, visit) else None


def _is_live(desk: Desk, visit: Visit) -> bool:
    return visit.status is AppointmentStatus.BOOKED and visit.starts_at > desk.now


def _is_locked(desk: Desk) -> bool:
    until = desk.talk.context.get("locked_until")
    return until is not None and desk.now.isoformat() < until


def _wrong(desk: Desk) -> Outcome:
    context: dict[str, Any] = desk.talk.context
    context["tries"] = context.get("tries", 0) + 1
    if context["tries"] >= TRIES:
        context["locked_until"] = (desk.now + LOCK).isoformat()
        context.pop("tries")
        return "locked", None
    return "wrong", TRIES - context["tries"]
