"""What booking asks of the house."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from conversations.desk import Answers, Desk, Outcome, naming
from conversations.understand import called
from crm import appointments, availability, directory
from crm.appointments import PatientBusy, SlotTaken
from crm.availability import Slot
from crm.kit.clock import at_lagos, lagos, lagos_day
from crm.kit.errors import DomainError
from crm.models import HolderRole

_LIST = 8
_DAYS = 7


def find_patients(desk: Desk, answers: Answers) -> Outcome:
    """For whom: the patients this phone speaks for."""
    if answers.get("patient"):
        return "one", [answers["patient"], answers["patient_name"]]
    held = desk.held()
    if not held:
        return "nobody", None
    rows = [[str(patient.id), patient.first_name] for patient, _ in held]
    named = naming.mentioned(answers, rows)
    if named:
        return "one", named
    likely = naming.those_meant(answers, held)
    asked = [[str(patient.id), patient.first_name] for patient, _ in likely] or rows
    # "For my daughter" need not mean the one child we know: only oneself is never somebody new.
    is_self = len(likely) == 1 and likely[0][1] is HolderRole.SELF
    return ("one", asked[0]) if is_self else ("several", asked)


def find_hospitals(desk: Desk, answers: Answers) -> Outcome:
    """Where: the one they named, else their home hospital, else all of them."""
    known = [answers.get("hospital"), answers.get("hospital_name")]
    if answers.get("moving"):
        return "one", known
    rows = [
        [str(h.id), h.name, *desk.where(h.address)] for h in directory.of(desk.session).hospitals
    ]
    answers["has_other_hospitals"] = len(rows) > 1
    found = naming.settled(answers, rows, known)
    if found:
        return "one", found
    home = None if answers.get("any_hospital") else _home_of(desk, answers)
    at_home = next((row for row in rows if row[0] == home), None)
    return ("one", at_home) if at_home else ("several", rows)


def find_services(desk: Desk, answers: Answers) -> Outcome:
    """What: the service they named, or the only one, or all of them."""
    known = [answers.get("service"), answers.get("service_name")]
    if answers.get("moving"):
        return "one", known
    offered = directory.of(desk.session).services.get(UUID(answers["hospital"]), ())
    rows = [[str(service.id), service.name] for service in offered]
    also = {str(service.id): service.synonyms for service in offered if service.synonyms}
    found = naming.settled(answers, rows, known, called(rows, also))
    return ("one", found) if found else ("several", {"services": rows, "also_called": also})


def find_practitioners(desk: Desk, answers: Answers) -> Outcome:
    """With whom: nobody is asked when only one person offers it."""
    if "practitioner" in answers:
        return "one", [answers["practitioner"], answers.get("practitioner_name", "")]
    offering = directory.of(desk.session).practitioners.get(UUID(answers["service"]), ())
    rows = [[str(practitioner.id), practitioner.name] for practitioner in offering]
    named = naming.mentioned(answers, rows)
    answers.pop("wish", None)
    answers.pop("earlier", None)
    if named or len(rows) == 1:
        return "one", named or rows[0]
    return ("several", rows) if rows else ("one", [None, ""])


def find_times(desk: Desk, answers: Answers) -> Outcome:
    """When: the days that have room, the times of a day, or the very time if it is free."""
    meant = answers.get("when") or {}
    if meant.get("first") is None:
        meant = _next_days_if_hours(meant, desk.now)
    if meant.get("first") is None:
        return _days(desk, answers, why=None)
    first, last = date.fromisoformat(meant["first"]), date.fromisoformat(meant["last"])
    if last < lagos_day(desk.now):
        return _days(desk, answers, why="day_passed", wished=meant["first"])
    if meant.get("at"):
        at = time.fromisoformat(meant["at"])
        if first == last:
            return _at(desk, answers, first, at)
        return _at_of_each_day(desk, answers, first, last, at)
    return _between(desk, answers, first, last, meant)


def hold_slot(desk: Desk, answers: Answers) -> Outcome:
    """Keep the time for ten minutes, as a row no one else can take."""
    slot = _slot(answers["slot"])
    try:
        held = appointments.hold(
            desk.session,
            patient_id=UUID(answers["patient"]),
            service=desk.service(answers["service"]),
            slot=slot,
            source=desk.channel.value,
            moving_id=_id(answers.get("moving")),
            is_offered=desk.known.get("free") == answers["slot"],
            now=desk.now,
        )
    except SlotTaken:
        return _alternatives(desk, answers, slot)
    except PatientBusy:
        return "busy", None
    except DomainError as refusal:
        return "refused", refusal.code
    return "held", str(held.id) if held else None


def book(desk: Desk, answers: Answers) -> Outcome:
    """Turn the hold into a booking, or move the visit that was asked about."""
    slot = _slot(answers["slot"])
    moving = _id(answers.get("moving"))
    try:
        booked = appointments.book(
            desk.session,
            patient_id=UUID(answers["patient"]),
            service=desk.service(answers["service"]),
            slot=slot,
            source=desk.channel.value,
            hold_id=_id(answers.get("hold")),
            moving_id=moving,
            now=desk.now,
        )
    except SlotTaken:
        return _alternatives(desk, answers, slot)
    except PatientBusy:
        return "busy", None
    except DomainError as refusal:
        return "refused", refusal.code
    return "moved" if moving else "booked", {
        "reference": booked.reference,
        "number": booked.queue_number,
    }


def drop_hold(desk: Desk, answers: Answers) -> Outcome:
    """Let go of a time they do not want after all."""
    if answers.get("hold"):
        appointments.release(desk.session, UUID(answers["hold"]), now=desk.now)
    return "dropped", None


def _home_of(desk: Desk, answers: Answers) -> str | None:
    held = desk.held()
    return next(
        (
            str(patient.home_hospital_id)
            for patient, _ in held
            if str(patient.id) == answers["patient"]
        ),
        None,
    )


def _next_days_if_hours(meant: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Hours without a day ("after 4", "3pm") are looked for today, or tomorrow when past."""
    hour = meant.get("at") or meant.get("latest") or meant.get("earliest")
    if hour is None:
        return meant
    is_past = meant.get("at") and time.fromisoformat(hour) <= lagos(now).time()
    day = lagos_day(now) + timedelta(days=1 if is_past else 0)
    last = day if meant.get("at") else day + timedelta(days=_DAYS)
    return {**meant, "first": day.isoformat(), "last": last.isoformat()}


def _days(
    desk: Desk,
    answers: Answers,
    *,
    why: str | None,
    wished: str | None = None,
    until: str | None = None,
) -> Outcome:
    after = date.fromisoformat(wished) if wished and why != "day_passed" else None
    found = availability.free_days(
        desk.session,
        desk.service(answers["service"]),
        from_day=after,
        count=_DAYS,
        **_limits(desk, answers),
    )
    if not found:
        return "nothing", None
    return _days_of(found, why=why, wished=wished, until=until)


def _days_of(found: Iterable[tuple[date, int]], **said: str | None) -> Outcome:
    rows = [[day.isoformat(), free] for day, free in found]
    return "days", {"days": rows, "why": None, "wished": None, "until": None} | said


def _at(desk: Desk, answers: Answers, day: date, at: time) -> Outcome:
    wanted = at_lagos(day, at)
    slots = availability.nearest(
        desk.session, desk.service(answers["service"]), wanted, count=3, **_limits(desk, answers)
    )
    if not slots:
        return "nothing", None
    exact = next((slot for slot in slots if slot.starts_at == wanted), None)
    if exact:
        desk.known["free"] = _row(exact)
        return "free", desk.known["free"]
    if slots[0].day != day:
        return _none_then(desk, answers, day, day, {})
    return _times(sorted(slots, key=lambda slot: slot.starts_at), why="not_free")


def _at_of_each_day(desk: Desk, answers: Answers, first: date, last: date, at: time) -> Outcome:
    """That hour on each day that has it free; where none has, the time nearest to it on each."""
    service, limits = desk.service(answers["service"]), _limits(desk, answers)
    slots = availability.free_slots(desk.session, service, first=first, last=last, **limits)
    if not slots:
        return _none_then(desk, answers, first, last, {})
    exact = [slot for slot in slots if slot.starts_at == at_lagos(slot.day, at)]
    nearest: dict[date, Slot] = {}
    for slot in sorted(slots, key=lambda slot: abs(slot.starts_at - at_lagos(slot.day, at))):
        nearest.setdefault(slot.day, slot)
    times = exact or [nearest[day] for day in sorted(nearest)]
    return _times(times, why=None if exact else "not_free")


def _between(
    desk: Desk, answers: Answers, first: date, last: date, meant: dict[str, Any]
) -> Outcome:
    hours = {
        bound: time.fromisoformat(meant[bound]) if meant.get(bound) else None
        for bound in ("earliest", "latest")
    }
    slots = availability.free_slots(
        desk.session,
        desk.service(answers["service"]),
        first=first,
        last=last,
        earliest=hours["earliest"],
        latest=hours["latest"],
        **_limits(desk, answers),
    )
    if not slots:
        return _none_then(desk, answers, first, last, meant)
    free = Counter(lagos_day(slot.starts_at) for slot in slots)
    is_span = bool(answers["when"].get("first")) and len(free) > 1 and not meant.get("is_soonest")
    if is_span and not any(hours.values()):
        return _days_of(list(free.items())[:_DAYS])
    return _times(slots if is_span else _of_first_day(slots))


def _none_then(
    desk: Desk, answers: Answers, first: date, last: date, meant: dict[str, Any]
) -> Outcome:
    """Why nothing is free when they wish: not at those hours, not on that day, or never on it."""
    service, limits = desk.service(answers["service"]), _limits(desk, answers)
    has_hours = meant.get("earliest") or meant.get("latest")
    slots = (
        availability.free_slots(desk.session, service, first=first, last=last, **limits)
        if has_hours
        else []
    )
    if slots:
        return _times(_of_first_day(slots), why="not_free")
    is_held = availability.is_held(
        desk.session,
        service,
        first=first,
        last=last,
        now=desk.now,
        practitioner_id=limits["practitioner_id"],
    )
    why = "day_full" if is_held else "day_closed"
    return _days(desk, answers, why=why, wished=first.isoformat(), until=last.isoformat())


def _of_first_day(slots: Sequence[Slot]) -> list[Slot]:
    return [slot for slot in slots if slot.day == slots[0].day]


def _times(slots: Sequence[Slot], *, why: str | None = None) -> Outcome:
    return "times", {
        "slots": [_row(slot) for slot in _spread(slots)],
        "day": slots[0].day.isoformat(),
        "is_span": why is None and slots[0].day != slots[-1].day,
        "why": why,
        "wished": None,
    }


def _spread(slots: Sequence[Slot]) -> list[Slot]:
    """As many as a list holds, spread over the whole day rather than all in the morning."""
    if len(slots) <= _LIST:
        return list(slots)
    step = (len(slots) - 1) / (_LIST - 1)
    return [slots[round(number * step)] for number in range(_LIST)]


def _alternatives(desk: Desk, answers: Answers, slot: Slot) -> Outcome:
    slots = availability.nearest(
        desk.session,
        desk.service(answers["service"]),
        slot.starts_at,
        count=3,
        **_limits(desk, answers),
    )
    rows = [_row(found) for found in sorted(slots, key=lambda found: found.starts_at)]
    return ("taken", rows) if rows else ("nothing", None)


def _limits(desk: Desk, answers: Answers) -> dict[str, Any]:
    return {
        "now": desk.now,
        "practitioner_id": _id(answers.get("practitioner")),
        "patient_id": UUID(answers["patient"]),
        "moving_id": _id(answers.get("moving")),
    }


def _id(text: str | None) -> UUID | None:
    return UUID(text) if text else None


def _row(slot: Slot) -> list[str]:
    return [
        slot.starts_at.isoformat(),
        slot.ends_at.isoformat(),
        slot.practitioner,
        str(slot.practitioner_id),
    ]


def _slot(row: list[str]) -> Slot:
    starts_at, ends_at, practitioner, practitioner_id = row
    return Slot(
        practitioner_id=UUID(practitioner_id),
        practitioner=practitioner,
        starts_at=datetime.fromisoformat(starts_at),
        ends_at=datetime.fromisoformat(ends_at),
    )
