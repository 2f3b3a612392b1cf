"""Signing in: by password or one-time code, kept alive by refresh tokens that count once."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crm import users
from crm.kit import driver
from crm.kit.access_tokens import LIFETIME, AccessTokens
from crm.kit.errors import DomainError, NotFound
from crm.kit.ids import uuid7
from crm.kit.passwords import Passwords
from crm.kit.permissions import Actor, Grant, Kind, Role
from crm.models import AccountKind, SignIn, User, UserStatus

KEPT = timedelta(days=30)
IDLE = timedelta(days=7)
_LONGEST_DEVICE = 120


class NotSignedIn(DomainError):
    """No token, an expired one, or one whose sign-in has ended."""

    code = "not_signed_in"
    status = 401


class WrongCredentials(DomainError):
    """E-mail and password do not match, or there were too many tries; nobody learns which."""

    code = "wrong_credentials"
    status = 401
    keeps = True


class SecondFactorNeeded(DomainError):
    """The password is right; the code of the authenticator is missing or wrong."""

    code = "second_factor_needed"
    status = 401
    keeps = True


class TokenReused(NotSignedIn):
    """A refresh token came twice: somebody else has it, so the sign-in ends."""

    code = "token_reused"
    keeps = True


@dataclass(frozen=True, slots=True)
class Device:
    """Where somebody signs in from."""

    address: str
    name: str


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the caller keeps: the refresh token counts once."""

    access_token: str
    refresh_token: str
    expires_in_s: int = int(LIFETIME.total_seconds())


def with_password(
    session: Session,
    passwords: Passwords,
    tokens: AccessTokens,
    *,
    email: str,
    password: str,
    code: str | None,
    device: Device,
    now: datetime,
) -> tuple[User, Tokens]:
    """Sign a staff user in. Raises WrongCredentials, SecondFactorNeeded; a wrong try counts."""
    user = users.find_by_email(session, email)
    is_right = passwords.matches(password, user.password_hash if user else None)
    if user is None or not users.may_try(user, now=now) or not is_right:
        if user is not None:
            users.note_failure(session, user, now=now)
        raise WrongCredentials("E-mail and password do not match, or there were too many tries.")
    has_second = users.has_second_factor(user)
    if has_second and not users.takes_code(session, user, code or "", now=now):
        if code:
            users.note_failure(session, user, now=now)
        raise SecondFactorNeeded("Send the code of your authenticator with the password.")
    users.note_success(session, user, now=now)
    return user, start(
        session, tokens, AccountKind.USER, user.id, device=device, is_strong=has_second, now=now
    )


def start(
    session: Session,
    tokens: AccessTokens,
    kind: AccountKind,
    account_id: UUID,
    *,
    device: Device,
    now: datetime,
    is_strong: bool = False,
) -> Tokens:
    """Begin a sign-in of somebody who has shown who they are."""
    secret = secrets.token_urlsafe(32)
    signed = SignIn(
        id=uuid7(),
        kind=kind,
        account_id=account_id,
        refresh_hash=_hash(secret),
        is_strong=is_strong,
        address=device.address,
        device=device.name[:_LONGEST_DEVICE],
        created_at=now,
        used_at=now,
        expires_at=now + KEPT,
    )
    session.add(signed)
    session.flush()
    return _tokens(tokens, signed, secret, now)


def refresh(session: Session, tokens: AccessTokens, token: str, *, now: datetime) -> Tokens:
    """A new pair for a refresh token. Raises NotSignedIn; TokenReused ends the sign-in."""
    sid, _, secret = token.partition(".")
    signed = session.get(SignIn, _id(sid), with_for_update=True)
    if signed is None or not _is_alive(signed, now):
        raise NotSignedIn("This sign-in has ended. Please sign in again.")
    if not secrets.compare_digest(signed.refresh_hash, _hash(secret)):
        _end(signed, "a refresh token was used twice", now)
        session.flush()
        raise TokenReused("This token was used before. Please sign in again.")
    new = secrets.token_urlsafe(32)
    signed.refresh_hash, signed.used_at = _hash(new), now
    session.flush()
    return _tokens(tokens, signed, new, now)


def end(session: Session, sign_in_id: UUID, *, account_id: UUID | None, now: datetime) -> None:
    """End one sign-in of this account. Raises NotFound."""
    signed = session.get(SignIn, sign_in_id)
    if signed is None or signed.account_id != account_id:
        raise NotFound("There is no such sign-in.")
    if signed.revoked_at is None:
        _end(signed, "signed out", now)
    session.flush()


def end_all(
    session: Session, account_id: UUID, *, reason: str, now: datetime, but: UUID | None = None
) -> int:
    """End every sign-in of an account, except one; returns how many."""
    ended = session.execute(
        update(SignIn)
        .where(SignIn.account_id == account_id, SignIn.revoked_at.is_(None))
        .where(SignIn.id != (but or UUID(int=0)))
        .values(revoked_at=now, revoked_reason=reason)
        .returning(SignIn.id)
    )
    return len(ended.all())


def alive(session: Session, account_id: UUID | None, *, now: datetime) -> Sequence[SignIn]:
    """The sign-ins of an account that still count, newest first."""
    return session.scalars(
        select(SignIn)
        .where(SignIn.account_id == account_id, SignIn.revoked_at.is_(None))
        .where(SignIn.expires_at > now, SignIn.used_at > now - IDLE)
        .order_by(SignIn.created_at.desc())
    ).all()


# -- who is it -------------------------------------------------------------------------------------

# One round trip for the sign-in, its account and its roles.
_WHO = """
    select s.id, s.kind, s.account_id, s.is_strong, u.status as user_status, u.name as user_name,
        array(
            select g.role || coalesce(':' || g.hospital_id::text, '')
            from user_grants g where g.user_id = u.id order by g.role
        ) as grants
    from sessions s left join users u on s.kind = 'user' and u.id = s.account_id
    where s.id = %(id)s and s.revoked_at is null and s.expires_at > %(now)s
"""


class _Who(NamedTuple):
    """A row of it."""

    id: UUID
    kind: str
    account_id: UUID
    is_strong: bool
    user_status: str | None
    user_name: str | None
    grants: Sequence[str]


def authenticate(session: Session, tokens: AccessTokens, token: str, *, now: datetime) -> Actor:
    """Who sends this access token. Raises NotSignedIn. One statement."""
    sign_in_id = tokens.read(token, now=now) if token else None
    rows = driver.fetch(session, _WHO, {"id": sign_in_id, "now": now}) if sign_in_id else []
    row = _Who(*rows[0]) if rows else None
    if row is None or (row.kind == AccountKind.USER and row.user_status != UserStatus.ACTIVE):
        raise NotSignedIn("Please sign in: the token is missing, expired or revoked.")
    return _actor(row)


def _actor(row: _Who) -> Actor:
    kind = AccountKind(row.kind)
    if kind is AccountKind.USER:
        grants = tuple(_grant(word) for word in row.grants)
        return Actor(Kind.USER, row.account_id, row.user_name or "", grants, row.id, row.is_strong)
    role = Role.PATIENT if kind is AccountKind.PATIENT else Role.OWNER
    return Actor(Kind(kind.value), row.account_id, kind.value, ((role, None),), row.id)


def _grant(word: str) -> Grant:
    role, _, place = word.partition(":")
    return Role(role), UUID(place) if place else None


def _tokens(tokens: AccessTokens, signed: SignIn, secret: str, now: datetime) -> Tokens:
    access = tokens.make(signed.id, account_id=signed.account_id, now=now)
    return Tokens(access, f"{signed.id.hex}.{secret}")


def _is_alive(signed: SignIn, now: datetime) -> bool:
    return signed.revoked_at is None and signed.expires_at > now and signed.used_at > now - IDLE


def _end(signed: SignIn, reason: str, now: datetime) -> None:
    signed.revoked_at, signed.revoked_reason = now, reason


def _hash(secret: str) -> bytes:
    # 256 random bits need no slow hash.
    return hashlib.sha256(secret.encode()).digest()


def _id(text: str) -> UUID:
    try:
        return UUID(hex=text)
    except ValueError:
        return UUID(int=0)
