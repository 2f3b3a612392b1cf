"""Points: a member's account and ledger, awards by rule and by hand, tiers and earning rules."""

from datetime import date
from typing import Annotated, Literal, Self
from uuid import UUID

from flask import Response
from pydantic import Field, StringConstraints, model_validator

from crm import loyalty, patients
from crm.api.kit import Body, Data, Door, Page, Query, call, csv_answer, idempotent, needs
from crm.api.kit.fields import Code, Kobo, Moment, Reason, Title
from crm.api.loyalty_shapes import (
    AccountOut,
    AwardedOut,
    EarningRuleOut,
    PointsRequestOut,
    ReversedOut,
    TierOut,
    TransactionOut,
)
from crm.kit.errors import Denied
from crm.kit.paging import Found, PageRequest
from crm.kit.permissions import Permission
from crm.loyalty import Award
from crm.loyalty.by_hand import Gift
from crm.loyalty.history import Wanted
from crm.models import LoyaltyAccount, Patient, PointsKind, PointsRequest, PointsTransaction

door = Door("loyalty", __name__)

_MOST_IN_CSV = 1_000
_HEADER = ("seq", "at", "type", "points", "balance_after", "description", "source_type")
_WAITS = {202: "Above what one person may give: it waits for a second."}


class TransactionFilter(Query):
    """Which movements; `explain` lists the lots each debit drew from."""

    type: list[PointsKind] = Field(default_factory=list, max_length=10)
    source_type: Code | None = None
    since: Moment | None = Field(default=None, alias="from")
    until: Moment | None = Field(default=None, alias="to")
    explain: bool = False
    format: Literal["json", "csv"] = "json"


class PointsSourceBody(Body):
    """What the points are for; a source earns once by each rule."""

    type: Code
    id: UUID


class AwardBody(Body):
    """Points by a rule (with its source), or by hand (with a reason)."""

    rule_code: Code | None = None
    source: PointsSourceBody | None = None
    amount_kobo: Kobo = 0
    points: int | None = Field(default=None, ge=1, le=10_000)
    reason: Reason | None = None
    qualifying: bool = False
    expires_on: Annotated[date, Field(ge=date(2020, 1, 1), le=date(2100, 1, 1))] | None = None

    @model_validator(mode="after")
    def _is_one_or_the_other(self) -> Self:
        if (self.rule_code is None) == (self.points is None):
            raise ValueError("give rule_code with a source, or points with a reason")
        if self.rule_code is not None and self.source is None:
            raise ValueError("a rule needs the source that earns")
        if self.points is not None and self.reason is None:
            raise ValueError("points by hand need a reason")
        return self


class LoyaltyReasonBody(Body):
    """Why."""

    reason: Reason


class TierChangeBody(Body):
    """What may change of a tier; a field left out stays."""

    name: Title | None = None
    min_points: int | None = Field(default=None, ge=0, le=10**9)
    benefits: list[Title] | None = Field(default=None, max_length=20)


class EarningRuleBody(Body):
    """What may change of a rule; a field left out stays, null takes a cap away."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=120)] | None = None
    points: int | None = Field(default=None, ge=1, le=10_000)
    kobo_per_point: int | None = Field(default=None, ge=100, le=10**9)
    most_points: int | None = Field(default=None, ge=1, le=100_000)
    daily_cap: int | None = Field(default=None, ge=1, le=100)
    valid_months: int | None = Field(default=None, ge=1, le=120)
    is_qualifying: bool | None = None
    is_active: bool | None = None


@door.get("/patients/<uuid:patient_id>/loyalty")
@needs(Permission.LOYALTY_READ)
@door.output(Data[AccountOut])
def show(patient_id: UUID) -> Data[AccountOut]:
    """Balance, tier, what is about to end, and friends brought; 404 when not enrolled."""
    return _shown(loyalty.get(call.session, patient_id, scope=call.scope))


@door.post("/patients/<uuid:patient_id>/loyalty")
@needs(Permission.LOYALTY_REDEEM)
@door.output(Data[AccountOut], status_code=201)
def enrol(patient_id: UUID) -> Data[AccountOut]:
    """Open the patient's account; once it is open, this answers it as it is."""
    patient = _patient(patient_id)
    return _shown(loyalty.enrol(call.session, patient.id, now=call.now))


@door.get("/patients/<uuid:patient_id>/loyalty/transactions")
@needs(Permission.LOYALTY_READ)
@door.input(TransactionFilter, location="query")
@door.output(Page[TransactionOut])
def transactions(
    patient_id: UUID, query_data: TransactionFilter
) -> Page[TransactionOut] | Response:
    """Every movement of a member's points, newest first; `format=csv` for a sheet of 1,000."""
    patient = _patient(patient_id)
    account = loyalty.of(call.session, patient.id)
    is_csv = query_data.format == "csv"
    page = PageRequest(_MOST_IN_CSV, query_data.cursor) if is_csv else query_data.page()
    wanted = Wanted(query_data.type, query_data.source_type, query_data.since, query_data.until)
    found = loyalty.history.search(call.session, account, wanted, page=page)
    language = patient.language
    return _sheet(found, language) if is_csv else _page(found, language, query_data.explain)


@door.post("/patients/<uuid:patient_id>/loyalty/award")
@needs(Permission.LOYALTY_AWARD)
@idempotent
@door.input(AwardBody)
@door.doc(responses=_WAITS)
@door.output(Data[AwardedOut], status_code=201)
def award(patient_id: UUID, json_data: AwardBody) -> tuple[Data[AwardedOut], int]:
    """Give points by a rule, or by hand; above 500 by hand a second person must approve."""
    patient = _patient(patient_id)
    given = _by_rule(patient, json_data) if json_data.rule_code else _by_hand(patient, json_data)
    account = loyalty.of(call.session, patient.id)
    if isinstance(given, PointsRequest):
        asked = PointsRequestOut.of(given, patient.id)
        return Data(data=AwardedOut.of(account, request=asked)), 202
    return Data(data=_awarded(account, patient, given)), 201


@door.post("/patients/<uuid:patient_id>/loyalty/transactions/<uuid:transaction_id>/reverse")
@needs(Permission.LOYALTY_MANAGE)
@idempotent
@door.input(LoyaltyReasonBody)
@door.output(Data[ReversedOut], status_code=201)
def reverse(
    patient_id: UUID, transaction_id: UUID, json_data: LoyaltyReasonBody
) -> Data[ReversedOut]:
    """Take a credit back; what was spent of it is owed by the next points that come in."""
    patient = _patient(patient_id)
    account = loyalty.of(call.session, patient.id)
    credit = loyalty.history.get(call.session, account, transaction_id)
    taken = loyalty.reverse_transaction(
        call.session, credit.id, reason=json_data.reason, now=call.now, actor_id=call.actor.id
    )
    return Data(data=ReversedOut.of(taken, loyalty.of(call.session, patient.id)))


@door.post("/patients/<uuid:patient_id>/loyalty/freeze")
@needs(Permission.LOYALTY_MANAGE)
@door.input(LoyaltyReasonBody)
@door.output(Data[AccountOut])
def freeze(patient_id: UUID, json_data: LoyaltyReasonBody) -> Data[AccountOut]:
    """Let no points in or out; expiry and reversals go on."""
    account = loyalty.get(call.session, patient_id, scope=call.scope)
    return _shown(loyalty.freeze(call.session, account, reason=json_data.reason, now=call.now))


@door.post("/patients/<uuid:patient_id>/loyalty/thaw")
@needs(Permission.LOYALTY_MANAGE)
@door.input(LoyaltyReasonBody)
@door.output(Data[AccountOut])
def thaw(patient_id: UUID, json_data: LoyaltyReasonBody) -> Data[AccountOut]:
    """Let points move again."""
    account = loyalty.get(call.session, patient_id, scope=call.scope)
    return _shown(loyalty.thaw(call.session, account, reason=json_data.reason, now=call.now))


@door.get("/patients/loyalty/requests")
@needs(Permission.LOYALTY_APPROVE)
@door.input(Query, location="query")
@door.output(Page[PointsRequestOut])
def requests(query_data: Query) -> Page[PointsRequestOut]:
    """Points by hand that wait for a second person, oldest first."""
    found = loyalty.by_hand.waiting(call.session, scope=call.scope, page=query_data.page())
    return Page[PointsRequestOut].of(
        found,
        lambda row: PointsRequestOut.of(row, loyalty.by_hand.patient_of(call.session, row)),
    )


@door.post("/patients/loyalty/requests/<uuid:request_id>/approve")
@needs(Permission.LOYALTY_APPROVE)
@idempotent
@door.output(Data[AwardedOut])
def approve(request_id: UUID) -> Data[AwardedOut]:
    """Give what another person asked for."""
    request, given = loyalty.by_hand.approve(
        call.session, request_id, scope=call.scope, by=call.actor, now=call.now
    )
    patient = _patient(loyalty.by_hand.patient_of(call.session, request))
    return Data(data=_awarded(loyalty.of(call.session, patient.id), patient, given))


@door.post("/patients/loyalty/requests/<uuid:request_id>/reject")
@needs(Permission.LOYALTY_APPROVE)
@idempotent
@door.output(Data[PointsRequestOut])
def reject(request_id: UUID) -> Data[PointsRequestOut]:
    """Do not give them."""
    request = loyalty.by_hand.reject(
        call.session, request_id, scope=call.scope, by=call.actor, now=call.now
    )
    patient_id = loyalty.by_hand.patient_of(call.session, request)
    call.concerns("patient", patient_id)
    return Data(data=PointsRequestOut.of(request, patient_id))


@door.get("/patients/loyalty/tiers")
@needs(Permission.REWARDS_READ)
@door.output(Data[list[TierOut]])
def tiers() -> Data[list[TierOut]]:
    """The tiers, lowest first."""
    return Data(data=[TierOut.model_validate(tier) for tier in loyalty.tiers.ladder(call.session)])


@door.patch("/patients/loyalty/tiers/<string:code>")
@needs(Permission.LOYALTY_MANAGE)
@door.input(TierChangeBody)
@door.output(Data[TierOut])
def change_tier(code: str, json_data: TierChangeBody) -> Data[TierOut]:
    """Change a tier for everybody; asks for the permission at all hospitals."""
    _refuse_unless_everywhere()
    changed = loyalty.tiers.change(
        call.session, code, changes=json_data.model_dump(exclude_none=True)
    )
    return Data(data=TierOut.model_validate(changed))


@door.get("/patients/loyalty/rules")
@needs(Permission.REWARDS_READ)
@door.output(Data[list[EarningRuleOut]])
def rules() -> Data[list[EarningRuleOut]]:
    """What earns points."""
    found = loyalty.tiers.rules(call.session)
    return Data(data=[EarningRuleOut.model_validate(rule) for rule in found])


@door.patch("/patients/loyalty/rules/<string:code>")
@needs(Permission.LOYALTY_MANAGE)
@door.input(EarningRuleBody)
@door.output(Data[EarningRuleOut])
def change_rule(code: str, json_data: EarningRuleBody) -> Data[EarningRuleOut]:
    """Change what an event earns from now on, for everybody."""
    _refuse_unless_everywhere()
    changes = {
        name: value
        for name, value in json_data.model_dump(exclude_unset=True).items()
        if value is not None or name in {"points", "kobo_per_point", "most_points", "daily_cap"}
    }
    changed = loyalty.tiers.change_rule(call.session, code, changes=changes, now=call.now)
    return Data(data=EarningRuleOut.model_validate(changed))


def _patient(patient_id: UUID) -> Patient:
    """The patient, if the caller may see them, named in the audit row."""
    patient = patients.get(call.session, patient_id, scope=call.scope)
    call.concerns("patient", patient.id, hospital_id=patient.home_hospital_id)
    return patient


def _by_rule(patient: Patient, body: AwardBody) -> Award:
    assert body.rule_code is not None  # noqa: S101 -- the body's own check
    assert body.source is not None  # noqa: S101 -- the body's own check
    return loyalty.earn(
        call.session,
        patient_id=patient.id,
        rule=body.rule_code,
        source_type=body.source.type,
        source_id=body.source.id,
        now=call.now,
        amount_kobo=body.amount_kobo,
        reason=body.reason,
        actor_id=call.actor.id,
    )


def _by_hand(patient: Patient, body: AwardBody) -> Award | PointsRequest:
    gift = Gift(
        points=body.points or 0,
        reason=body.reason or "",
        is_qualifying=body.qualifying,
        expires_on=body.expires_on,
    )
    return loyalty.by_hand.give(call.session, patient.id, gift, by=call.actor, now=call.now)


def _awarded(account: LoyaltyAccount, patient: Patient, given: Award) -> AwardedOut:
    row = loyalty.history.get(call.session, account, given.transaction_id)
    [shown] = _shaped([row], patient.language, explain=False)
    return AwardedOut.of(account, transaction=shown, award=given)


def _shown(account: LoyaltyAccount) -> Data[AccountOut]:
    call.concerns("patient", account.patient_id)
    return Data(
        data=AccountOut.of(
            account,
            steps=loyalty.tiers.ladder(call.session),
            expiring=loyalty.history.expiring(call.session, account),
            friends=loyalty.history.friends(call.session, account.patient_id),
            changes=loyalty.tiers.changes_of(call.session, account),
        )
    )


def _page(found: Found[PointsTransaction], language: str, explain: bool) -> Page[TransactionOut]:  # noqa: FBT001 -- as the query has it
    shown = _shaped(list(found.items), language, explain=explain)
    return Page[TransactionOut].of(Found(shown, found.next_cursor), lambda row: row)


def _shaped(rows: list[PointsTransaction], language: str, *, explain: bool) -> list[TransactionOut]:
    ends = loyalty.history.ends_of(call.session, rows)
    drawn = loyalty.history.drawn(call.session, rows) if explain else {}
    return [
        TransactionOut.of(row, language, ends=ends.get(row.id), drawn=drawn.get(row.id))
        for row in rows
    ]


def _sheet(found: Found[PointsTransaction], language: str) -> Response:
    shown = _shaped(list(found.items), language, explain=False)
    rows = [
        (
            each.seq,
            each.created_at.isoformat(),
            each.type,
            each.points,
            each.balance_after,
            each.description,
            each.source.type if each.source else "",
        )
        for each in shown
    ]
    return csv_answer("points.csv", _HEADER, rows)


def _refuse_unless_everywhere() -> None:
    """Tiers and rules are the whole group's."""
    if call.scope.hospitals is not None:
        raise Denied("Only an administrator of all hospitals may change this.")
