"""What the gate would say to a message, without sending one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from bot.channels.carrier import Channel
from crm import gate
from crm.communications.people import people_of
from crm.communications.wishes import To
from crm.kit.errors import NotFound
from crm.kit.permissions import Scope
from crm.models import Purpose

_NO_WAY = gate.Facts(channel=None)


@dataclass(frozen=True, slots=True)
class Explained:
    """The gate's answer for one way to a person, question by question."""

    channel: Channel | None
    verdict: gate.Verdict
    steps: Sequence[gate.Step]


def explain(
    session: Session,
    to: To,
    *,
    channel: Channel | None,
    purpose: Purpose,
    scope: Scope,
    now: datetime,
    has_template: bool = True,
) -> list[Explained]:
    """The answer for each way there is, best first; for none, why. Raises NotFound."""
    person = people_of(session, [to], scope=scope, now=now).get(to)
    if person is None:
        raise NotFound(f"There is no such {to.kind}.")
    ways = [way for way in person.ways if channel in {None, way.channel}]
    asked = [
        gate.Asked(way.address_id, person.patient_id, person.owner_id, purpose) for way in ways
    ]
    facts = gate.load(session, asked) if asked else [_NO_WAY]
    return [_explained(each, purpose, now, has_template=has_template) for each in facts]


def _explained(
    facts: gate.Facts, purpose: Purpose, now: datetime, *, has_template: bool
) -> Explained:
    facts = replace(facts, has_template=has_template)
    return Explained(
        facts.channel,
        gate.verdict(facts, purpose=purpose, now=now),
        gate.explain(facts, purpose=purpose, now=now),
    )
