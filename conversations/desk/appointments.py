"""What "my appointments" and reminder answers ask of the house."""

from typing import Any
from uuid import UUID

from conversations.desk import Answers, Desk, Outcome
from conversations.desk.identity import check_birth_date, recognise, recognised
from crm import appointments, directory
from crm.appointments import TooLate, Visit
from crm.models import AppointmentStatus, Hospital

_LIST = 9

__all__ = ["check_birth_date", "recognise", "recognised"]


def identify(desk: Desk, answers: Answers) -> Outcome:
    """Whose visits: a phone alone is told the next time; more takes a date of birth."""
    del answers
    if recognised(desk) != "unknown":
        return recognised(desk), None
    held = [patient.id for patient, _ in desk.held()]
    coming = appointments.upcoming(desk.session, held, now=desk.now, limit=1)
    return ("unknown", coming[0].starts_at.isoformat()) if coming else ("no_visits", None)


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
    id_ = UUID(answers["visit"]["hospital_id"])
    open_ = directory.of(desk.session).hospital(id_)
    hospital = open_ or desk.session.get_one(Hospital, id_)
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
        "when": answers.get("when"),
    }


def find_visit(desk: Desk, answers: Answers) -> Outcome:
    """The visit a reminder spoke of, if it is still to come and this phone's."""
    held = {patient.id for patient, _ in desk.held()}
    visit = appointments.view(desk.session, UUID(answers["about"]))
    if visit is None or visit.patient_id not in held or not _is_live(desk, visit):
        return "passed", None
    return "found", as_answer(visit)


def as_answer(visit: Visit) -> dict[str, Any]:
    """A visit in the form the answers keep."""
    return {
        "id": str(visit.id),
        "starts_at": visit.starts_at.isoformat(),
        "hospital": visit.hospital,
        "hospital_id": str(visit.hospital_id),
        "patient": visit.patient_first_name,
        "reference": visit.reference,
        "number": visit.queue_number,
    }


def _visit(desk: Desk, answers: Answers) -> Visit | None:
    visit = appointments.view(desk.session, UUID(answers["visit"]["id"]))
    return visit if visit and _is_live(desk, visit) else None


def _is_live(desk: Desk, visit: Visit) -> bool:
    return visit.status is AppointmentStatus.BOOKED and visit.starts_at > desk.now
