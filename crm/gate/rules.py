"""What the gate decides, and in which order; no database, no clock."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple

from bot.channels.carrier import Channel
from crm.kit.clock import at_lagos, lagos
from crm.models import OwnerStatus, PatientStatus, Purpose, SuppressionReason

# The carrier counts 24 hours from its own clock: a minute before the end counts as closed.
WINDOW = timedelta(hours=24) - timedelta(seconds=60)

CAPS = ((timedelta(days=7), 2), (timedelta(days=30), 4))
"""How much marketing a person hears at most, over all channels."""

_GONE: Mapping[str | None, str] = {
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
_NO_ADDRESS = "there is no such address"
_NO_CONSENT = "no consent for {} messages"
_OFTEN = "the person has heard enough from us lately"
_QUIET = "quiet hours"
_NO_TEMPLATE = "the WhatsApp window is closed and there is no template"

_DAYTIME = (time(8), time(20))
_WAKING = (time(7), time(21))
# Lagos wall clock; a purpose that is missing here may go at any hour.
_HOURS = {
    Purpose.MARKETING: _DAYTIME,
    Purpose.LOYALTY: _DAYTIME,
    Purpose.CARE: _WAKING,
    Purpose.REMINDER: _WAKING,
    Purpose.NOTICE: _WAKING,
    Purpose.SURVEY: _WAKING,
}
_OWNERS_HOURS = {**_HOURS, Purpose.NOTICE: _DAYTIME}


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
    owner_status: OwnerStatus | None = None
    """None when the person is no owner."""
    quiet: tuple[time, time] | None = None
    """The person's own quiet hours on the Lagos clock; they may reach over midnight."""
    marketing: Sequence[datetime] = ()
    """When marketing last went to this person, or will go."""


class Kind(StrEnum):
    """Which way a message is sent at the gate."""

    GO = "go"
    DEFER = "defer"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The gate's answer; a stop and a deferral say why, in words and as a code."""

    kind: Kind
    reason: str | None = None
    until: datetime | None = None
    must_use_template: bool = False
    code: str | None = None


class Step(NamedTuple):
    """One question of the gate and its answer."""

    name: str
    verdict: Verdict


_GO = Verdict(Kind.GO)


def verdict(facts: Facts, *, purpose: Purpose, now: datetime) -> Verdict:
    """Decide, in the order in which a person would want to hear the reason."""
    answer = _GO
    for _, ask in _STEPS:
        answer = ask(facts, purpose, now)
        if answer.kind is not Kind.GO:
            break
    return answer


def explain(facts: Facts, *, purpose: Purpose, now: datetime) -> list[Step]:
    """Every question with its answer, in order; the first that is no go is the verdict."""
    return [Step(name, ask(facts, purpose, now)) for name, ask in _STEPS]


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


def code_of(reason: str) -> str:
    """The code of a reason that was kept in words; a code is its own."""
    if reason.startswith("no consent"):
        return "no_consent"
    return _CODES.get(reason) or (reason if " " not in reason else "other")


def _stop(code: str, reason: str) -> Verdict:
    return Verdict(Kind.STOP, reason, code=code)


# -- the questions, in order ----------------------------------------------------------------------


# Whoever writes to us gets an answer, even after opting out.
def _is_answer(purpose: Purpose) -> bool:
    return purpose is Purpose.REPLY


def _person(facts: Facts, purpose: Purpose, _now: datetime) -> Verdict:
    if _is_answer(purpose):
        return _GO
    status = facts.patient_status if facts.owner_status is None else facts.owner_status
    reason = _GONE.get(status)
    return _stop(str(status), reason) if reason else _GO


def _address(facts: Facts, _purpose: Purpose, _now: datetime) -> Verdict:
    return _GO if facts.channel is not None else _stop("no_address", _NO_ADDRESS)


def _suppression(facts: Facts, purpose: Purpose, _now: datetime) -> Verdict:
    if facts.suppressed is None:
        return _GO
    # The carrier would refuse even an answer on SMS (21610), until the person sends START.
    carrier_blocks = (facts.suppressed, facts.channel) == (SuppressionReason.CARRIER, Channel.SMS)
    if _is_answer(purpose) and not carrier_blocks:
        return _GO
    return _stop(str(facts.suppressed), _SUPPRESSED[facts.suppressed])


def _consent(facts: Facts, purpose: Purpose, _now: datetime) -> Verdict:
    if purpose in {Purpose.REPLY, Purpose.ALERT} or _has_agreed(facts, purpose):
        return _GO
    return _stop("no_consent", _NO_CONSENT.format(purpose))


def _has_agreed(facts: Facts, purpose: Purpose) -> bool:
    """Marketing needs a yes of its own; a patient's care and an owner's contract bring the rest."""
    words = agreed(facts.consents)
    basis = facts.owner_status is not None or words.get("care", False)
    return words.get(purpose, basis and purpose is not Purpose.MARKETING)


def _frequency(facts: Facts, purpose: Purpose, now: datetime) -> Verdict:
    if purpose is not Purpose.MARKETING or not facts.marketing:
        return _GO
    too_often = any(sum(at > now - span for at in facts.marketing) >= most for span, most in CAPS)
    return _stop("frequency_cap", _OFTEN) if too_often else _GO


def _hours(facts: Facts, purpose: Purpose, now: datetime) -> Verdict:
    hours = (_HOURS if facts.owner_status is None else _OWNERS_HOURS).get(purpose)
    until = _opens_at(hours, facts.quiet, now) if hours else None
    return Verdict(Kind.DEFER, _QUIET, until, code="quiet_hours") if until else _GO


def _window(facts: Facts, _purpose: Purpose, now: datetime) -> Verdict:
    """WhatsApp takes free text for a day after the person wrote, and only templates otherwise."""
    is_open = facts.heard_at is not None and now < facts.heard_at + WINDOW
    if facts.channel is not Channel.WHATSAPP or is_open:
        return _GO
    if not facts.has_template:
        return _stop("window_closed", _NO_TEMPLATE)
    return Verdict(Kind.GO, must_use_template=True)


_STEPS: tuple[tuple[str, Callable[[Facts, Purpose, datetime], Verdict]], ...] = (
    ("person", _person),
    ("address", _address),
    ("suppression", _suppression),
    ("consent", _consent),
    ("frequency", _frequency),
    ("quiet_hours", _hours),
    ("window", _window),
)
_CODES = {
    **{words: str(status) for status, words in _GONE.items()},
    **{words: str(reason) for reason, words in _SUPPRESSED.items()},
    _NO_ADDRESS: "no_address",
    _OFTEN: "frequency_cap",
    _QUIET: "quiet_hours",
    _NO_TEMPLATE: "window_closed",
}


# -- hours ----------------------------------------------------------------------------------------


def _opens_at(
    hours: tuple[time, time], quiet: tuple[time, time] | None, now: datetime
) -> datetime | None:
    """When both these hours and the person's own begin again; None while they last.

    Quiet hours that leave no time of the day are not heeded: else nothing would ever arrive.
    """
    moment = now
    for _ in range(3):
        later = _past_quiet(quiet, _into(hours, moment))
        if later == moment:
            return moment if moment != now else None
        moment = later
    opens = _into(hours, now)
    return opens if opens != now else None


def _into(hours: tuple[time, time], moment: datetime) -> datetime:
    """The moment, or the next opening when it is outside these hours."""
    opens, closes = hours
    local = lagos(moment)
    if opens <= local.time() < closes:
        return moment
    next_day = local.date() + timedelta(days=local.time() >= closes)
    return at_lagos(next_day, opens)


def _past_quiet(quiet: tuple[time, time] | None, moment: datetime) -> datetime:
    """The moment, or the end of the quiet hours it falls into."""
    if quiet is None:
        return moment
    start, end = quiet
    local = lagos(moment)
    clock, over_midnight = local.time(), start > end
    is_quiet = (clock >= start or clock < end) if over_midnight else start <= clock < end
    if not is_quiet:
        return moment
    return at_lagos(local.date() + timedelta(days=over_midnight and clock >= start), end)
