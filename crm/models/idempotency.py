"""Answers already given, so that a request sent twice is done once."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from crm.kit.ids import uuid7
from crm.models.base import Base, Small


class IdempotencyKey(Base):
    """The answer to one request of one account, by the key its sender chose."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index("ix_idempotency_keys_created_at", "created_at"),)

    account: Mapped[str] = mapped_column(primary_key=True)
    route: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(default=uuid7)
    request_hash: Mapped[bytes]
    status: Mapped[int | None] = mapped_column(Small)
    answer_sealed: Mapped[bytes | None]
    created_at: Mapped[datetime]
