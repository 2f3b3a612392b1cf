"""How talks went, counted: for each question and day, who came to it, went on, or stayed away."""

from datetime import date

from sqlalchemy import PrimaryKeyConstraint
from sqlalchemy.orm import Mapped

from crm.models.base import Base


class DialogueStep(Base):
    """One question on one Lagos day. Counted at night from the messages; nobody is named."""

    __tablename__ = "dialogue_steps"
    __table_args__ = (PrimaryKeyConstraint("dialogue", "state", "day"),)

    dialogue: Mapped[str]
    state: Mapped[str]
    day: Mapped[date]
    entered: Mapped[int]
    """Came to it from elsewhere."""
    left: Mapped[int]
    """Went on from it to elsewhere."""
    abandoned: Mapped[int]
    """Wrote nothing more for a day."""
