"""Running the reminders by hand."""

from time import perf_counter
from typing import Annotated
from uuid import UUID

from pydantic import Field

from crm import hospitals, reminders
from crm.api.appointments.door import door
from crm.api.kit import Body, Data, Out, call, idempotent, needs
from crm.kit.permissions import Permission
from crm.models import ReminderKind
from crm.reminders import Which


class ReminderRunBody(Body):
    """Which reminders, and at most how many; with `dry_run` they are only counted."""

    limit: Annotated[int, Field(ge=1, le=5_000)] = 1_000
    hospital_id: UUID | None = None
    kinds: Annotated[list[ReminderKind], Field(max_length=5)] = Field(default_factory=list)
    dry_run: bool = False


class ReminderRunOut(Out):
    """What a run found and did. `left` are those whose patients write to us at this moment."""

    due: int
    claimed: int
    sent: int
    skipped: int
    left: int
    deferred: dict[str, int]
    suppressed: dict[str, int]
    oldest_due_age_s: int
    duration_ms: int
    dry_run: bool


@door.post("/patients/appointments/reminders/process")
@needs(Permission.REMINDERS_RUN)
@idempotent
@door.input(ReminderRunBody)
@door.output(Data[ReminderRunOut])
def process(json_data: ReminderRunBody) -> Data[ReminderRunOut]:
    """Post the reminders that are due at one's hospitals; calls at once share the work."""
    began = perf_counter()
    done = reminders.process(
        call.session,
        now=call.now,
        limit=json_data.limit,
        which=_which(json_data),
        forms=call.wiring.forms,
        dry_run=json_data.dry_run,
    )
    took = int((perf_counter() - began) * 1000)
    shown = ReminderRunOut(
        due=done.due,
        claimed=done.claimed,
        sent=done.sent,
        skipped=done.skipped,
        left=done.left,
        deferred=done.deferred,
        suppressed=done.suppressed,
        oldest_due_age_s=done.oldest_due_age_s,
        duration_ms=took,
        dry_run=json_data.dry_run,
    )
    return Data(data=shown)


def _which(body: ReminderRunBody) -> Which:
    places = call.scope.hospitals
    if body.hospital_id is not None:
        there = hospitals.get(call.session, body.hospital_id, scope=call.scope)
        call.concerns("hospital", there.id, hospital_id=there.id)
        places = frozenset({there.id})
    return Which(places, body.kinds)
