"""What is sent and answered about messages to people."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from bot.channels.carrier import Channel
from crm import communications, gate, templates
from crm.api.kit import Body, Out, Query, call
from crm.api.kit.fields import Code, Email, Moment, PhoneText, Reason
from crm.communications import LATEST, SOONEST, Line, Sent, To, Wish
from crm.kit.errors import DomainError, Invalid
from crm.kit.permissions import Permission
from crm.models import Direction, Lane, MessageStatus, PersonKind, Purpose

ChannelWord = Literal["whatsapp", "sms", "email", "auto"]
Variable = Annotated[str, StringConstraints(max_length=500)] | int
Variables = Annotated[dict[str, Variable], Field(max_length=30)]
Reference = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,64}$")]
_Sendable = Literal["care", "reminder", "notice", "survey", "loyalty", "marketing"]
_LANES = {"urgent": Lane.URGENT, "normal": Lane.UTILITY, "bulk": Lane.BULK}


class WordsBody(Body):
    """What to say: a template with values for its variables, or words of one's own."""

    channel: ChannelWord = "auto"
    template_id: UUID | None = None
    template_code: Code | None = None
    body: str | None = Field(default=None, min_length=1, max_length=10_000)
    subject: str = Field(default="", max_length=200)
    variables: Variables = Field(default_factory=dict)
    purpose: _Sendable | None = Field(
        default=None, description="What it is for; a template brings its own."
    )
    scheduled_at: Moment | None = None
    ttl_minutes: int = Field(default=1_440, ge=1, le=43_200)
    priority: Literal["urgent", "normal", "bulk"] | None = None
    reference: Reference | None = None
    override_reason: Reason | None = Field(
        default=None, description="Why sensitive words go out all the same."
    )

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        given = [self.template_id, self.template_code, self.body]
        if sum(each is not None for each in given) != 1:
            raise ValueError("exactly one of template_id, template_code and body")
        return self

    def wish(self, to: To, *, client_ref: str | None = None, **instead: Any) -> Wish:
        """The same as the operation understands it. Raises Invalid, NotFound."""
        due_at = self._due_at()
        wish = {
            "to": to,
            "client_ref": client_ref,
            "channel": None if self.channel == "auto" else Channel(self.channel),
            "purpose": Purpose(self.purpose) if self.purpose else None,
            "text": self.body or "",
            "subject": self.subject,
            "template": self._code(),
            "variables": self.variables,
            "due_at": due_at,
            "expires_at": (due_at or call.now) + timedelta(minutes=self.ttl_minutes),
            "lane": _LANES[self.priority] if self.priority else None,
            "reference": self.reference,
            "override_reason": self.override_reason,
        }
        return Wish(**(wish | instead))

    def _code(self) -> str | None:
        if self.template_id is None:
            return self.template_code
        return templates.get(call.session, self.template_id).code

    def _due_at(self) -> datetime | None:
        if self.scheduled_at is None:
            return None
        if not call.now + SOONEST <= self.scheduled_at <= call.now + LATEST:
            raise Invalid("scheduled_at", "Between one minute and 90 days from now.", code="range")
        return self.scheduled_at


class ToBody(Body):
    """Whom it is for: one of our people, or a bare address."""

    patient_id: UUID | None = None
    owner_id: UUID | None = None
    phone: PhoneText | None = None
    email: Email | None = None

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        given = [self.patient_id, self.owner_id, self.phone, self.email]
        if sum(each is not None for each in given) != 1:
            raise ValueError("exactly one of patient_id, owner_id, phone and email")
        return self

    def to(self, channel: str) -> To:
        """The same as the operation understands it. Raises Denied without the permission."""
        if self.patient_id is not None:
            call.require(Permission.PATIENTS_READ)
            return To.patient(self.patient_id)
        if self.owner_id is not None:
            call.require(Permission.OWNERS_READ)
            return To.owner(self.owner_id)
        call.require(Permission.MESSAGES_SEND_RAW)
        if self.email is not None:
            return To(address=(Channel.EMAIL, self.email))
        is_whatsapp = channel == Channel.WHATSAPP
        return To(address=(Channel.WHATSAPP if is_whatsapp else Channel.SMS, str(self.phone)))


class MessageOut(Out):
    """A message that was taken in."""

    id: UUID | None
    status: Literal["queued", "scheduled"]
    channel: Channel
    purpose: Purpose
    segments: int
    cost_estimate_kobo: int
    currency: Literal["NGN"] = "NGN"
    send_after: datetime | None = Field(description="When it goes at the earliest; null is now.")
    reason: str | None = Field(description="Why it waits.")
    client_ref: str | None = None

    @classmethod
    def of(cls, sent: Sent) -> Self:
        """From what became of a wish."""
        assert sent.planned is not None  # noqa: S101 -- asked of taken ones only
        planned = sent.planned
        return cls(
            id=sent.message_id,
            status="scheduled" if planned.send_after else "queued",
            channel=planned.draft.channel,
            purpose=planned.draft.purpose,
            segments=planned.segments,
            cost_estimate_kobo=planned.cost_kobo,
            send_after=planned.send_after,
            reason=planned.verdict.code,
            client_ref=sent.wish.client_ref,
        )


class RejectedOut(Out):
    """A message that was not taken in, and why."""

    client_ref: str | None
    person_id: UUID | None
    code: str
    reason: str | None
    detail: str

    @classmethod
    def of(cls, sent: Sent) -> Self:
        """From what became of a wish."""
        error = sent.refusal
        assert error is not None  # noqa: S101 -- asked of refused ones only
        return cls(
            client_ref=sent.wish.client_ref,
            person_id=sent.wish.to.id,
            code=error.code,
            reason=error.facts.get("reason"),
            detail=str(error),
        )


class TextOut(Out):
    """What one of them would read."""

    person_id: UUID | None
    channel: Channel
    subject: str
    text: str


class BulkOut(Out):
    """What became of many messages, one by one."""

    accepted: list[MessageOut]
    rejected: list[RejectedOut]
    deferred: int = Field(description="How many of the accepted wait for their hour.")
    suppressed: Mapping[str, int] = Field(description="How many were rejected, for each reason.")
    estimated_cost_kobo: int
    currency: Literal["NGN"] = "NGN"
    samples: list[TextOut] = Field(description="Three of them as they would read, in a dry run.")

    @classmethod
    def of(cls, outcomes: list[Sent], *, is_dry_run: bool) -> Self:
        """From what became of the wishes."""
        taken = [MessageOut.of(sent) for sent in outcomes if sent.planned]
        refused = [RejectedOut.of(sent) for sent in outcomes if sent.refusal]
        counts: dict[str, int] = {}
        for each in refused:
            counts[each.reason or each.code] = counts.get(each.reason or each.code, 0) + 1
        return cls(
            accepted=taken,
            rejected=refused,
            deferred=sum(each.send_after is not None for each in taken),
            suppressed=counts,
            estimated_cost_kobo=sum(each.cost_estimate_kobo for each in taken),
            samples=[_sample(sent) for sent in outcomes if sent.planned][:3] if is_dry_run else [],
        )


def _sample(sent: Sent) -> TextOut:
    assert sent.planned is not None  # noqa: S101 -- asked of taken ones only
    draft = sent.planned.draft
    return TextOut(
        person_id=sent.wish.to.id, channel=draft.channel, subject=draft.subject, text=draft.text
    )


class AllRejected(DomainError):
    """Not one message could be taken in, or not all when all was asked for."""

    code = "all_rejected"
    status = 422


def send_all(
    wishes: list[Wish], *, dry_run: bool = False, is_atomic: bool = False
) -> tuple[BulkOut, int]:
    """Send many for the caller and shape the answer, with its status."""
    outcomes = communications.send_many(
        call.session, wishes, scope=call.scope, by=call.actor, now=call.now, dry_run=dry_run
    )
    answer = BulkOut.of(outcomes, is_dry_run=dry_run)
    if not dry_run and (not answer.accepted or (is_atomic and answer.rejected)):
        rejected = [each.model_dump(mode="json") for each in answer.rejected]
        raise AllRejected("Nothing was sent.", rejected=rejected)
    return answer, 200 if dry_run else 202


# -- what was said with one person ----------------------------------------------------------------


class LineQuery(Query):
    """Which of the person's messages."""

    channel: Channel | None = None
    direction: Direction | None = None
    status: list[MessageStatus] = Field(default_factory=list, max_length=14)
    purpose: Purpose | None = None
    campaign_id: UUID | None = None
    conversation_id: UUID | None = None
    template: Code | None = None
    since: Moment | None = None
    until: Moment | None = None

    def wanted(self) -> communications.Wanted:
        """The same as the operation understands it."""
        names = ("channel", "direction", "purpose", "campaign_id", "conversation_id")
        return communications.Wanted(
            **{name: getattr(self, name) for name in (*names, "template", "since", "until")},
            statuses=self.status,
        )


class TimelineOut(Out):
    """When it came how far, as far as is known."""

    queued: datetime
    due: datetime
    sent: datetime | None
    delivered: datetime | None
    read: datetime | None
    failed: datetime | None


class LineOut(Out):
    """One message with a person; `text` is null for those who may not open it."""

    id: UUID
    direction: Direction
    channel: Channel
    purpose: Purpose
    template: str | None
    subject: str | None
    text: str | None
    status: MessageStatus
    reason: str | None
    error_code: int | None
    segments: int
    timeline: TimelineOut
    sent_by: UUID | None
    campaign_id: UUID | None
    conversation_id: UUID | None
    about_id: UUID | None
    is_test: bool

    @classmethod
    def of(cls, line: Line, sent_at: datetime | None) -> Self:
        """From the row and its words."""
        row = line.row
        return cls(
            **{name: getattr(row, name) for name in _OF_ROW},
            subject=line.subject,
            text=line.text,
            timeline=_timeline(row, sent_at),
        )


_OF_ROW = (
    "id", "direction", "channel", "purpose", "template", "status", "reason", "error_code",
    "segments", "sent_by", "campaign_id", "conversation_id", "about_id", "is_test",
)  # fmt: skip


def _timeline(row: Any, sent_at: datetime | None) -> TimelineOut:
    def at(*statuses: MessageStatus) -> datetime | None:
        return row.status_at if row.status in statuses else None

    made_ms = row.id.int >> 80
    return TimelineOut(
        queued=datetime.fromtimestamp(made_ms / 1000, UTC),
        due=row.due_at,
        sent=sent_at,
        delivered=at(MessageStatus.DELIVERED),
        read=at(MessageStatus.READ),
        failed=at(MessageStatus.FAILED, MessageStatus.UNDELIVERED),
    )


# -- the gate's answer ----------------------------------------------------------------------------


class ExplainQuery(Body):
    """Who, on which channel, what for."""

    patient_id: UUID | None = None
    owner_id: UUID | None = None
    channel: Channel | None = None
    purpose: _Sendable
    has_template: bool = True

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if (self.patient_id is None) == (self.owner_id is None):
            raise ValueError("exactly one of patient_id and owner_id")
        return self

    def to(self) -> To:
        """The person. Raises Denied without the permission to read such people."""
        if self.patient_id is not None:
            call.require(Permission.PATIENTS_READ)
            return To(PersonKind.PATIENT, self.patient_id)
        call.require(Permission.OWNERS_READ)
        return To(PersonKind.OWNER, self.owner_id)


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
