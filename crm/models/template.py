"""The words we send: templates, and their versions that never change once approved."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from bot.channels.carrier import Channel
from crm.models.base import Base, Dated, Identified, words
from crm.models.patient import Purpose


class TemplateCategory(StrEnum):
    """What WhatsApp takes a template for; it decides the price too."""

    UTILITY = "utility"
    MARKETING = "marketing"
    AUTHENTICATION = "authentication"


class Template(Identified, Dated, Base):
    """One text in one language for one channel; its words are in its versions."""

    __tablename__ = "templates"
    __table_args__ = (
        UniqueConstraint("code", "channel", "language", name="uq_templates_once"),
        CheckConstraint("(category = 'marketing') = (purpose = 'marketing')", name="marketing"),
    )

    code: Mapped[str]
    channel: Mapped[Channel] = mapped_column(words(Channel))
    language: Mapped[str]
    category: Mapped[TemplateCategory] = mapped_column(words(TemplateCategory))
    purpose: Mapped[Purpose] = mapped_column(words(Purpose))


class TemplateStatus(StrEnum):
    """Where a version stands: draft, submitted, then approved or rejected, in the end archived."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    REJECTED = "rejected"
    ARCHIVED = "archived"


class TemplateVersion(Identified, Base):
    """The words as they were written once. `{name}` stands for a variable, and nothing else does.

    `variables` are `{"name", "type", "example"}` in the order in which the carrier numbers them. A
    trigger refuses to change the words of a version that was approved, or to delete it.
    """

    __tablename__ = "template_versions"
    __table_args__ = (
        UniqueConstraint("template_id", "version", name="uq_template_versions_once"),
        CheckConstraint("approved_by <> created_by", name="four_eyes"),
        CheckConstraint("status <> 'approved' or approved_at is not null", name="approved"),
        Index(
            "uq_template_versions_in_use",
            "template_id",
            unique=True,
            postgresql_where=text("status = 'approved'"),
        ),
    )

    template_id: Mapped[UUID] = mapped_column(ForeignKey("templates.id"))
    version: Mapped[int]
    subject: Mapped[str] = mapped_column(server_default=text("''"))
    body: Mapped[str]
    variables: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'"))
    status: Mapped[TemplateStatus] = mapped_column(
        words(TemplateStatus), server_default=text("'draft'")
    )
    provider_status: Mapped[str | None]
    """WhatsApp's own word on it, such as pending, approved or paused."""
    rejection_reason: Mapped[str | None]
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime]
    approved_by: Mapped[UUID | None]
    approved_at: Mapped[datetime | None]
