"""The accounts: staff users, what they may do where, who is signed in, and one-time codes."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from crm.kit.permissions import Role
from crm.models.base import Base, Dated, Identified, Small, words


class UserStatus(StrEnum):
    """Whether somebody may sign in."""

    ACTIVE = "active"
    DISABLED = "disabled"


class User(Identified, Dated, Base):
    """A member of staff, or another system that calls us, with a password of its own."""

    __tablename__ = "users"
    __table_args__ = (CheckConstraint("failed_count >= 0", name="failed_count"),)

    name: Mapped[str]
    email_sealed: Mapped[bytes]
    email_index: Mapped[bytes] = mapped_column(unique=True)
    password_hash: Mapped[str]
    status: Mapped[UserStatus] = mapped_column(words(UserStatus), server_default=text("'active'"))
    failed_count: Mapped[int] = mapped_column(Small, server_default=text("0"))
    locked_until: Mapped[datetime | None]
    totp_sealed: Mapped[bytes | None]
    totp_confirmed_at: Mapped[datetime | None]
    totp_step: Mapped[int | None]
    """The last time step a code was taken for: no code counts twice (RFC 6238 §5.2)."""
    last_seen_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))


class UserGrant(Identified, Base):
    """A role of a user, at one hospital or, without one, at all of them."""

    __tablename__ = "user_grants"
    __table_args__ = (
        UniqueConstraint(
            "user_id",
            "role",
            "hospital_id",
            name="uq_user_grants_once",
            postgresql_nulls_not_distinct=True,
        ),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    role: Mapped[Role] = mapped_column(words(Role))
    hospital_id: Mapped[UUID | None] = mapped_column(ForeignKey("hospitals.id"))


class AccountKind(StrEnum):
    """Whose sign-in it is."""

    USER = "user"
    PATIENT = "patient"
    OWNER = "owner"


class SignIn(Identified, Base):
    """One sign-in on one device, alive until it expires or is revoked.

    `refresh_hash` is of the only refresh token that counts; any other one with this id was used
    before, or stolen, and ends the sign-in.
    """

    __tablename__ = "sessions"
    __table_args__ = (Index("ix_sessions_account_id", "account_id"),)

    kind: Mapped[AccountKind] = mapped_column(words(AccountKind))
    account_id: Mapped[UUID]
    refresh_hash: Mapped[bytes]
    is_strong: Mapped[bool] = mapped_column(server_default=text("false"))
    address: Mapped[str]
    device: Mapped[str]
    created_at: Mapped[datetime]
    used_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    revoked_reason: Mapped[str | None]


class CodePurpose(StrEnum):
    """What a one-time code allows."""

    SIGN_IN = "sign_in"
    ERASE = "erase"
    REDEEM = "redeem"
    EXPORT = "export"


class OneTimeCode(Identified, Base):
    """A six-digit code sent to an address, kept as a keyed hash, with few tries."""

    __tablename__ = "otp_challenges"
    __table_args__ = (Index("ix_otp_challenges_address_id", "address_id", "created_at"),)

    purpose: Mapped[CodePurpose] = mapped_column(words(CodePurpose))
    kind: Mapped[AccountKind] = mapped_column(words(AccountKind))
    address_id: Mapped[UUID] = mapped_column(ForeignKey("addresses.id"))
    code_hash: Mapped[bytes]
    tries: Mapped[int] = mapped_column(Small, server_default=text("0"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
