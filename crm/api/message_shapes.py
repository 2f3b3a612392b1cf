"""What is sent and answered about messages to people."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from bot.channels.carrier import Channel
from crm import communications, templates
from crm.api.kit import Body, Out, call
from crm.api.kit.fields import Code, Email, Moment, PhoneText, Reason
from crm.communications import LATEST, SOONEST, Sent, To, Wish
from crm.kit.errors import DomainError, Invalid
from crm.kit.permissions import Permission, Scope
from crm.models import Lane, PersonKind, Purpose

ChannelWord = Literal["whatsapp", "sms", "email", "auto"]
Variable = Annotated[str, StringConstraints(max_length=500)] | int
Variables = Annotated[dict[str, Variable], Field(max_length=30)]
Reference = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,64}$")]
Sendable = Literal["care", "reminder", "notice", "survey", "loyalty", "marketing"]
_LANES = {"urgent": Lane.URGENT, "normal": Lane.UTILITY, "bulk": Lane.BULK}


class WordsBody(Body):
    """What to say: a template with values for its variables, or words of one's own."""

    channel: ChannelWord = "auto"
    template_id: UUID | None = None
    template_code: Code | None = None
    body: str | None = Field(default=None, min_length=1, max_length=10_000)
    subject: str = Field(default="", max_length=200)
    variables: Variables = Field(default_factory=dict)
    purpose: Sendable | None = Field(
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


def narrowed(*permissions: Permission) -> Scope:
    """Where the caller may do this and those other things too; narrow when roles differ by place.

    Raises Denied without one of the permissions.
    """
    scope = call.scope
    for permission in permissions:
        other = call.require(permission)
        if other.hospitals is not None:
            own = scope.hospitals
            hospitals = other.hospitals if own is None else own & other.hospitals
            scope = replace(scope, hospitals=hospitals)
    return scope


def _scope_for(wishes: Iterable[Wish]) -> Scope:
    kinds = {wish.to.kind for wish in wishes}
    reads = {
        PersonKind.PATIENT: Permission.PATIENTS_READ,
        PersonKind.OWNER: Permission.OWNERS_READ,
    }
    return narrowed(*(permission for kind, permission in reads.items() if kind in kinds))


def send_one(wish: Wish) -> MessageOut:
    """Send one for the caller. Raises what stands against it."""
    scope = _scope_for([wish])
    sent = communications.send(call.session, wish, scope=scope, by=call.actor, now=call.now)
    return MessageOut.of(sent)


def send_all(
    wishes: list[Wish], *, dry_run: bool = False, is_atomic: bool = False
) -> tuple[BulkOut, int]:
    """Send many for the caller and shape the answer, with its status."""
    scope = _scope_for(wishes)
    outcomes = communications.send_many(
        call.session, wishes, scope=scope, by=call.actor, now=call.now, dry_run=dry_run
    )
    answer = BulkOut.of(outcomes, is_dry_run=dry_run)
    if not dry_run and (not answer.accepted or (is_atomic and answer.rejected)):
        rejected = [each.model_dump(mode="json") for each in answer.rejected]
        raise AllRejected("Nothing was sent.", rejected=rejected)
    return answer, 200 if dry_run else 202
