"""The gate's answer about one person, question by question."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import model_validator

from bot.channels.carrier import Channel
from crm import gate
from crm.api.kit import Body, Out
from crm.api.message_shapes import Sendable, narrowed
from crm.communications import To
from crm.kit.permissions import Permission, Scope


class ExplainQuery(Body):
    """Who, on which channel, what for."""

    patient_id: UUID | None = None
    owner_id: UUID | None = None
    channel: Channel | None = None
    purpose: Sendable
    has_template: bool = True

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if (self.patient_id is None) == (self.owner_id is None):
            raise ValueError("exactly one of patient_id and owner_id")
        return self

    def to(self) -> tuple[To, Scope]:
        """The person, and where the caller may look. Raises Denied."""
        if self.patient_id is not None:
            return To.patient(self.patient_id), narrowed(Permission.PATIENTS_READ)
        assert self.owner_id is not None  # noqa: S101 -- one of the two, as checked above
        return To.owner(self.owner_id), narrowed(Permission.OWNERS_READ)


class VerdictOut(Out):
    """What the gate says: go, defer until, or stop, and why."""

    kind: gate.Kind
    code: str | None
    reason: str | None
    until: datetime | None
    must_use_template: bool


class StepOut(Out):
    """One of the gate's questions, in the order in which it asks them."""

    name: str
    verdict: VerdictOut


class WayOut(Out):
    """The answer for one way to the person."""

    channel: Channel | None
    verdict: VerdictOut
    steps: list[StepOut]


class ExplainedOut(Out):
    """The answer for the way that would be taken, and for every other one, best first."""

    answer: WayOut
    ways: list[WayOut]
