"""What was said: messages (the outbox among them), their attempts, and the talks they belong to."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, PrimaryKeyConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.channels.carrier import Channel
from crm.models.base import Base, Dated, Identified, Small, words
from crm.models.patient import Purpose


class Direction(StrEnum):
    """Who spoke."""

    IN = "in"
    OUT = "out"


class Lane(StrEnum):
    """A queue of its own, so that nothing slow delays a reply."""

    URGENT = "urgent"
    UTILITY = "utility"
    BULK = "bulk"


class MessageStatus(StrEnum):
    """Where a message stands. Outgoing ones only climb; see `LOWER`."""

    UNANSWERED = "unanswered"
    ANSWERED = "answered"
    QUEUED = "queued"
    SENDING = "sending"
    UNKNOWN = "unknown"
    ACCEPTED = "accepted"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    READ = "read"
    SUPPRESSED = "suppressed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class Message(Base):
    """One message, in or out. An outgoing row is the outbox: what is not here is never sent.

    Partitioned by month on its id, which carries its time. `body_sealed` holds JSON: text,
    options, and for templates the content's name and variables.
    """

    __tablename__ = "messages"
    __table_args__ = (
        PrimaryKeyConstraint("id"),
        Index(
            "ix_messages_due",
            "lane",
            "due_at",
            "id",
            postgresql_where=text("status = 'queued'"),
        ),
        Index(
            "ix_messages_in_doubt",
            "lease_until",
            postgresql_where=text("status in ('sending', 'unknown')"),
        ),
        Index(
            "ix_messages_unanswered",
            "due_at",
            postgresql_where=text("status = 'unanswered'"),
        ),
        Index("ix_messages_conversation", "conversation_id", "id"),
        Index(
            "ix_messages_patient",
            "patient_id",
            "id",
            postgresql_where=text("patient_id is not null"),
        ),
        Index("ix_messages_owner", "owner_id", "id", postgresql_where=text("owner_id is not null")),
        Index(
            "ix_messages_marketing",
            "patient_id",
            "id",
            postgresql_where=text("purpose = 'marketing'"),
        ),
        Index(
            "ix_messages_of_campaigns",
            "status_at",
            postgresql_where=text("campaign_recipient_id is not null"),
        ),
        Index(
            "ix_messages_templates",
            "template_version_id",
            "id",
            postgresql_where=text("template_version_id is not null"),
        ),
        Index("ix_messages_tests", "sent_by", "id", postgresql_where=text("is_test")),
        {"postgresql_partition_by": "RANGE (id)"},
    )

    id: Mapped[UUID]
    direction: Mapped[Direction] = mapped_column(words(Direction))
    channel: Mapped[Channel] = mapped_column(words(Channel))
    purpose: Mapped[Purpose] = mapped_column(words(Purpose))
    lane: Mapped[Lane | None] = mapped_column(words(Lane))
    status: Mapped[MessageStatus] = mapped_column(words(MessageStatus))
    address_id: Mapped[UUID]
    conversation_id: Mapped[UUID | None]
    patient_id: Mapped[UUID | None]
    about_id: Mapped[UUID | None]
    """The appointment it speaks of, when it does."""
    turn: Mapped[int | None]
    body_sealed: Mapped[bytes | None]
    segments: Mapped[int] = mapped_column(Small, server_default=text("1"))
    due_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(Small, server_default=text("0"))
    provider_id: Mapped[str | None]
    error_code: Mapped[int | None]
    reason: Mapped[str | None]
    status_at: Mapped[datetime]
    owner_id: Mapped[UUID | None]
    campaign_recipient_id: Mapped[int | None]
    template_version_id: Mapped[UUID | None]
    sent_by: Mapped[UUID | None]
    """The staff user who had it sent; None when the house did by itself."""
    is_test: Mapped[bool] = mapped_column(server_default=text("false"))
    """Sent to try a channel; counted nowhere."""
    stood_at: Mapped[str | None]
    """For what people said: the question the talk stood at after it, or "idle"."""


class MessageReference(Base):
    """The name that another system gave a message, so that it asks for it once."""

    __tablename__ = "message_references"

    reference: Mapped[str] = mapped_column(primary_key=True)
    message_id: Mapped[UUID]
    created_at: Mapped[datetime]


class MessagePrice(Base):
    """What one message costs on a channel from a day on: an SMS for each part, others whole."""

    __tablename__ = "message_prices"
    __table_args__ = (PrimaryKeyConstraint("channel", "is_marketing", "since"),)

    channel: Mapped[Channel] = mapped_column(words(Channel))
    is_marketing: Mapped[bool]
    since: Mapped[date]
    price_kobo: Mapped[int]


class MessageAttempt(Base):
    """One try at sending; written with the claim, before the carrier is called."""

    __tablename__ = "message_attempts"
    __table_args__ = (
        PrimaryKeyConstraint("message_id", "n"),
        {"postgresql_partition_by": "RANGE (message_id)"},
    )

    message_id: Mapped[UUID]
    n: Mapped[int] = mapped_column(Small)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    provider_id: Mapped[str | None]
    error_code: Mapped[int | None]


class InboundKey(Base):
    """What makes an inbound message ours once, however often the carrier brings it."""

    __tablename__ = "inbound_keys"

    provider_id: Mapped[str] = mapped_column(primary_key=True)
    provider: Mapped[str] = mapped_column(primary_key=True)
    message_id: Mapped[UUID]
    received_at: Mapped[datetime]


class Answering(StrEnum):
    """Who answers in a conversation."""

    BOT = "bot"
    WAITING = "waiting"
    PERSON = "person"


class Conversation(Identified, Dated, Base):
    """The talk with one address. `context_sealed` holds JSON: answers, options, paused talk."""

    __tablename__ = "conversations"
    __table_args__ = (
        Index(
            "ix_conversations_waiting_since",
            "waiting_since",
            postgresql_where=text("answering = 'waiting'"),
        ),
    )

    address_id: Mapped[UUID] = mapped_column(ForeignKey("addresses.id"), unique=True)
    answering: Mapped[Answering] = mapped_column(words(Answering), server_default=text("'bot'"))
    language: Mapped[str | None]
    patient_id: Mapped[UUID | None] = mapped_column(ForeignKey("patient_profiles.id"))
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("owners.id"))
    """The owner who speaks, while somebody speaks as one."""
    dialogue: Mapped[str | None]
    state: Mapped[str | None]
    context_sealed: Mapped[bytes | None]
    turn: Mapped[int] = mapped_column(server_default=text("0"))
    heard_at: Mapped[datetime | None]
    asked_at: Mapped[datetime | None]
    reminded_of: Mapped[UUID | None]
    """The visit whose reminder still waits for an answer."""
    reminded_at: Mapped[datetime | None]
    assigned_to: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    """Who of the staff answers, while a person does."""
    waiting_since: Mapped[datetime | None]
    waiting_reason: Mapped[str | None]
    alerted_at: Mapped[datetime | None]


class CarrierContent(Base):
    """The carrier's ids of the button, list and template shapes we made there."""

    __tablename__ = "carrier_contents"

    account: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    content_sid: Mapped[str]


class Misheard(Identified, Base):
    """Words the bot did not understand, by the question they answered."""

    __tablename__ = "misheard"

    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversations.id"))
    question: Mapped[str] = mapped_column(index=True)
    language: Mapped[str]
    text_sealed: Mapped[bytes]
    at: Mapped[datetime]
