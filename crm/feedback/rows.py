"""The rows of feedback: how what was said is written down and read again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy.orm import Session

from crm.feedback import signs
from crm.kit.clock import at_lagos, lagos_day
from crm.kit.crypto import Vault
from crm.kit.ids import uuid7
from crm.models import AnswerSource, Appointment, PatientFeedback, Severity, Topic

COMMENT = "patient_feedback.comment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What somebody says of a visit."""

    rating: int
    nps: int | None = None
    categories: Sequence[Topic] = ()
    comment: str = ""
    may_contact: bool = True

    @property
    def severity(self) -> Severity | None:
        """How urgent it is, if at all."""
        return signs.severity(rating=self.rating, nps=self.nps, comment=self.comment)


def make(
    session: Session,
    visit: Appointment,
    said: Said,
    *,
    source: AnswerSource,
    now: datetime,
    is_anonymous: bool,
) -> PatientFeedback:
    """A new row; an anonymous one says neither who nor which visit nor at what hour."""
    row = PatientFeedback(
        # A version 7 id would tell the time to the millisecond.
        id=uuid4() if is_anonymous else uuid7(),
        hospital_id=visit.hospital_id,
        source=source,
        is_anonymous=is_anonymous,
        said_at=day_of(now) if is_anonymous else now,
    )
    if not is_anonymous:
        row.patient_id, row.appointment_id = visit.patient_id, visit.id
        row.service_id, row.practitioner_id = visit.service_id, visit.practitioner_id
    write(session, row, said)
    row.may_contact = said.may_contact and not is_anonymous
    session.add(row)
    session.flush()
    return row


def write(session: Session, row: PatientFeedback, said: Said) -> None:
    """Put what was said into its row."""
    vault: Vault = session.info["vault"]
    row.rating, row.nps = said.rating, said.nps
    row.categories = list(dict.fromkeys(said.categories))
    row.may_contact = said.may_contact
    row.comment_sealed = (
        vault.seal(said.comment, where=COMMENT, row=row.id) if said.comment else None
    )


def changed(session: Session, row: PatientFeedback, changes: Mapping[str, Any]) -> Said:
    """What the row says, with these fields of `Said` changed."""
    before: dict[str, Any] = {
        "rating": row.rating,
        "nps": row.nps,
        "categories": [Topic(each) for each in row.categories],
        "comment": comment_of(session, row) or "",
        "may_contact": row.may_contact,
    }
    return Said(**before | dict(changes))


def comment_of(session: Session, row: PatientFeedback) -> str | None:
    """The comment, opened. Never log it."""
    vault: Vault = session.info["vault"]
    sealed = row.comment_sealed
    return vault.open(sealed, where=COMMENT, row=row.id) if sealed else None


def day_of(now: datetime) -> datetime:
    """The beginning of the Lagos day: all that an anonymous answer tells of its time."""
    return at_lagos(lagos_day(now))
