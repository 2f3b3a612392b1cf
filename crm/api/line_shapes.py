"""What was said with one person, as it is asked for and shown."""

from datetime import UTC, datetime
from typing import Any, Self
from uuid import UUID

from pydantic import Field

from bot.channels.carrier import Channel
from crm import communications
from crm.api.kit import Out, Query
from crm.api.kit.fields import Code, Moment
from crm.communications import Line
from crm.models import Direction, MessageStatus, Purpose


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
