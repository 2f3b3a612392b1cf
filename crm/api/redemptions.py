"""Redemptions: points spent, approved, given back; and the desk that uses their codes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StringConstraints

from crm import hospitals, loyalty, patients
from crm.api.kit import Body, Data, Door, Out, Page, Query, call, idempotent, needs
from crm.api.kit.fields import Reason, ShortNote
from crm.kit.errors import Invalid
from crm.kit.paging import Found
from crm.kit.permissions import Permission
from crm.loyalty import Redeemed, desk, presence, redemptions
from crm.models import Patient, Redemption, RedemptionStatus, Reward, RewardKind

door = Door("redemptions", __name__)

TypedCode = Annotated[str, StringConstraints(min_length=4, max_length=40)]


class RedeemBody(Body):
    """What to spend points on. Staff add the code that the member's phone was sent."""

    reward_id: UUID
    quantity: int = Field(default=1, ge=1, le=5)
    notes: ShortNote | None = None
    challenge_id: UUID | None = None
    member_code: Annotated[str, StringConstraints(pattern=r"^\d{6}$")] | None = None


class RedemptionFilter(Query):
    """Which redemptions."""

    patient_id: UUID | None = None
    reward_id: UUID | None = None
    status: list[RedemptionStatus] = Field(default_factory=list, max_length=6)


class RedemptionReasonBody(Body):
    """Why."""

    reason: Reason


class CodeBody(Body):
    """The code as the member shows it: capitals, spaces and hyphens do not matter."""

    code: TypedCode


class CodeUseBody(CodeBody):
    """The code, and the hospital whose desk this is."""

    hospital_id: UUID


class ChallengeOut(Out):
    """A code was sent to the member's phone."""

    challenge_id: UUID
    expires_at: datetime


class VoucherOut(Out):
    """The code for the desk, shown this once."""

    code: str
    last4: str
    expires_at: datetime


class RedeemedOut(Out):
    """Points spent."""

    redemption_id: UUID
    status: RedemptionStatus
    points_spent: int
    balance_after: int
    voucher: VoucherOut

    @classmethod
    def of(cls, made: Redeemed) -> Self:
        """The shape of what was made."""
        last4 = made.code.replace("-", "")[-4:]
        return cls(
            redemption_id=made.id,
            status=made.status,
            points_spent=made.points,
            balance_after=made.available,
            voucher=VoucherOut(code=made.code, last4=last4, expires_at=made.expires_at),
        )


class RedemptionOut(Out):
    """A redemption as it stands."""

    id: UUID
    patient_id: UUID
    reward_id: UUID
    reward: str
    status: RedemptionStatus
    quantity: int
    points_spent: int
    code_last4: str
    expires_at: datetime
    note: str | None
    reason: str | None
    decided_by: UUID | None
    decided_at: datetime | None
    fulfilled_by: UUID | None
    fulfilled_at: datetime | None
    fulfilled_hospital_id: UUID | None
    is_refunded: bool
    created_at: datetime


class UsableOut(Out):
    """What a code gets."""

    redemption_id: UUID
    reward: str
    type: RewardKind
    quantity: int
    value_kobo: int | None
    value_bps: int | None
    terms: str | None
    member: str
    expires_at: datetime
    is_used: bool


@door.post("/patients/<uuid:patient_id>/loyalty/redeem")
@needs(Permission.LOYALTY_REDEEM)
@idempotent
@door.input(RedeemBody)
@door.output(Data[RedeemedOut], status_code=201)
def redeem(patient_id: UUID, json_data: RedeemBody) -> Data[RedeemedOut]:
    """Spend points on a reward; the code for the desk is in this answer alone."""
    patient = _patient(patient_id)
    if call.scope.is_staff:
        _prove_presence(patient, json_data)
    made = loyalty.redeem(
        call.session,
        patient_id=patient.id,
        reward_id=json_data.reward_id,
        quantity=json_data.quantity,
        note=json_data.notes,
        actor_id=call.actor.id,
        now=call.now,
    )
    return Data(data=RedeemedOut.of(made))


@door.post("/patients/<uuid:patient_id>/loyalty/redeem-code")
@needs(Permission.LOYALTY_REDEEM)
@idempotent
@door.output(Data[ChallengeOut], status_code=201)
def ask_member(patient_id: UUID) -> Data[ChallengeOut]:
    """Send the member six digits, which they tell the desk to spend points there."""
    id_, ends = presence.ask(call.session, _patient(patient_id), now=call.now)
    return Data(data=ChallengeOut(challenge_id=id_, expires_at=ends))


@door.get("/patients/loyalty/redemptions")
@needs(Permission.LOYALTY_READ)
@door.input(RedemptionFilter, location="query")
@door.output(Page[RedemptionOut])
def index(query_data: RedemptionFilter) -> Page[RedemptionOut]:
    """The redemptions of the members one may see, newest first."""
    found = redemptions.search(
        call.session,
        scope=call.scope,
        page=query_data.page(),
        patient_id=query_data.patient_id,
        reward_id=query_data.reward_id,
        statuses=query_data.status,
    )
    shown = Found(_shaped(found.items), found.next_cursor)
    return Page[RedemptionOut].of(shown, lambda row: row)


@door.get("/patients/loyalty/redemptions/<uuid:redemption_id>")
@needs(Permission.LOYALTY_READ)
@door.output(Data[RedemptionOut])
def show(redemption_id: UUID) -> Data[RedemptionOut]:
    """One redemption."""
    return _one(_seen(redemption_id))


@door.post("/patients/loyalty/redemptions/<uuid:redemption_id>/approve")
@needs(Permission.LOYALTY_MANAGE)
@idempotent
@door.output(Data[RedemptionOut])
def approve(redemption_id: UUID) -> Data[RedemptionOut]:
    """Let the code be used."""
    return _one(
        redemptions.approve(call.session, _seen(redemption_id), by_id=call.actor.id, now=call.now)
    )


@door.post("/patients/loyalty/redemptions/<uuid:redemption_id>/reject")
@needs(Permission.LOYALTY_MANAGE)
@idempotent
@door.input(RedemptionReasonBody)
@door.output(Data[RedemptionOut])
def reject(redemption_id: UUID, json_data: RedemptionReasonBody) -> Data[RedemptionOut]:
    """Take the code away; the points go back to the lots they came from."""
    return _one(
        redemptions.reject(
            call.session,
            _seen(redemption_id),
            reason=json_data.reason,
            by_id=call.actor.id,
            now=call.now,
        )
    )


@door.post("/patients/loyalty/redemptions/<uuid:redemption_id>/cancel")
@needs(Permission.LOYALTY_REDEEM)
@idempotent
@door.input(RedemptionReasonBody)
@door.output(Data[RedemptionOut])
def cancel(redemption_id: UUID, json_data: RedemptionReasonBody) -> Data[RedemptionOut]:
    """The member wants the points back; possible until the code is used."""
    return _one(
        redemptions.cancel(
            call.session,
            _seen(redemption_id),
            reason=json_data.reason,
            by_id=call.actor.id,
            now=call.now,
        )
    )


@door.post("/patients/loyalty/redemptions/verify")
@needs(Permission.CODES_USE)
@door.input(CodeBody)
@door.output(Data[UsableOut])
def verify(json_data: CodeBody) -> Data[UsableOut]:
    """What a code would get, without using it; five wrong ones stop for a quarter of an hour."""
    found = desk.look(call.session, json_data.code, by=call.actor, now=call.now)
    return _usable(*found)


@door.post("/patients/loyalty/redemptions/use")
@needs(Permission.CODES_USE)
@idempotent
@door.input(CodeUseBody)
@door.output(Data[UsableOut])
def use(json_data: CodeUseBody) -> Data[UsableOut]:
    """Hand out what the code gets: it counts once, wherever it is shown again."""
    hospitals.get(call.session, json_data.hospital_id, scope=call.scope)
    found = desk.use(
        call.session,
        json_data.code,
        hospital_id=json_data.hospital_id,
        by=call.actor,
        now=call.now,
    )
    return _usable(*found)


def _patient(patient_id: UUID) -> Patient:
    patient = patients.get(call.session, patient_id, scope=call.scope)
    call.concerns("patient", patient.id, hospital_id=patient.home_hospital_id)
    return patient


def _prove_presence(patient: Patient, body: RedeemBody) -> None:
    """Staff spend nobody's points without the member. Raises Invalid, WrongCode."""
    if body.challenge_id is None or body.member_code is None:
        raise Invalid("member_code", "Ask the member for the code we sent them.", code="missing")
    presence.prove(
        call.session,
        patient,
        challenge_id=body.challenge_id,
        code=body.member_code,
        now=call.now,
    )


def _seen(redemption_id: UUID) -> Redemption:
    redemption = redemptions.get(call.session, redemption_id, scope=call.scope)
    call.concerns("redemption", redemption.id)
    return redemption


def _one(row: Redemption) -> Data[RedemptionOut]:
    [shown] = _shaped([row])
    return Data(data=shown)


def _shaped(rows: Sequence[Redemption]) -> list[RedemptionOut]:
    facts = redemptions.facts(call.session, rows)
    beside = {"patient_id", "reward", "is_refunded"}
    same = RedemptionOut.model_fields.keys() - beside
    return [
        RedemptionOut(
            **{name: getattr(row, name) for name in same},
            patient_id=facts[row.id][0],
            reward=facts[row.id][1],
            is_refunded=row.refund_id is not None,
        )
        for row in rows
    ]


def _usable(redemption: Redemption, reward: Reward) -> Data[UsableOut]:
    call.concerns("redemption", redemption.id, hospital_id=redemption.fulfilled_hospital_id)
    shown = UsableOut(
        redemption_id=redemption.id,
        reward=reward.name,
        type=reward.kind,
        quantity=redemption.quantity,
        value_kobo=reward.value_kobo,
        value_bps=reward.value_bps,
        terms=reward.terms,
        member=desk.first_name(call.session, redemption),
        expires_at=redemption.expires_at,
        is_used=redemption.status is RedemptionStatus.FULFILLED,
    )
    return Data(data=shown)
