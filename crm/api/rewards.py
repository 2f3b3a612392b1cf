"""The catalogue of rewards."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from flask import Response
from pydantic import Field, StringConstraints

from crm import loyalty
from crm.api.kit import (
    Body,
    Data,
    Door,
    Out,
    Page,
    Query,
    call,
    expected_version,
    idempotent,
    needs,
    with_etag,
)
from crm.api.kit.fields import BasisPoints, Code, Kobo, Moment, Note, Title, Version
from crm.kit.permissions import Permission
from crm.loyalty import rewards
from crm.loyalty.rewards import Chance, Wanted
from crm.models import LimitPeriod, LoyaltyAccount, Reward, RewardKind, RewardStatus

door = Door("rewards", __name__)

Cost = Annotated[int, Field(ge=1, le=10**7)]
Stock = Annotated[int, Field(ge=0, le=10**6)]
Limit = Annotated[int, Field(ge=1, le=1_000)]
Days = Annotated[int, Field(ge=1, le=366)]
Words = Annotated[str, StringConstraints(min_length=1, max_length=2_000)]


class RewardFilter(Query):
    """Which rewards; with `patient_id` each says whether that member may have it."""

    patient_id: UUID | None = None
    type: list[RewardKind] = Field(default_factory=list, max_length=10)
    hospital_id: UUID | None = None
    tier: Code | None = None
    max_points: int | None = Field(default=None, ge=0, le=10**9)
    active: bool = True
    q: Title | None = None


class RewardBody(Body):
    """A new reward; without `hospital_id` it is given everywhere, without `stock` endlessly."""

    code: Code
    name: Title
    description: Words
    terms: Note | None = None
    type: RewardKind
    status: RewardStatus = RewardStatus.DRAFT
    hospital_id: UUID | None = None
    points_cost: Cost
    value_kobo: Annotated[Kobo, Field(ge=1)] | None = None
    value_bps: Annotated[BasisPoints, Field(ge=1)] | None = None
    cost_kobo: Kobo = 0
    stock: Stock | None = None
    member_limit: Limit | None = None
    limit_period: LimitPeriod = LimitPeriod.EVER
    min_tier: Code | None = None
    valid_from: Moment | None = None
    valid_until: Moment | None = None
    voucher_days: Days = 90
    needs_approval: bool = False
    refunds_expired: bool = True


class RewardChange(Body):
    """What may change; a field left out stays, null takes a limit away."""

    version: Version | None = None
    name: Title | None = None
    description: Words | None = None
    terms: Note | None = None
    status: RewardStatus | None = None
    points_cost: Cost | None = None
    value_kobo: Annotated[Kobo, Field(ge=1)] | None = None
    value_bps: Annotated[BasisPoints, Field(ge=1)] | None = None
    cost_kobo: Kobo | None = None
    stock: Stock | None = None
    member_limit: Limit | None = None
    limit_period: LimitPeriod | None = None
    min_tier: Code | None = None
    valid_from: Moment | None = None
    valid_until: Moment | None = None
    voucher_days: Days | None = None
    needs_approval: bool | None = None
    refunds_expired: bool | None = None


_MAY_BE_NULL = {
    "terms",
    "value_kobo",
    "value_bps",
    "stock",
    "member_limit",
    "min_tier",
    "valid_until",
}


class RewardOut(Out):
    """A reward. `eligible`, `affordable` and `reasons` are of the member asked about."""

    id: UUID
    code: str
    name: str
    description: str
    terms: str | None
    type: RewardKind
    status: RewardStatus
    hospital_id: UUID | None
    points_cost: int
    value_kobo: int | None
    value_bps: int | None
    stock: int | None
    stock_left: int | None
    member_limit: int | None
    limit_period: LimitPeriod
    min_tier: str | None
    valid_from: datetime
    valid_until: datetime | None
    voucher_days: int
    needs_approval: bool
    refunds_expired: bool
    cost_kobo: int | None = None
    """What one costs the hospital; staff see it."""
    eligible: bool | None = None
    affordable: bool | None = None
    reasons: list[str] | None = None
    version: int

    @classmethod
    def of(cls, row: Reward, chance: Chance | None = None) -> Self:
        """The shape of a row."""
        beside = {"type", "cost_kobo", "eligible", "affordable", "reasons"}
        same = {name: getattr(row, name) for name in RewardOut.model_fields.keys() - beside}
        return cls(
            **same,
            type=row.kind,
            cost_kobo=row.cost_kobo if call.scope.is_staff else None,
            eligible=chance.is_eligible if chance else None,
            affordable=chance.is_affordable if chance else None,
            reasons=chance.reasons if chance else None,
        )


@door.get("/patients/loyalty/rewards")
@needs(Permission.REWARDS_READ)
@door.input(RewardFilter, location="query")
@door.output(Page[RewardOut])
def index(query_data: RewardFilter) -> Page[RewardOut]:
    """What points buy, by name. Members see what is given now, and their chances."""
    wanted = Wanted(
        kinds=query_data.type,
        hospital_id=query_data.hospital_id,
        tier=query_data.tier,
        most_points=query_data.max_points,
        is_active=query_data.active or not call.scope.is_staff,
        text=query_data.q,
    )
    account = _asked_about(query_data.patient_id)
    found = rewards.search(
        call.session, wanted, scope=call.scope, page=query_data.page(), now=call.now
    )
    chances = rewards.chances(call.session, found.items, account) if account else {}
    return Page[RewardOut].of(found, lambda row: RewardOut.of(row, chances.get(row.id)))


@door.post("/patients/loyalty/rewards")
@needs(Permission.LOYALTY_MANAGE)
@idempotent
@door.input(RewardBody)
@door.output(Data[RewardOut], status_code=201)
def create(json_data: RewardBody) -> Data[RewardOut]:
    """Add a reward: one hospital's by its administrator, everybody's by the group's."""
    fields = json_data.model_dump(exclude={"type", "stock", "valid_from"})
    made = rewards.create(
        call.session,
        scope=call.scope,
        now=call.now,
        stock=json_data.stock,
        kind=json_data.type,
        valid_from=json_data.valid_from or call.now,
        **fields,
    )
    call.concerns("reward", made.id, hospital_id=made.hospital_id)
    return Data(data=RewardOut.of(made))


@door.get("/patients/loyalty/rewards/<uuid:reward_id>")
@needs(Permission.REWARDS_READ)
@door.output(Data[RewardOut])
def show(reward_id: UUID) -> Response:
    """One reward, its version as the ETag."""
    reward = rewards.get(call.session, reward_id, scope=call.scope)
    shown = Data[RewardOut](data=RewardOut.of(reward))
    return with_etag(shown.model_dump(mode="json"), reward.version)


@door.patch("/patients/loyalty/rewards/<uuid:reward_id>")
@needs(Permission.LOYALTY_MANAGE)
@door.input(RewardChange)
@door.output(Data[RewardOut])
def change(reward_id: UUID, json_data: RewardChange) -> Data[RewardOut]:
    """Change a reward; what was redeemed keeps its price and its day."""
    reward = rewards.get(call.session, reward_id, scope=call.scope)
    changed = rewards.change(
        call.session,
        reward,
        version=expected_version(json_data.version),
        changes=_given(json_data),
        scope=call.scope,
        now=call.now,
    )
    call.concerns("reward", changed.id, hospital_id=changed.hospital_id)
    return Data(data=RewardOut.of(changed))


def _given(body: RewardChange) -> dict[str, Any]:
    """The fields that were sent; null only where it means something."""
    sent = body.model_dump(exclude_unset=True, exclude={"version"})
    return {
        name: value for name, value in sent.items() if value is not None or name in _MAY_BE_NULL
    }


def _asked_about(patient_id: UUID | None) -> LoyaltyAccount | None:
    """The account of the member asked about; one's own unless said."""
    if call.actor.patient_id is not None:
        return loyalty.get(call.session, patient_id or call.actor.patient_id, scope=call.scope)
    if patient_id is None:
        return None
    scope = call.require(Permission.LOYALTY_READ)
    return loyalty.get(call.session, patient_id, scope=scope)
