"""Standing orders: STOP and START, and where a person can be called."""

from conversations.desk import Desk
from crm import alerts, consents, suppressions
from crm.models import SuppressionReason


def heed(desk: Desk, word: str, *, by_carrier: bool = False) -> None:
    """Stop or start everything this address did not ask for, and keep the proof."""
    address_id = desk.talk.address_id
    if word == "stop":
        reason = SuppressionReason.CARRIER if by_carrier else SuppressionReason.STOP
        suppressions.suppress(desk.session, address_id, reason, now=desk.now)
    else:
        suppressions.lift(desk.session, address_id, now=desk.now)
    consents.record(
        desk.session,
        address_id=address_id,
        patient_id=desk.talk.patient_id,
        purpose="all",
        is_granted=word == "start",
        wording=word,
        language=desk.language,
        source=desk.channel.value,
        proof_message_id=desk.message_id,
        now=desk.now,
    )


def desk_phone(desk: Desk) -> str:
    """Where a person can be called."""
    return alerts.desk_of(desk.session, desk.talk).phone
