"""What the talk about preferences asks of the house."""

from collections.abc import Mapping
from datetime import time
from typing import Any

from bot.channels.carrier import Channel
from conversations.desk import Answers, Desk, Outcome
from conversations.desk.members import own_scope, patient, record
from conversations.standing import heed
from crm import patients, preferences
from crm.kit.errors import Invalid
from crm.preferences import RiskNotAcknowledged


def find_wishes(desk: Desk, answers: Answers) -> Outcome:
    """What is on now, where, when and in which language."""
    wanted = preferences.of(desk.session, record(desk, answers))
    on = [channel.value for channel, is_on in wanted.channels.items() if is_on]
    return "wishes", {
        "channels": on,
        "channel": wanted.preferred_channel.value if wanted.preferred_channel else "",
        "quiet": [at.isoformat() for at in wanted.quiet_hours] if wanted.quiet_hours else None,
        "purposes": dict(wanted.purposes),
        "is_stopped": desk.talk.is_suppressed or not on,
    }


def set_purpose(desk: Desk, answers: Answers) -> Outcome:
    """Turn one kind of message on or off, with the consent that says so."""
    wish = {"purposes": {answers["purpose"]: answers["is_on"]}}
    try:
        with desk.session.begin_nested():
            _change(desk, answers, wish, is_risk_taken=answers.pop("takes_risk", False))
    except RiskNotAcknowledged:
        return "risky", None
    return "set", None


def set_quiet(desk: Desk, answers: Answers) -> Outcome:
    """Keep the hours in which they want to hear nothing."""
    hours = answers.pop("hours")
    pair = None if hours == "none" else tuple(time.fromisoformat(at) for at in hours)
    _change(desk, answers, {"quiet_hours": pair})
    return "set", None


def set_channel(desk: Desk, answers: Answers) -> Outcome:
    """Write there first."""
    try:
        with desk.session.begin_nested():
            _change(desk, answers, {"preferred_channel": Channel(answers["wanted_channel"])})
    except Invalid:
        return "refused", None
    return "set", None


def stop_all(desk: Desk, answers: Answers) -> Outcome:
    """As if they had sent STOP."""
    del answers
    heed(desk, "stop")
    desk.talk.is_suppressed = True
    return "stopped", None


def start_all(desk: Desk, answers: Answers) -> Outcome:
    """As if they had sent START."""
    del answers
    heed(desk, "start")
    desk.talk.is_suppressed = False
    return "started", None


def _change(
    desk: Desk, answers: Answers, wish: Mapping[str, Any], *, is_risk_taken: bool = False
) -> None:
    """The row is locked first, so that what staff change at the same moment is not lost."""
    member = patient(desk, answers)
    scope = own_scope(member)
    locked = patients.get(desk.session, member.id, scope=scope, lock=True)
    preferences.change(
        desk.session,
        member.id,
        wish,
        version=locked.version,
        scope=scope,
        source=desk.channel.value,
        is_risk_acknowledged=is_risk_taken,
        proof_message_id=desk.message_id,
        now=desk.now,
    )
