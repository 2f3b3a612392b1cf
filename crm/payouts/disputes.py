"""An owner says that a payout is wrong: a person looks into it, and money that can wait waits."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from crm import follow_ups
from crm.kit.permissions import Actor, Scope
from crm.models import FollowUp, Payout, PayoutStatus, Severity
from crm.payouts import reading, steps
from crm.payouts.effects import Step

_LONGEST_WORDS = 1_000


@dataclass(frozen=True, slots=True)
class Dispute:
    """What came of it."""

    payout: Payout
    follow_up: FollowUp
    is_held: bool
    """It had not been approved, so it waits until this is settled."""


def dispute(
    session: Session,
    payout_id: UUID,
    *,
    owner_id: UUID,
    line: str,
    words: str,
    now: datetime,
) -> Dispute:
    """Open a follow-up for finance; a payout still to be approved goes on hold.

    `line` is what is disputed of it, `words` what the owner says. One that is disputed already
    keeps what was said before. Raises NotFound for a payout that is not the owner's.
    """
    payout = reading.get(session, payout_id, scope=Scope(frozenset(), owner_id=owner_id))
    session.refresh(payout, with_for_update=True)
    found = follow_ups.start(
        session,
        hospital_id=payout.hospital_id,
        severity=Severity.DISPUTE,
        opened_at=now,
        now=now,
        payout_id=payout.id,
        reference=payout.reference,
    )
    follow_ups.add_words(session, found, f"{line}: {words.strip()[:_LONGEST_WORDS]}", now=now)
    return Dispute(payout, found, _hold(session, payout, line, now))


def _hold(session: Session, payout: Payout, line: str, now: datetime) -> bool:
    """Before approval, the house may hold it by itself; later a person decides."""
    if payout.status is not PayoutStatus.PENDING_APPROVAL:
        return payout.status is PayoutStatus.ON_HOLD
    said = f"The owner disputes: {line}"
    step = Step(to=PayoutStatus.ON_HOLD, version=payout.version, reason=said)
    steps.move(session, payout.id, step, by=Actor.system("GrandPro"), now=now)
    return True
