"""What stands beside a patient's record."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from crm import insurance
from crm.api.kit import Out, call
from crm.api.patients.answers import CandidateOut, PatientOut, last_digits
from crm.models import AppointmentStatus, Consent, InsurancePolicy


class PolicyOut(Out):
    """A cover; the number by its last digits."""

    id: UUID
    provider: str
    plan: str | None
    policy_number_masked: str | None
    expires_on: date | None
    is_expired: bool

    @classmethod
    def of(cls, policy: InsurancePolicy) -> "PolicyOut":
        """The cover as anybody may see it."""
        return cls(
            id=policy.id,
            provider=policy.provider,
            plan=policy.plan,
            policy_number_masked=last_digits(insurance.number_of(call.session, policy)),
            expires_on=policy.expires_on,
            is_expired=insurance.is_expired(policy, now=call.now),
        )


class ConsentOut(Out):
    """One act of agreeing or withdrawing."""

    id: UUID
    purpose: str
    granted: bool
    wording_version: str
    language: str
    source: str
    address_id: UUID
    at: datetime

    @classmethod
    def of(cls, consent: Consent) -> "ConsentOut":
        """The row in the words of the API."""
        return cls(
            id=consent.id,
            purpose=consent.purpose,
            granted=consent.is_granted,
            wording_version=consent.wording,
            language=consent.language,
            source=consent.source,
            address_id=consent.address_id,
            at=consent.at,
        )


class PatientVisitOut(Out):
    """A visit in short."""

    id: UUID
    reference: str
    status: AppointmentStatus
    starts_at: datetime
    hospital_id: UUID
    hospital: str
    service: str


class PatientCountsOut(Out):
    """Visits at the hospitals in scope."""

    visits: int
    no_shows: int
    open_follow_ups: int
    last_visit_at: datetime | None
    next_visit_at: datetime | None


class FamilyOut(Out):
    """Somebody who shares a phone with the patient."""

    id: UUID
    name: str
    mrn: str | None
    is_ward: bool
    """True when the patient speaks for them."""


class PointsInShort(Out):
    """Points in short."""

    available: int
    tier: str
    referral_code: str


class FeedbackInShort(Out):
    """What the patient said of visits at the hospitals in scope."""

    answers: int
    average: float | None
    last_at: datetime | None


class ProfileOut(PatientOut):
    """The record with what was asked for beside it; what was not asked for is null."""

    counts: PatientCountsOut
    appointments: list[PatientVisitOut] | None = None
    loyalty: PointsInShort | None = None
    feedback: FeedbackInShort | None = None
    preferences: dict[str, Any] | None = None
    insurance: list[PolicyOut] | None = None
    consents: list[ConsentOut] | None = None
    family: list[FamilyOut] | None = None


class RegisteredOut(PatientOut):
    """The new record; `duplicates_ignored` are those passed over by `confirm_new`."""

    loyalty: PointsInShort | None = None
    duplicates_ignored: list[CandidateOut] = Field(default_factory=list)
