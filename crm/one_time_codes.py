"""One-time codes: six digits to a phone we know, five tries, ten minutes."""

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.channels.carrier import Channel
from bot.texts import say
from crm import addresses, outbox
from crm.kit.crypto import Vault
from crm.kit.errors import DomainError
from crm.kit.ids import uuid7
from crm.models import AccountKind, Address, CodePurpose, Lane, OneTimeCode, Purpose
from crm.outbox import Template

GOOD_FOR = timedelta(minutes=10)
MOST_TRIES = 5
_PER_HOUR = 5
_WHERE = "otp_challenges.code"


class WrongCode(DomainError):
    """The code is wrong, expired, used, or was tried too often; nobody learns which."""

    code = "wrong_code"
    status = 401
    keeps = True


def send(
    session: Session,
    *,
    channel: Channel,
    value: str,
    kind: AccountKind,
    purpose: CodePurpose,
    language: str,
    now: datetime,
) -> tuple[UUID, datetime]:
    """Send a code to an address; returns the challenge's id and its end.

    Where we know no such address, or it had five codes within the hour, nothing is sent and the
    answer looks the same.
    """
    id_, ends = uuid7(), now + GOOD_FOR
    address = addresses.find(session, channel, value)
    if address is not None and not _had_enough(session, address, now):
        _send(session, address, id_, kind=kind, purpose=purpose, language=language, now=now)
    return id_, ends


def check(
    session: Session, challenge_id: UUID, code: str, *, purpose: CodePurpose, now: datetime
) -> OneTimeCode:
    """The challenge this code answers, not yet spent. Raises WrongCode; a wrong try counts."""
    challenge = session.get(OneTimeCode, challenge_id, with_for_update=True)
    if challenge is None or not _is_open(challenge, purpose, now):
        raise WrongCode("That code is not right, or it has expired.")
    vault: Vault = session.info["vault"]
    challenge.tries += 1
    session.flush()
    if not secrets.compare_digest(challenge.code_hash, _hash(vault, challenge.id, code)):
        raise WrongCode("That code is not right, or it has expired.")
    return challenge


def spend(session: Session, challenge: OneTimeCode, *, now: datetime) -> None:
    """Let the code count no more."""
    challenge.used_at = now
    session.flush()


def _send(
    session: Session,
    address: Address,
    id_: UUID,
    *,
    kind: AccountKind,
    purpose: CodePurpose,
    language: str,
    now: datetime,
) -> None:
    vault: Vault = session.info["vault"]
    code = f"{secrets.randbelow(1_000_000):06}"
    session.add(
        OneTimeCode(
            id=id_,
            purpose=purpose,
            kind=kind,
            address_id=address.id,
            code_hash=_hash(vault, id_, code),
            created_at=now,
            expires_at=now + GOOD_FOR,
        )
    )
    session.flush()
    outbox.post(
        session,
        address_id=address.id,
        channel=address.channel,
        text=say("code", purpose, language, address.channel, code=code),
        purpose=Purpose.REPLY,
        lane=Lane.URGENT,
        template=Template(f"one_time_code_{language}", (code,)),
        expires_at=now + GOOD_FOR,
        now=now,
    )


def _had_enough(session: Session, address: Address, now: datetime) -> bool:
    recent = (
        select(func.count())
        .select_from(OneTimeCode)
        .where(OneTimeCode.address_id == address.id)
        .where(OneTimeCode.created_at > now - timedelta(hours=1))
    )
    return (session.scalar(recent) or 0) >= _PER_HOUR


def _is_open(challenge: OneTimeCode, purpose: CodePurpose, now: datetime) -> bool:
    is_unused = challenge.used_at is None and challenge.tries < MOST_TRIES
    return is_unused and challenge.purpose == purpose and now < challenge.expires_at


def _hash(vault: Vault, id_: UUID, code: str) -> bytes:
    # Keyed: a million codes are soon tried against a bare hash.
    return vault.index(f"{id_.hex}:{code.strip()}", domain=_WHERE)
