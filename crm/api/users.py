"""Staff accounts and their roles."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from crm import sign_in, users
from crm.api.kit import Body, Data, Door, Out, Page, Query, call, expected_version, needs
from crm.api.kit.fields import Email, Title, Version
from crm.api.sign_in import GrantOut, Secret
from crm.kit.errors import Denied
from crm.kit.permissions import PERMISSIONS, Grant, Permission, Role
from crm.models import User, UserStatus

door = Door("users", __name__)


class GrantBody(Body):
    """A role, at one hospital or, without one, at all."""

    role: Role
    hospital_id: UUID | None = None


class UserBody(Body):
    """A new member of staff, or another system (role `service`)."""

    name: Title
    email: Email
    password: Secret
    grants: list[GrantBody] = Field(min_length=1, max_length=40)


class UserChange(Body):
    """What may change; a field left out stays."""

    version: Version | None = None
    name: Title | None = None
    status: UserStatus | None = None
    grants: list[GrantBody] | None = Field(default=None, max_length=40)


class PasswordReset(Body):
    """A new password, told to the user by a safe way."""

    password: Secret


class UserOut(Out):
    """A staff account."""

    id: UUID
    name: str
    email: str
    status: UserStatus
    grants: list[GrantOut]
    has_second_factor: bool
    last_seen_at: datetime | None
    version: int


@door.get("/users")
@needs(Permission.USERS_READ)
@door.input(Query, location="query")
@door.output(Page[UserOut])
def index(query_data: Query) -> Page[UserOut]:
    """The staff of one's hospitals, by name."""
    found = users.search(call.session, scope=call.scope, page=query_data.page())
    grants = users.grants_of(call.session, [user.id for user in found.items])
    return Page[UserOut].of(found, lambda user: _out(user, grants[user.id]))


@door.post("/users")
@needs(Permission.USERS_WRITE)
@door.input(UserBody)
@door.output(Data[UserOut], status_code=201)
def create(json_data: UserBody) -> Data[UserOut]:
    """Make an account."""
    user = users.create(
        call.session,
        call.wiring.passwords,
        name=json_data.name,
        email=json_data.email,
        password=json_data.password,
        grants=_grants(json_data.grants),
        now=call.now,
    )
    call.concerns("user", user.id)
    return _one(user)


@door.get("/users/<uuid:user_id>")
@needs(Permission.USERS_READ)
@door.output(Data[UserOut])
def show(user_id: UUID) -> Data[UserOut]:
    """One account."""
    return _one(users.get(call.session, user_id, scope=call.scope))


@door.patch("/users/<uuid:user_id>")
@needs(Permission.USERS_WRITE)
@door.input(UserChange)
@door.output(Data[UserOut])
def change(user_id: UUID, json_data: UserChange) -> Data[UserOut]:
    """Change name, status or roles; whoever is disabled is signed out at once."""
    user = users.get(call.session, user_id, scope=call.scope)
    if user.id == call.actor.id and (json_data.grants or json_data.status):
        raise Denied("Nobody changes their own roles or status.")
    users.change(
        call.session,
        user,
        version=expected_version(json_data.version),
        name=json_data.name,
        status=json_data.status,
        grants=None if json_data.grants is None else _grants(json_data.grants),
        now=call.now,
    )
    if user.status is UserStatus.DISABLED:
        sign_in.end_all(call.session, user.id, reason="the account was disabled", now=call.now)
    return _one(user)


@door.post("/users/<uuid:user_id>/password")
@needs(Permission.USERS_WRITE)
@door.input(PasswordReset)
@door.output(Data[UserOut])
def reset_password(user_id: UUID, json_data: PasswordReset) -> Data[UserOut]:
    """Set another's password anew; every device of theirs is signed out."""
    user = users.get(call.session, user_id, scope=call.scope)
    users.set_password(call.session, call.wiring.passwords, user, json_data.password, now=call.now)
    sign_in.end_all(call.session, user.id, reason="the password was reset", now=call.now)
    return _one(user)


class RoleOut(Out):
    """A role and what it gives."""

    role: Role
    permissions: list[str]


@door.get("/roles")
@needs(Permission.USERS_READ)
@door.output(Data[list[RoleOut]])
def roles() -> Data[list[RoleOut]]:
    """Every role and what it may do."""
    shown = [
        RoleOut(role=role, permissions=sorted(p.value for p in permissions))
        for role, permissions in PERMISSIONS.items()
    ]
    return Data(data=shown)


def _grants(bodies: list[GrantBody]) -> list[Grant]:
    return [(each.role, each.hospital_id) for each in bodies]


def _one(user: User) -> Data[UserOut]:
    return Data(data=_out(user, users.grants_of(call.session, [user.id])[user.id]))


def _out(user: User, grants: list[Grant]) -> UserOut:
    return UserOut(
        id=user.id,
        name=user.name,
        email=users.email_of(call.session, user),
        status=user.status,
        grants=[GrantOut(role=role, hospital_id=place) for role, place in grants],
        has_second_factor=users.has_second_factor(user),
        last_seen_at=user.last_seen_at,
        version=user.version,
    )
