"""Who may do what, and to whose records: roles, permissions, scopes and the one who acts."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, false, true
from sqlalchemy.orm import InstrumentedAttribute


class Role(StrEnum):
    """What somebody is to the house. A staff user may hold several, each at some hospitals."""

    PATIENT = "patient"
    OWNER = "owner"
    FRONT_DESK = "front_desk"
    CLINICIAN = "clinician"
    COMMUNICATIONS = "communications"
    FINANCE = "finance"
    FINANCE_APPROVER = "finance_approver"
    HOSPITAL_ADMIN = "hospital_admin"
    ADMIN = "admin"
    AUDITOR = "auditor"
    SERVICE = "service"


class Permission(StrEnum):
    """One thing one may do, as `resource:action`. Routes name them; roles hold them."""

    HOSPITALS_READ = "hospitals:read"
    HOSPITALS_WRITE = "hospitals:write"
    APPOINTMENTS_READ = "appointments:read"
    APPOINTMENTS_WRITE = "appointments:write"
    APPOINTMENTS_OVERRIDE = "appointments:override"
    REMINDERS_RUN = "reminders:run"
    PATIENTS_READ = "patients:read"
    PATIENTS_WRITE = "patients:write"
    PATIENTS_REVEAL = "patients:reveal"
    PATIENTS_MERGE = "patients:merge"
    PATIENTS_IMPORT = "patients:import"
    PATIENTS_EXPORT = "patients:export"
    PATIENTS_ERASE = "patients:erase"
    PREFERENCES_WRITE = "preferences:write"
    PRIVACY_READ = "privacy:read"
    PRIVACY_WRITE = "privacy:write"
    """What people ask of their data, and the log of breaches."""
    CLINICAL_READ = "clinical:read"
    CLINICAL_WRITE = "clinical:write"
    FEEDBACK_READ = "feedback:read"
    FEEDBACK_WRITE = "feedback:write"
    FOLLOW_UPS_WRITE = "follow_ups:write"
    LOYALTY_READ = "loyalty:read"
    LOYALTY_AWARD = "loyalty:award"
    LOYALTY_REDEEM = "loyalty:redeem"
    LOYALTY_MANAGE = "loyalty:manage"
    LOYALTY_APPROVE = "loyalty:approve"
    REWARDS_READ = "rewards:read"
    CODES_USE = "codes:use"
    PAYMENTS_READ = "payments:read"
    PAYMENTS_WRITE = "payments:write"
    OWNERS_READ = "owners:read"
    OWNERS_WRITE = "owners:write"
    OWNERS_REVEAL = "owners:reveal"
    CONTRACTS_WRITE = "contracts:write"
    BANK_ACCOUNTS_WRITE = "bank_accounts:write"
    REVENUE_READ = "revenue:read"
    REVENUE_WRITE = "revenue:write"
    TAX_RULES_WRITE = "tax_rules:write"
    PAYOUTS_READ = "payouts:read"
    PAYOUTS_DRAFT = "payouts:draft"
    PAYOUTS_MOVE = "payouts:move"
    PAYOUTS_APPROVE = "payouts:approve"
    SATISFACTION_READ = "satisfaction:read"
    SATISFACTION_WRITE = "satisfaction:write"
    MESSAGES_READ = "messages:read"
    MESSAGES_SEND = "messages:send"
    MESSAGES_SEND_RAW = "messages:send_raw"
    MESSAGES_BULK = "messages:bulk"
    MESSAGES_RUN = "messages:run"
    TEMPLATES_READ = "templates:read"
    TEMPLATES_WRITE = "templates:write"
    CAMPAIGNS_READ = "campaigns:read"
    CAMPAIGNS_WRITE = "campaigns:write"
    CAMPAIGNS_EXECUTE = "campaigns:execute"
    CHANNELS_TEST = "channels:test"
    STATISTICS_READ = "statistics:read"
    CONVERSATIONS_READ = "conversations:read"
    CONVERSATIONS_WRITE = "conversations:write"
    USERS_READ = "users:read"
    USERS_WRITE = "users:write"
    AUDIT_READ = "audit:read"
    JOBS_READ = "jobs:read"
    JOBS_RUN = "jobs:run"
    ANALYTICS_READ = "analytics:read"
    OWN_READ = "own:read"
    """Whatever everybody signed in may see: themselves, their sessions."""


_P = Permission
_READS = frozenset(p for p in Permission if p.value.endswith(":read"))
_DESK = frozenset(
    {
        _P.OWN_READ,
        _P.HOSPITALS_READ,
        _P.APPOINTMENTS_READ,
        _P.APPOINTMENTS_WRITE,
        _P.PATIENTS_READ,
        _P.PATIENTS_WRITE,
        _P.PATIENTS_REVEAL,
        _P.PREFERENCES_WRITE,
        _P.FEEDBACK_WRITE,
        _P.LOYALTY_READ,
        _P.LOYALTY_REDEEM,
        _P.REWARDS_READ,
        _P.CODES_USE,
        _P.PAYMENTS_READ,
        _P.PAYMENTS_WRITE,
        _P.MESSAGES_READ,
        _P.MESSAGES_SEND,
        _P.TEMPLATES_READ,
        _P.CONVERSATIONS_READ,
        _P.CONVERSATIONS_WRITE,
    }
)
_FINANCE_READS = frozenset(
    {
        _P.OWN_READ,
        _P.HOSPITALS_READ,
        _P.OWNERS_READ,
        _P.OWNERS_REVEAL,
        _P.REVENUE_READ,
        _P.PAYOUTS_READ,
        _P.PAYMENTS_READ,
        _P.SATISFACTION_READ,
        _P.TEMPLATES_READ,
        _P.ANALYTICS_READ,
    }
)
_HOSPITAL_ADMIN = frozenset(_P) - {
    _P.USERS_WRITE,
    _P.PAYOUTS_APPROVE,
    _P.PAYOUTS_MOVE,
    _P.TAX_RULES_WRITE,
    _P.CLINICAL_READ,
    _P.CLINICAL_WRITE,
    _P.JOBS_RUN,
    _P.MESSAGES_SEND_RAW,
}

PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    Role.PATIENT: frozenset(
        {
            _P.OWN_READ,
            _P.HOSPITALS_READ,
            _P.APPOINTMENTS_READ,
            _P.APPOINTMENTS_WRITE,
            _P.PATIENTS_READ,
            _P.PREFERENCES_WRITE,
            _P.PATIENTS_EXPORT,
            _P.FEEDBACK_READ,
            _P.FEEDBACK_WRITE,
            _P.LOYALTY_READ,
            _P.LOYALTY_REDEEM,
            _P.REWARDS_READ,
            _P.MESSAGES_READ,
        }
    ),
    Role.OWNER: frozenset(
        {
            _P.OWN_READ,
            _P.OWNERS_READ,
            _P.PAYOUTS_READ,
            _P.SATISFACTION_READ,
            _P.SATISFACTION_WRITE,
            _P.MESSAGES_READ,
        }
    ),
    Role.FRONT_DESK: _DESK,
    Role.CLINICIAN: frozenset(
        {
            _P.OWN_READ,
            _P.HOSPITALS_READ,
            _P.APPOINTMENTS_READ,
            _P.APPOINTMENTS_WRITE,
            _P.PATIENTS_READ,
            _P.PATIENTS_REVEAL,
            _P.CLINICAL_READ,
            _P.CLINICAL_WRITE,
            _P.FEEDBACK_READ,
            _P.MESSAGES_READ,
            _P.MESSAGES_SEND,
            _P.TEMPLATES_READ,
            _P.CONVERSATIONS_READ,
            _P.REWARDS_READ,
        }
    ),
    Role.COMMUNICATIONS: frozenset(
        {
            _P.OWN_READ,
            _P.HOSPITALS_READ,
            _P.PATIENTS_READ,
            _P.PATIENTS_WRITE,
            _P.PREFERENCES_WRITE,
            _P.OWNERS_READ,
            _P.FEEDBACK_READ,
            _P.FOLLOW_UPS_WRITE,
            _P.LOYALTY_READ,
            _P.LOYALTY_AWARD,
            _P.REWARDS_READ,
            _P.SATISFACTION_READ,
            _P.SATISFACTION_WRITE,
            _P.MESSAGES_READ,
            _P.MESSAGES_SEND,
            _P.MESSAGES_BULK,
            _P.TEMPLATES_READ,
            _P.TEMPLATES_WRITE,
            _P.CAMPAIGNS_READ,
            _P.CAMPAIGNS_WRITE,
            _P.CAMPAIGNS_EXECUTE,
            _P.CHANNELS_TEST,
            _P.STATISTICS_READ,
            _P.CONVERSATIONS_READ,
            _P.CONVERSATIONS_WRITE,
            _P.ANALYTICS_READ,
        }
    ),
    Role.FINANCE: _FINANCE_READS
    | {
        _P.OWNERS_WRITE,
        _P.CONTRACTS_WRITE,
        _P.BANK_ACCOUNTS_WRITE,
        _P.REVENUE_WRITE,
        _P.PAYOUTS_DRAFT,
        _P.PAYOUTS_MOVE,
        _P.FOLLOW_UPS_WRITE,
        _P.MESSAGES_READ,
        _P.MESSAGES_SEND,
    },
    Role.FINANCE_APPROVER: _FINANCE_READS | {_P.PAYOUTS_MOVE, _P.PAYOUTS_APPROVE},
    Role.HOSPITAL_ADMIN: _HOSPITAL_ADMIN,
    Role.ADMIN: frozenset(_P),
    Role.AUDITOR: _READS - {_P.CLINICAL_READ},
    Role.SERVICE: frozenset(
        {
            _P.OWN_READ,
            _P.HOSPITALS_READ,
            _P.APPOINTMENTS_READ,
            _P.APPOINTMENTS_WRITE,
            _P.REMINDERS_RUN,
            _P.PATIENTS_READ,
            _P.PATIENTS_WRITE,
            _P.FEEDBACK_WRITE,
            _P.LOYALTY_READ,
            _P.LOYALTY_AWARD,
            _P.PAYMENTS_READ,
            _P.PAYMENTS_WRITE,
            _P.REVENUE_READ,
            _P.REVENUE_WRITE,
            _P.PAYOUTS_READ,
            _P.PAYOUTS_DRAFT,
            _P.PAYOUTS_MOVE,
            _P.MESSAGES_SEND,
            _P.MESSAGES_SEND_RAW,
            _P.MESSAGES_BULK,
            _P.MESSAGES_RUN,
            _P.TEMPLATES_READ,
            _P.JOBS_READ,
            _P.JOBS_RUN,
        }
    ),
}
"""The whole matrix in one place; a test walks every route with every role along it."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose records: hospitals (None is all of them), or one patient or owner alone."""

    hospitals: frozenset[UUID] | None = None
    patient_id: UUID | None = None
    owner_id: UUID | None = None

    @property
    def is_staff(self) -> bool:
        """True when it is not one person looking at their own records."""
        return self.patient_id is None and self.owner_id is None

    def covers(self, hospital_id: UUID | None) -> bool:
        """True when this hospital's records are in it; None is the group's, for all-scope only."""
        return self.hospitals is None or hospital_id in self.hospitals

    def where(
        self, hospital_id: ColumnElement[Any] | InstrumentedAttribute[Any]
    ) -> ColumnElement[bool]:
        """The condition for a query over rows of hospitals."""
        if self.hospitals is None:
            return true()
        return hospital_id.in_(self.hospitals) if self.hospitals else false()


EVERYTHING = Scope()


class Kind(StrEnum):
    """What sort of account acts."""

    USER = "user"
    PATIENT = "patient"
    OWNER = "owner"
    SYSTEM = "system"


Grant = tuple[Role, UUID | None]
"""A role at a hospital; None is at all of them."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a staff user with grants, a patient or owner for themselves, or the house."""

    kind: Kind
    id: UUID | None
    name: str
    grants: tuple[Grant, ...] = ()
    session_id: UUID | None = None
    is_strongly_signed_in: bool = False
    """Signed in with a second factor; approving money asks for it."""

    @classmethod
    def system(cls, name: str = "system") -> "Actor":
        """The house itself: jobs and the bot. May do everything and approves nothing."""
        return cls(Kind.SYSTEM, None, name, ((Role.ADMIN, None),))

    @classmethod
    def nobody(cls) -> "Actor":
        """Somebody who has not said who they are: holds nothing."""
        return cls(Kind.SYSTEM, None, "nobody")

    @property
    def patient_id(self) -> UUID | None:
        """Whose records a patient sees."""
        return self.id if self.kind is Kind.PATIENT else None

    @property
    def owner_id(self) -> UUID | None:
        """Whose records an owner sees."""
        return self.id if self.kind is Kind.OWNER else None

    @property
    def roles(self) -> frozenset[Role]:
        """The roles held anywhere."""
        return frozenset(role for role, _ in self.grants)

    def may(self, permission: Permission) -> bool:
        """True when a role held anywhere gives it."""
        return any(permission in PERMISSIONS[role] for role, _ in self.grants)

    def scope(self, permission: Permission) -> Scope:
        """At which hospitals, or for which one person."""
        if self.kind in {Kind.PATIENT, Kind.OWNER}:
            return Scope(frozenset(), self.patient_id, self.owner_id)
        places = [place for role, place in self.grants if permission in PERMISSIONS[role]]
        if None in places:
            return EVERYTHING
        return Scope(frozenset(place for place in places if place is not None))
