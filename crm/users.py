"""Staff users: made, given roles, locked after wrong tries, with a second factor."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import pyotp
from sqlalchemy import ColumnElement, delete, select, true
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from crm.kit.crypto import Vault
from crm.kit.errors import Denied, DomainError, Invalid, NotFound, StaleVersion
from crm.kit.ids import uuid7
from crm.kit.paging import Found, PageRequest, keyset
from crm.kit.passwords import Passwords
from crm.kit.permissions import Actor, Grant, Kind, Role, Scope
from crm.models import Hospital, User, UserGrant, UserStatus

EMAIL = "users.email"
TOTP = "users.totp"
FREE_TRIES = 5
_FIRST_WAIT, _LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)
_STEP_S = 30
NOT_FOR_STAFF = {Role.PATIENT, Role.OWNER}


class EmailTaken(DomainError):
    """Another user has this e-mail."""

    code = "email_taken"


def create(
    session: Session,
    passwords: Passwords,
    *,
    name: str,
    email: str,
    password: str,
    grants: Iterable[Grant],
    now: datetime,
) -> User:
    """A new user with their first roles. Raises EmailTaken, Invalid."""
    vault: Vault = session.info["vault"]
    id_ = uuid7()
    made: User | None = session.scalar(
        insert(User)
        .values(
            id=id_,
            name=name,
            email_sealed=vault.seal(email.lower(), where=EMAIL, row=id_),
            email_index=_index(vault, email),
            password_hash=passwords.hash(password),
            created_at=now,
            updated_at=now,
        )
        .on_conflict_do_nothing(index_elements=[User.email_index])
        .returning(User)
    )
    if made is None:
        raise EmailTaken("Another user has this e-mail.")
    grant(session, made, grants)
    return made


def grant(session: Session, user: User, grants: Iterable[Grant]) -> None:
    """Give the user these roles instead of the ones they had. Raises Invalid."""
    wanted = list(dict.fromkeys(grants))
    if any(role in NOT_FOR_STAFF for role, _ in wanted):
        raise Invalid("grants", "Patients and owners are no staff roles.")
    _refuse_unknown(session, {place for _, place in wanted if place})
    session.execute(delete(UserGrant).where(UserGrant.user_id == user.id))
    session.add_all(
        UserGrant(id=uuid7(), user_id=user.id, role=role, hospital_id=place)
        for role, place in wanted
    )
    session.flush()


def _refuse_unknown(session: Session, hospitals: set[UUID]) -> None:
    known = set(session.scalars(select(Hospital.id).where(Hospital.id.in_(hospitals))))
    if hospitals - known:
        raise Invalid("grants", "There is no such hospital.", code="unknown_hospital")


def change(
    session: Session,
    user: User,
    *,
    version: int,
    now: datetime,
    name: str | None = None,
    status: UserStatus | None = None,
    grants: Sequence[Grant] | None = None,
) -> User:
    """Change name, status or roles. Raises StaleVersion, Invalid."""
    session.refresh(user, with_for_update=True)
    if user.version != version:
        raise StaleVersion("Somebody changed this user meanwhile.", version=user.version)
    user.name = name or user.name
    user.status = status or user.status
    if grants is not None:
        grant(session, user, grants)
    user.version, user.updated_at = user.version + 1, now
    session.flush()
    return user


def get(session: Session, user_id: UUID, *, scope: Scope) -> User:
    """A user with a role in the scope. Raises NotFound."""
    user = session.scalar(select(User).where(User.id == user_id, _visible(scope)))
    if user is None:
        raise NotFound("There is no such user.")
    return user


def search(session: Session, *, scope: Scope, page: PageRequest) -> Found[User]:
    """The users with a role in the scope, by name."""
    return keyset(session, select(User).where(_visible(scope)), page, User.name, User.id)


def _visible(scope: Scope) -> ColumnElement[bool]:
    if scope.hospitals is None:
        return true()
    return (
        select(UserGrant.id)
        .where(UserGrant.user_id == User.id, scope.where(UserGrant.hospital_id))
        .exists()
    )


def grants_of(session: Session, user_ids: Iterable[UUID]) -> dict[UUID, list[Grant]]:
    """The roles of each of these users."""
    found: dict[UUID, list[Grant]] = {id_: [] for id_ in user_ids}
    for each in session.scalars(
        select(UserGrant).where(UserGrant.user_id.in_(found)).order_by(UserGrant.role)
    ):
        found[each.user_id].append((each.role, each.hospital_id))
    return found


def email_of(session: Session, user: User) -> str:
    """The e-mail, opened."""
    vault: Vault = session.info["vault"]
    return vault.open(user.email_sealed, where=EMAIL, row=user.id)


def find_by_email(session: Session, email: str) -> User | None:
    """The user who signs in with this e-mail."""
    index = _index(session.info["vault"], email)
    return session.scalar(select(User).where(User.email_index == index))


# -- passwords and tries ---------------------------------------------------------------------------


def set_password(
    session: Session, passwords: Passwords, user: User, password: str, *, now: datetime
) -> None:
    """Keep a new password. Raises Invalid."""
    user.password_hash, user.updated_at = passwords.hash(password), now
    user.failed_count, user.locked_until = 0, None
    session.flush()


def myself(session: Session, actor: Actor) -> User:
    """The caller's own row. Raises Denied for patients and owners, who have no password."""
    user = session.get(User, actor.id) if actor.kind is Kind.USER else None
    if user is None:
        raise Denied("Only staff accounts have a password and a second factor.")
    return user


class WrongPassword(DomainError):
    """The password given to be sure is not the right one."""

    code = "wrong_password"
    status = 422
    keeps = True


def check_password(
    session: Session, passwords: Passwords, user: User, password: str, *, now: datetime
) -> None:
    """Raise WrongPassword unless it is the user's; a wrong try counts."""
    if not may_try(user, now=now) or not passwords.matches(password, user.password_hash):
        note_failure(session, user, now=now)
        raise WrongPassword("That is not your password.")


def may_try(user: User, *, now: datetime) -> bool:
    """True when the account is active and not waiting after wrong tries."""
    is_waiting = user.locked_until is not None and now < user.locked_until
    return user.status == UserStatus.ACTIVE and not is_waiting


def note_failure(session: Session, user: User, *, now: datetime) -> None:
    """Count a wrong try; from the fifth on each doubles the wait, up to an hour."""
    session.refresh(user, with_for_update=True)
    user.failed_count = min(user.failed_count + 1, 1_000)
    beyond = user.failed_count - FREE_TRIES
    if beyond >= 0:
        user.locked_until = now + min(_FIRST_WAIT * 2 ** min(beyond, 10), _LONGEST_WAIT)
    session.flush()


def note_success(session: Session, user: User, *, now: datetime) -> None:
    """Forget the wrong tries."""
    user.failed_count, user.locked_until, user.last_seen_at = 0, None, now
    session.flush()


# -- the second factor (TOTP, RFC 6238) ------------------------------------------------------------


def has_second_factor(user: User) -> bool:
    """True when signing in asks for a code."""
    return user.totp_confirmed_at is not None


def begin_second_factor(session: Session, user: User) -> tuple[str, str]:
    """A new secret to be confirmed: the secret, and the address for an authenticator's QR code."""
    if has_second_factor(user):
        raise Denied("A second factor is set up already. Remove it first.")
    vault: Vault = session.info["vault"]
    secret = pyotp.random_base32()
    user.totp_sealed = vault.seal(secret, where=TOTP, row=user.id)
    session.flush()
    uri = pyotp.TOTP(secret).provisioning_uri(name=email_of(session, user), issuer_name="GrandPro")
    return secret, uri


def confirm_second_factor(session: Session, user: User, code: str, *, now: datetime) -> None:
    """Switch it on with a first right code. Raises Invalid."""
    if not takes_code(session, user, code, now=now):
        raise Invalid("code", "That code is not right. Check the clock of your phone.")
    user.totp_confirmed_at = now
    session.flush()


def remove_second_factor(session: Session, user: User) -> None:
    """Switch it off."""
    user.totp_sealed = user.totp_confirmed_at = user.totp_step = None
    session.flush()


def takes_code(session: Session, user: User, code: str, *, now: datetime) -> bool:
    """True for a code of now, or of a step before or after, that was not taken before."""
    if user.totp_sealed is None:
        return False
    vault: Vault = session.info["vault"]
    totp = pyotp.TOTP(vault.open(user.totp_sealed, where=TOTP, row=user.id))
    session.refresh(user, with_for_update=True)
    current = int(now.timestamp()) // _STEP_S
    for step in (current - 1, current, current + 1):
        is_new = user.totp_step is None or step > user.totp_step
        if is_new and pyotp.utils.strings_equal(totp.at(step * _STEP_S), code.strip()):
            user.totp_step = step
            session.flush()
            return True
    return False


def _index(vault: Vault, email: str) -> bytes:
    return vault.index(email.strip().lower(), domain=EMAIL)
