"""Looking at what is masked: a reason is asked, and the look is written down."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from crm import audit
from crm.audit import Act
from crm.kit.permissions import Actor
from crm.models import Owner
from crm.owners.reaching import Reached, reached_at
from crm.owners.reading import tin


@dataclass(frozen=True, slots=True)
class Revealed:
    """What is sealed of an owner, in full."""

    tin: str | None
    addresses: list[Reached]


def reveal(session: Session, owner: Owner, *, reason: str, by: Actor, now: datetime) -> Revealed:
    """The tax number and every way to an owner, in full."""
    act = Act(
        actor=by,
        action="owners.reveal",
        entity="owner",
        entity_id=owner.id,
        hospital_id=owner.hospital_id,
        fields=["tin", "addresses"],
        purpose=reason,
    )
    audit.record(session, act, now=now)
    return Revealed(tin(session, owner), reached_at(session, owner.id))
