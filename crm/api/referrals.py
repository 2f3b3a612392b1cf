"""Friends whom members brought."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import StringConstraints

from crm import patients, referrals
from crm.api.kit import Body, Data, Door, Out, Page, Query, call, idempotent, needs
from crm.api.kit.fields import Reason
from crm.kit.permissions import Permission
from crm.models import Referral, ReferralStatus

door = Door("referrals", __name__)


class ReferralFilter(Query):
    """Which referrals; `status=review` is the queue that waits for a person."""

    status: ReferralStatus | None = None
    referrer_id: UUID | None = None


class ReferralBody(Body):
    """The code that the friend was given."""

    code: Annotated[str, StringConstraints(min_length=4, max_length=20)]


class ReferralReasonBody(Body):
    """Why."""

    reason: Reason


class ReferralOut(Out):
    """A referral. Who the friend is, staff see who may see that patient."""

    id: UUID
    referrer_id: UUID | None
    friend_id: UUID | None
    referrer: str | None
    friend: str | None
    status: ReferralStatus
    doubts: list[str]
    first_visit_id: UUID | None
    rewarded_at: datetime | None
    decided_by: UUID | None
    decided_at: datetime | None
    reason: str | None
    created_at: datetime

    @classmethod
    def of(cls, row: Referral, names: Mapping[UUID, str]) -> Self:
        """The shape of a row: members see neither friend nor doubts, staff whom they may."""
        shows, knows = call.scope.is_staff, row.friend_id in names
        return cls(
            id=row.id,
            referrer_id=row.referrer_id if row.referrer_id in names else None,
            friend_id=row.friend_id if shows and knows else None,
            referrer=names.get(row.referrer_id) if shows else None,
            friend=names.get(row.friend_id) if shows else None,
            status=row.status,
            doubts=row.doubts if shows else [],
            first_visit_id=row.first_visit_id if shows and knows else None,
            rewarded_at=row.rewarded_at,
            decided_by=row.decided_by if shows else None,
            decided_at=row.decided_at,
            reason=row.reason if shows else None,
            created_at=row.created_at,
        )


@door.get("/patients/loyalty/referrals")
@needs(Permission.LOYALTY_READ)
@door.input(ReferralFilter, location="query")
@door.output(Page[ReferralOut])
def index(query_data: ReferralFilter) -> Page[ReferralOut]:
    """The referrals of one's patients, newest first; a member sees the friends they brought."""
    found = referrals.search(
        call.session,
        scope=call.scope,
        page=query_data.page(),
        status=query_data.status,
        referrer_id=query_data.referrer_id,
    )
    names = referrals.names(call.session, found.items, scope=call.scope)
    return Page[ReferralOut].of(found, lambda row: ReferralOut.of(row, names))


@door.post("/patients/<uuid:patient_id>/loyalty/referral")
@needs(Permission.PATIENTS_WRITE)
@idempotent
@door.input(ReferralBody)
@door.output(Data[ReferralOut], status_code=201)
def join(patient_id: UUID, json_data: ReferralBody) -> Data[ReferralOut]:
    """Note that this new patient came on a member's advice."""
    patient = patients.get(call.session, patient_id, scope=call.scope)
    call.concerns("patient", patient.id, hospital_id=patient.home_hospital_id)
    return _one(
        referrals.join(call.session, code=json_data.code, friend_id=patient.id, now=call.now)
    )


@door.post("/patients/loyalty/referrals/<uuid:referral_id>/approve")
@needs(Permission.LOYALTY_APPROVE)
@idempotent
@door.output(Data[ReferralOut])
def approve(referral_id: UUID) -> Data[ReferralOut]:
    """Take the doubt away; rewarded at once when the friend's visit has been."""
    referral = _seen(referral_id)
    return _one(referrals.approve(call.session, referral, by_id=call.actor.id, now=call.now))


@door.post("/patients/loyalty/referrals/<uuid:referral_id>/reject")
@needs(Permission.LOYALTY_APPROVE)
@idempotent
@door.input(ReferralReasonBody)
@door.output(Data[ReferralOut])
def reject(referral_id: UUID, json_data: ReferralReasonBody) -> Data[ReferralOut]:
    """Give nothing for it."""
    referral = _seen(referral_id)
    return _one(
        referrals.reject(
            call.session, referral, reason=json_data.reason, by_id=call.actor.id, now=call.now
        )
    )


def _seen(referral_id: UUID) -> Referral:
    referral = referrals.get(call.session, referral_id, scope=call.scope)
    call.concerns("referral", referral.id)
    return referral


def _one(row: Referral) -> Data[ReferralOut]:
    return Data(data=ReferralOut.of(row, referrals.names(call.session, [row], scope=call.scope)))
