"""What the clock did."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Mapped, mapped_column

from crm.models.base import Base, words


class RunStatus(StrEnum):
    """How a scheduled run went."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class JobRun(Base):
    """One run of one scheduled job for one slot; the pair is unique, so a slot runs once."""

    __tablename__ = "job_runs"

    job: Mapped[str] = mapped_column(primary_key=True)
    slot: Mapped[datetime] = mapped_column(primary_key=True)
    status: Mapped[RunStatus] = mapped_column(words(RunStatus))
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    counts: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    error: Mapped[str | None]
