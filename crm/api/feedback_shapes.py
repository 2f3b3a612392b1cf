"""What is sent and answered about patients' feedback."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field

from crm import feedback
from crm.api.figures import RateOut, ScoreGroupOut, ScoresOut
from crm.api.kit import Body, Out, Query, call
from crm.api.kit.fields import Moment, Note
from crm.feedback import Given, Said, Summary
from crm.kit.windows import Window
from crm.models import AnswerSource, FeedbackInvitation, PatientFeedback, Topic

Rating = Annotated[int, Field(ge=1, le=5, description="1 very poor to 5 excellent.")]
Likelihood = Annotated[int, Field(ge=0, le=10, description="0 not at all to 10 certainly.")]
Topics = Annotated[list[Topic], Field(max_length=5)]
_Group = Literal["day", "week", "month", "hospital", "practitioner", "service", "category"]


class FeedbackBody(Body):
    """What a patient says of a visit, named by the visit or by the invitation's token."""

    rating: Rating
    nps: Likelihood | None = None
    categories: Topics = Field(default_factory=list)
    comment: Note = ""
    appointment_id: UUID | None = None
    invitation_token: str | None = Field(default=None, max_length=200)
    anonymous: bool = False
    allow_contact: bool = True
    channel: AnswerSource | None = Field(
        default=None, description="By which way staff or the bot heard it; patients' own is web."
    )

    def said(self) -> Said:
        """The words alone."""
        return Said(
            rating=self.rating,
            nps=self.nps,
            categories=self.categories,
            comment=self.comment,
            may_contact=self.allow_contact,
        )


class FeedbackChange(Body):
    """What may change within a day; a field left out stays."""

    rating: Rating | None = None
    nps: Likelihood | None = None
    categories: Topics | None = None
    comment: Note | None = None
    allow_contact: bool | None = None

    def changes(self) -> dict[str, object]:
        """What was sent, by the names that the operation knows."""
        names = {"allow_contact": "may_contact"}
        sent = self.model_dump(exclude_unset=True)
        return {
            names.get(field, field): value
            for field, value in sent.items()
            if value is not None or field == "nps"
        }


class FeedbackFilter(Query):
    """Which feedback."""

    since: Moment | None = Field(default=None, alias="from")
    until: Moment | None = Field(default=None, alias="to")
    hospital_id: UUID | None = None
    practitioner_id: UUID | None = None
    category: Topic | None = None
    max_rating: Rating | None = None


class SummaryFilter(Body):
    """Which days (the last ninety unless said, at most 24 months), whose, grouped by what."""

    since: date | None = Field(default=None, alias="from")
    until: date | None = Field(default=None, alias="to")
    hospital_id: UUID | None = None
    practitioner_id: UUID | None = None
    service_id: UUID | None = None
    category: Topic | None = None
    channel: AnswerSource | None = None
    group_by: _Group | None = None


class LedToOut(Out):
    """The follow-up that feedback led to."""

    id: UUID | None
    severity: str


class GivenOut(Out):
    """What giving feedback led to. Anonymous feedback has no id: it cannot be found again."""

    id: UUID | None
    rating: int
    sentiment: str
    points_awarded: int
    follow_up: LedToOut | None

    @classmethod
    def of(cls, given: Given) -> Self:
        """The shape of what was given."""
        row, is_hidden = given.feedback, given.feedback.is_anonymous
        opened = given.follow_up
        return cls(
            id=None if is_hidden else row.id,
            rating=row.rating,
            sentiment=sentiment(row.rating),
            points_awarded=given.points,
            follow_up=LedToOut(id=None if is_hidden else opened.id, severity=opened.severity)
            if opened
            else None,
        )


class FeedbackOut(Out):
    """What somebody said of a visit."""

    id: UUID
    hospital_id: UUID
    patient_id: UUID | None
    appointment_id: UUID | None
    practitioner_id: UUID | None
    rating: int
    nps: int | None
    categories: list[str]
    comment: str | None
    sentiment: str
    anonymous: bool
    allow_contact: bool
    channel: str
    said_at: datetime
    edited_at: datetime | None

    @classmethod
    def of(cls, row: PatientFeedback) -> Self:
        """The shape of a row, its comment opened."""
        same = ("id", "hospital_id", "patient_id", "appointment_id", "practitioner_id")
        said = ("rating", "nps", "categories", "said_at", "edited_at")
        return cls(
            **{name: getattr(row, name) for name in (*same, *said)},
            comment=feedback.comment_of(call.session, row),
            sentiment=sentiment(row.rating),
            anonymous=row.is_anonymous,
            allow_contact=row.may_contact,
            channel=row.source,
        )


class InvitationOut(Out):
    """An invitation that still waits for its answer, with the token that answers it."""

    id: UUID
    appointment_id: UUID
    hospital_id: UUID
    expires_at: datetime
    invitation_token: str

    @classmethod
    def of(cls, row: FeedbackInvitation) -> Self:
        """The shape of an invitation."""
        same = ("id", "appointment_id", "hospital_id", "expires_at")
        token = call.wiring.links.feedback(row.id)
        return cls(**{name: getattr(row, name) for name in same}, invitation_token=token)


class TopicOut(ScoreGroupOut):
    """What was said about one topic."""

    negative_share: float


class HandlingOut(Out):
    """How complaints were dealt with; hours from opening to first contact."""

    open: int
    breached: int
    median_hours: float | None


class SummaryOut(ScoresOut):
    """The figures; groups of fewer than five answers are left out and counted."""

    response_rate: RateOut
    response_is_complete: bool
    unsolicited: int
    by_category: list[TopicOut]
    follow_ups: HandlingOut
    series: list[ScoreGroupOut]
    suppressed_groups: int
    as_of: datetime
    window: Mapping[str, date]

    @classmethod
    def of_summary(cls, found: Summary, window: Window) -> Self:
        """The shape of a summary."""
        return cls(
            **ScoresOut.of(found.tally).model_dump(),
            response_rate=RateOut.of(found.response, found.as_of),
            response_is_complete=found.is_complete,
            unsolicited=found.unasked,
            by_category=[
                TopicOut(
                    **ScoreGroupOut.of_group(group).model_dump(),
                    negative_share=sum(group.tally.scores[:2]) / group.tally.n,
                )
                for group in found.by_category
            ],
            follow_ups=HandlingOut.model_validate(found.handling),
            series=[ScoreGroupOut.of_group(group) for group in found.series],
            suppressed_groups=found.suppressed_groups,
            as_of=found.as_of,
            window={"from": window.since, "to": window.until},
        )


def sentiment(rating: int) -> str:
    """What the score says by itself."""
    return ("negative", "negative", "neutral", "positive", "positive")[rating - 1]
