"""Preferences: where, when, in which language and about what a patient wants to hear from us.

Channels and purposes are read from the consents and changed by adding to them, so that what
somebody wanted at any time can be shown, with its source. A channel that is off has had "all"
withdrawn at each of its addresses; a purpose is asked of each address that is on.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from bot.channels.carrier import Channel
from crm import consents, gate, patients
from crm.kit.errors import DomainError, Invalid
from crm.kit.permissions import Scope
from crm.models import Address, Consent, Patient, Purpose

WORDING = "preferences-2026-11"
PURPOSES: Mapping[str, str] = {
    "reminders": Purpose.REMINDER,
    "feedback": Purpose.SURVEY,
    "marketing": Purpose.MARKETING,
    "loyalty": Purpose.LOYALTY,
    "research": "research",
}
"""The names people choose by, and the words of the consents."""

_OPT_IN = {"marketing", "research"}
_CANCEL = text("""
    update messages set status = 'cancelled', reason = 'the person does not want it',
        status_at = :now
    where patient_id = :patient and status = 'queued'
        and (purpose = any(:purposes)
            or (channel = any(:channels) and purpose not in ('reply', 'alert')))
""")


class RiskNotAcknowledged(DomainError):
    """Nobody could warn the patient of a visit that moves; `acknowledge_risk` says they know."""

    code = "acknowledge_risk"
    status = 422


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a patient wants, as it stands."""

    patient_id: UUID
    version: int
    language: str
    preferred_channel: Channel | None
    quiet_hours: tuple[time, time] | None
    channels: Mapping[Channel, bool]
    purposes: Mapping[str, bool]


def of(session: Session, patient: Patient) -> Preferences:
    """What the patient wants now."""
    voices = _voices(session, patient)
    return Preferences(
        patient_id=patient.id,
        version=patient.version,
        language=patient.language,
        preferred_channel=patient.preferred_channel,
        quiet_hours=_quiet(patient),
        channels={c: any(v.is_on for v in voices if v.channel is c) for c in Channel},
        purposes={name: any(v.wants(name) for v in voices if v.is_on) for name in PURPOSES},
    )


def change(
    session: Session,
    patient_id: UUID,
    wish: Mapping[str, Any],
    *,
    version: int,
    scope: Scope,
    source: str,
    now: datetime,
    is_risk_acknowledged: bool = False,
    proof_message_id: UUID | None = None,
) -> tuple[Preferences, Sequence[Consent]]:
    """Change what is in the wish and leave the rest; returns all of it, and the consents written.

    The wish may hold preferred_channel, language, quiet_hours (a pair or None), channels and
    purposes. Messages that are queued and now unwanted are cancelled. Raises StaleVersion,
    Invalid, RiskNotAcknowledged.
    """
    patient = patients.get(session, patient_id, scope=scope, lock=True)
    patients.check_version(patient, version)
    before = of(session, patient)
    _set(patient, wish, now=now)
    written = [
        _say(
            session,
            patient,
            voice,
            word,
            is_granted,
            source=source,
            proof_message_id=proof_message_id,
            now=now,
        )
        for voice, word, is_granted in _differences(_voices(session, patient), wish)
    ]
    session.flush()
    after = of(session, patient)
    _check(after, before, wish, is_risk_acknowledged=is_risk_acknowledged)
    _cancel(session, before, after, now=now)
    return after, written


# -- what was said --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Voice:
    """One address of the patient and every word said there, oldest first: "+care", "-all"."""

    address: Address
    words: Sequence[str]

    @property
    def channel(self) -> Channel:
        return self.address.channel

    @property
    def is_on(self) -> bool:
        return next((w for w in reversed(self.words) if w[1:] == "all"), "+all") == "+all"

    def wants(self, name: str) -> bool:
        words = gate.agreed(self.words)
        return words.get(PURPOSES[name], words.get("care", False) and name not in _OPT_IN)


def _voices(session: Session, patient: Patient) -> list[_Voice]:
    said = consents.history(session, patient.id)
    return [
        _Voice(address, [_word(c) for c in said if c.address_id == address.id])
        for address, _ in patients.addresses_of(session, patient.id)
    ]


def _word(consent: Consent) -> str:
    return ("+" if consent.is_granted else "-") + consent.purpose


def _differences(
    voices: Sequence[_Voice], wish: Mapping[str, Any]
) -> Iterable[tuple[_Voice, str, bool]]:
    """What must be said, and where, so that the wish holds."""
    channels, purposes = wish.get("channels", {}), wish.get("purposes", {})
    shared = {name: any(v.wants(name) for v in voices if v.is_on) for name in PURPOSES}
    for voice in voices:
        is_on = channels.get(voice.channel, voice.is_on)
        if is_on != voice.is_on:
            yield voice, "all", is_on
        # A channel that comes back remembers what was said before, and learns what was said since.
        is_back = is_on and not voice.is_on
        then = replace(voice, words=[*voice.words, "+all"]) if is_back else voice
        for name, is_wanted in ((shared | purposes) if is_back else purposes).items():
            if is_on and is_wanted != then.wants(name):
                yield voice, PURPOSES[name], is_wanted


def _say(
    session: Session,
    patient: Patient,
    voice: _Voice,
    word: str,
    is_granted: bool,  # noqa: FBT001 -- the third of a triple, passed on
    *,
    source: str,
    proof_message_id: UUID | None,
    now: datetime,
) -> Consent:
    return consents.record(
        session,
        address_id=voice.address.id,
        patient_id=patient.id,
        purpose=word,
        is_granted=is_granted,
        wording=WORDING,
        language=patient.language,
        source=source,
        proof_message_id=proof_message_id,
        now=now,
    )


# -- what follows ---------------------------------------------------------------------------------


def _set(patient: Patient, wish: Mapping[str, Any], *, now: datetime) -> None:
    for name in ("language", "preferred_channel"):
        if name in wish:
            setattr(patient, name, wish[name])
    if "quiet_hours" in wish:
        patient.quiet_start, patient.quiet_end = wish["quiet_hours"] or (None, None)
    patient.version += 1
    patient.updated_at = now


def _quiet(patient: Patient) -> tuple[time, time] | None:
    if patient.quiet_start is None or patient.quiet_end is None:
        return None
    return patient.quiet_start, patient.quiet_end


def _check(
    after: Preferences, before: Preferences, wish: Mapping[str, Any], *, is_risk_acknowledged: bool
) -> None:
    for channel, is_on in wish.get("channels", {}).items():
        if is_on and not after.channels[channel]:
            raise Invalid(
                f"channels.{channel}",
                "There is no such address to write to.",
                code="channel_unavailable",
            )
    preferred = after.preferred_channel
    # One that a STOP has switched off stays preferred, and stands in no other wish's way.
    is_of_this_wish = "preferred_channel" in wish or (preferred and before.channels[preferred])
    if preferred is not None and is_of_this_wish and not after.channels[preferred]:
        raise Invalid(
            "preferred_channel",
            "The preferred channel must be on and have an address.",
            code="channel_unavailable",
        )
    if _can_be_warned(before) and not _can_be_warned(after) and not is_risk_acknowledged:
        raise RiskNotAcknowledged(
            "Without any channel, or without reminders, the patient may miss a visit that we"
            " moved. Send acknowledge_risk when they know."
        )


def _can_be_warned(preferences: Preferences) -> bool:
    return any(preferences.channels.values()) and preferences.purposes["reminders"]


def _cancel(session: Session, before: Preferences, after: Preferences, *, now: datetime) -> None:
    """Take back at once what waits in the outbox and is not wanted any more."""
    channels = [c for c in Channel if before.channels[c] and not after.channels[c]]
    purposes = [
        PURPOSES[name] for name in PURPOSES if before.purposes[name] and not after.purposes[name]
    ]
    if channels or purposes:
        given = {"patient": after.patient_id, "channels": channels, "purposes": purposes}
        session.execute(_CANCEL, given | {"now": now})
