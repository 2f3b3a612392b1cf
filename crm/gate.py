"""The one gate: may this message go to this address now, and if not, why.

Asked twice of every outbound message, when it is posted and when it is claimed. The verdict is
pure; the facts come from one query that the outbox shares through `COLUMNS` and `JOINS`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from bot.channels.carrier import Channel
from crm.kit.clock import at_lagos, lagos
from crm.models import PatientStatus, Purpose, SuppressionReason

# The carrier counts 24 hours from its own clock: a minute before the end counts as closed.
WINDOW = timedelta(hours=24) - timedelta(seconds=60)

_GONE = {
    PatientStatus.ERASED: "the person's record was erased",
    PatientStatus.DECEASED: "the person has died",
}
_SUPPRESSED = {
    SuppressionReason.STOP: "the person asked us to stop",
    SuppressionReason.CARRIER: "the carrier blocks this address",
    SuppressionReason.INVALID: "the address does not work",
    SuppressionReason.BOUNCE: "e-mails to this address come back",
    SuppressionReason.SPAM: "the person reported our e-mail as spam",
}
_EVENINGS = (time(7), time(21))
# Lagos wall clock; a purpose that is missing here may go at any hour.
_HOURS = {
    Purpose.MARKETING: (time(8), time(20)),
    Purpose.REMINDER: _EVENINGS,
    Purpose.NOTICE: _EVENINGS,
    Purpose.SURVEY: _EVENINGS,
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What the gate must know of an address and the person it is used for."""

    channel: Channel | None
    """None when there is no such address."""
    patient_status: PatientStatus | None = None
    suppressed: SuppressionReason | None = None
    consents: Sequence[str] = ()
    """Every word given at this address, oldest first: "+care", "-marketing", "-all"."""
    heard_at: datetime | None = None
    """When the person last wrote."""
    has_template: bool = True


class Kind(StrEnum):
    """Which way a message is sent at the gate."""

    GO = "go"
    DEFER = "defer"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The gate's answer; a stop and a deferral say why in words."""

    kind: Kind
    reason: str | None = None
    until: datetime | None = None
    must_use_template: bool = False


def verdict(facts: Facts, *, purpose: Purpose, now: datetime) -> Verdict:
    """Decide, in the order in which a person would want to hear the reason."""
    reason = _person(facts, purpose) or _address(facts, purpose) or _consent(facts, purpose)
    if reason:
        return Verdict(Kind.STOP, reason)
    until = _opens_at(purpose, now)
    if until:
        return Verdict(Kind.DEFER, "quiet hours", until)
    return _window(facts, now)


def agreed(consents: Sequence[str]) -> Mapping[str, bool]:
    """The last word on each purpose.

    A withdrawal of all undoes what was said before it; a later agreement to all (START) brings
    it back.
    """
    last_all = next((word for word in reversed(consents) if word[1:] == "all"), "+all")
    counted = consents
    if last_all == "-all":
        since = len(consents) - consents[::-1].index("-all")
        counted = consents[since:]
    return {word[1:]: word[0] == "+" for word in counted}


# Whoever writes to us gets an answer, even after opting out.
def _is_answer(purpose: Purpose) -> bool:
    return purpose is Purpose.REPLY


def _person(facts: Facts, purpose: Purpose) -> str | None:
    if facts.patient_status is None or _is_answer(purpose):
        return None
    return _GONE.get(facts.patient_status)


def _address(facts: Facts, purpose: Purpose) -> str | None:
    if facts.channel is None:
        return "there is no such address"
    if facts.suppressed is None:
        return None
    # The carrier would refuse even an answer on SMS (21610), until the person sends START.
    carrier_blocks = (facts.suppressed, facts.channel) == (SuppressionReason.CARRIER, Channel.SMS)
    if _is_answer(purpose) and not carrier_blocks:
        return None
    return _SUPPRESSED[facts.suppressed]


def _consent(facts: Facts, purpose: Purpose) -> str | None:
    if purpose in {Purpose.REPLY, Purpose.ALERT}:
        return None
    words = agreed(facts.consents)
    care = words.get("care", False) and purpose is not Purpose.MARKETING
    return None if words.get(purpose, care) else f"no consent for {purpose} messages"


def _opens_at(purpose: Purpose, now: datetime) -> datetime | None:
    """When the hours of this purpose begin again; None while they last."""
    if purpose not in _HOURS:
        return None
    opens, closes = _HOURS[purpose]
    local = lagos(now)
    if opens <= local.time() < closes:
        return None
    next_day = local.date() + timedelta(days=local.time() >= closes)
    return at_lagos(next_day, opens)


def _window(facts: Facts, now: datetime) -> Verdict:
    """WhatsApp takes free text for a day after the person wrote, and only templates otherwise."""
    is_open = facts.heard_at is not None and now < facts.heard_at + WINDOW
    if facts.channel is not Channel.WHATSAPP or is_open:
        return Verdict(Kind.GO)
    if not facts.has_template:
        return Verdict(Kind.STOP, "the WhatsApp window is closed and there is no template")
    return Verdict(Kind.GO, must_use_template=True)


# -- facts ----------------------------------------------------------------------------------------

# For a query whose messages are called `m` (address_id, patient_id).
COLUMNS = """
    a.channel as channel, p.status as patient_status, s.reason as suppressed, c.heard_at,
    array(
        select case when w.is_granted then '+' else '-' end || w.purpose
        from consents w where w.address_id = m.address_id order by w.id
    ) as consents
"""
JOINS = """
    left join addresses a on a.id = m.address_id
    left join patient_profiles p on p.id = m.patient_id
    left join suppressions s on s.address_id = m.address_id and s.lifted_at is null
    left join conversations c on c.address_id = m.address_id
"""
_LOAD = text(
    f"select {COLUMNS} "  # noqa: S608 -- the pieces are our own
    "from unnest(cast(:addresses as uuid[]), cast(:patients as uuid[])) "
    f"with ordinality as m(address_id, patient_id, position) {JOINS} order by m.position"
)


def load(session: Session, wanted: Sequence[tuple[UUID, UUID | None]]) -> list[Facts]:
    """The facts of each (address, patient), in the same order, by one query."""
    addresses, patients = [each[0] for each in wanted], [each[1] for each in wanted]
    rows = session.execute(_LOAD, {"addresses": addresses, "patients": patients})
    return [facts_of(row) for row in rows]


def facts_of(row: Row[Any]) -> Facts:
    """The facts in a row that was read by `COLUMNS` and `JOINS`."""
    return Facts(
        channel=row.channel and Channel(row.channel),
        patient_status=row.patient_status and PatientStatus(row.patient_status),
        suppressed=row.suppressed and SuppressionReason(row.suppressed),
        consents=row.consents,
        heard_at=row.heard_at,
    )
