"""Contracts: agreed, amended, renewed, ended; with the terms of every version."""

from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field

from crm import contracts
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
)
from crm.api.kit.fields import BasisPoints, Code, Kobo, Reason, Title, Version
from crm.contracts import Deduction, Terms, Tier
from crm.kit.clock import lagos_day
from crm.kit.permissions import Permission
from crm.models import Basis, Contract, ContractModel, ContractStatus, TaxCategory

door = Door("contracts", __name__)

Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2100, 12, 31))]
ServiceLine = Annotated[str, Field(min_length=1, max_length=120)]


class ContractTierBody(Body):
    """A rate for the revenue of a month up to an amount; the last tier has no upper end."""

    up_to_kobo: Kobo | None = None
    bps: BasisPoints


class ContractDeductionBody(Body):
    """What is kept back each month: an amount, or basis points of the share."""

    code: Code
    label: Title
    amount_kobo: Kobo | None = None
    bps: BasisPoints | None = None
    cap_kobo: Kobo | None = None


class ContractTermsBody(Body):
    """What decides the owner's share; money is per month."""

    model: ContractModel
    basis: Basis = Basis.CASH
    share_bps: BasisPoints = 0
    tiers: list[ContractTierBody] = Field(default=[], max_length=20)
    minimum_guarantee_kobo: Kobo = 0
    is_guarantee_recoupable: bool = False
    cap_kobo: Kobo | None = None
    fixed_kobo: Kobo = 0
    deductions: list[ContractDeductionBody] = Field(default=[], max_length=20)
    excluded_service_lines: list[ServiceLine] = Field(default=[], max_length=50)
    tax_category: TaxCategory
    minimum_payout_kobo: Kobo = 0

    def terms(self) -> Terms:
        """The terms as a value."""
        given = {name: getattr(self, name) for name in ContractTermsBody.model_fields}
        tiers = tuple(Tier(**each.model_dump()) for each in self.tiers)
        deductions = tuple(Deduction(**each.model_dump()) for each in self.deductions)
        lines = tuple(self.excluded_service_lines)
        return Terms(
            **given | {"tiers": tiers, "deductions": deductions, "excluded_service_lines": lines}
        )


class ContractBody(ContractTermsBody):
    """A new contract; both days are included."""

    owner_id: UUID
    hospital_id: UUID
    starts_on: Day
    ends_on: Day | None = None


class AmendmentBody(ContractTermsBody):
    """All terms as they are to be, from the first day of a month on."""

    effective_from: Day
    version: Version | None = None


class RenewalBody(Body):
    """The contract that follows; without terms it keeps those of the one that ends."""

    ends_on: Day | None = None
    terms: ContractTermsBody | None = None


class TerminationBody(Body):
    """The last day of a contract that ends early, and why."""

    ends_on: Day
    reason: Reason


class ContractCancellationBody(Body):
    """Why a contract was written by mistake."""

    reason: Reason


class ContractFilter(Query):
    """Which contracts."""

    owner_id: UUID | None = None
    hospital_id: UUID | None = None
    status: ContractStatus | None = None
    model: ContractModel | None = None


class ExpiringQuery(Query):
    """How far to look ahead."""

    within_days: int = Field(default=90, ge=1, le=730)


class ContractTierOut(Out):
    """A rate up to an amount."""

    up_to_kobo: int | None
    bps: int


class ContractDeductionOut(Out):
    """What is kept back each month."""

    code: str
    label: str
    amount_kobo: int | None
    bps: int | None
    cap_kobo: int | None


class ContractTermsOut(Out):
    """What decides the owner's share."""

    model: ContractModel
    basis: Basis
    share_bps: int
    tiers: list[ContractTierOut]
    minimum_guarantee_kobo: int
    is_guarantee_recoupable: bool
    cap_kobo: int | None
    fixed_kobo: int
    deductions: list[ContractDeductionOut]
    excluded_service_lines: list[str]
    tax_category: TaxCategory
    minimum_payout_kobo: int


class ContractOut(ContractTermsOut):
    """A contract with its newest terms."""

    id: UUID
    owner_id: UUID
    hospital_id: UUID
    starts_on: date
    ends_on: date | None
    status: ContractStatus
    status_reason: str | None
    previous_id: UUID | None
    days_to_end: int | None
    version: int
    currency: str = "NGN"

    @classmethod
    def of(cls, contract: Contract) -> Self:
        """From its row."""
        today = lagos_day(call.now)
        days = None if contract.ends_on is None else (contract.ends_on - today).days
        facts = {name: getattr(contract, name) for name in _COLUMNS}
        return cls.model_validate({**facts, "days_to_end": days})


_COLUMNS = ContractOut.model_fields.keys() - {"days_to_end", "currency"}


class ContractVersionOut(Out):
    """The terms of one version and the day from which they count."""

    version: int
    effective_from: date
    terms: ContractTermsOut
    created_by: UUID | None
    created_at: datetime


@door.get("/contracts")
@needs(Permission.OWNERS_READ)
@door.input(ContractFilter, location="query")
@door.output(Page[ContractOut])
def index(query_data: ContractFilter) -> Page[ContractOut]:
    """The contracts one may see, the newest first."""
    found = contracts.search(
        call.session,
        scope=call.scope,
        page=query_data.page(),
        **query_data.model_dump(exclude={"limit", "cursor"}),
    )
    return Page[ContractOut].of(found, ContractOut.of)


@door.get("/contracts/expiring")
@needs(Permission.OWNERS_READ)
@door.input(ExpiringQuery, location="query")
@door.output(Page[ContractOut])
def expiring(query_data: ExpiringQuery) -> Page[ContractOut]:
    """Contracts that end soon and that no other follows, the soonest first."""
    found = contracts.expiring(
        call.session,
        scope=call.scope,
        today=lagos_day(call.now),
        within_days=query_data.within_days,
        page=query_data.page(),
    )
    return Page[ContractOut].of(found, ContractOut.of)


@door.post("/contracts")
@needs(Permission.CONTRACTS_WRITE)
@idempotent
@door.input(ContractBody)
@door.output(Data[ContractOut], status_code=201)
def create(json_data: ContractBody) -> Data[ContractOut]:
    """Agree on a contract."""
    contract = contracts.agree(
        call.session,
        owner_id=json_data.owner_id,
        hospital_id=json_data.hospital_id,
        terms=json_data.terms(),
        starts_on=json_data.starts_on,
        ends_on=json_data.ends_on,
        **_by(),
    )
    return _one(contract)


@door.get("/contracts/<uuid:contract_id>")
@needs(Permission.OWNERS_READ)
@door.output(Data[ContractOut])
def show(contract_id: UUID) -> Data[ContractOut]:
    """One contract."""
    return _one(contracts.get(call.session, contract_id, scope=call.scope))


@door.get("/contracts/<uuid:contract_id>/versions")
@needs(Permission.OWNERS_READ)
@door.output(Data[list[ContractVersionOut]])
def versions(contract_id: UUID) -> Data[list[ContractVersionOut]]:
    """The terms of every version, the newest first."""
    contract = contracts.get(call.session, contract_id, scope=call.scope)
    kept = contracts.versions(call.session, contract.id)
    return Data(data=[ContractVersionOut.model_validate(each) for each in kept])


@door.post("/contracts/<uuid:contract_id>/amendments")
@needs(Permission.CONTRACTS_WRITE)
@idempotent
@door.input(AmendmentBody)
@door.output(Data[ContractOut])
def amend(contract_id: UUID, json_data: AmendmentBody) -> Data[ContractOut]:
    """Change the terms from a month on; earlier months keep theirs."""
    contract = contracts.amend(
        call.session,
        contract_id,
        terms=json_data.terms(),
        effective_from=json_data.effective_from,
        version=expected_version(json_data.version),
        **_by(),
    )
    return _one(contract)


@door.post("/contracts/<uuid:contract_id>/renewal")
@needs(Permission.CONTRACTS_WRITE)
@idempotent
@door.input(RenewalBody)
@door.output(Data[ContractOut], status_code=201)
def renew(contract_id: UUID, json_data: RenewalBody) -> Data[ContractOut]:
    """Let another contract follow from the day after this one ends."""
    terms = json_data.terms.terms() if json_data.terms else None
    contract = contracts.renew(
        call.session, contract_id, ends_on=json_data.ends_on, terms=terms, **_by()
    )
    return _one(contract)


@door.post("/contracts/<uuid:contract_id>/termination")
@needs(Permission.CONTRACTS_WRITE)
@idempotent
@door.input(TerminationBody)
@door.output(Data[ContractOut])
def terminate(contract_id: UUID, json_data: TerminationBody) -> Data[ContractOut]:
    """End a contract early."""
    contract = contracts.terminate(
        call.session, contract_id, ends_on=json_data.ends_on, reason=json_data.reason, **_by()
    )
    return _one(contract)


@door.post("/contracts/<uuid:contract_id>/cancellation")
@needs(Permission.CONTRACTS_WRITE)
@idempotent
@door.input(ContractCancellationBody)
@door.output(Data[ContractOut])
def cancel(contract_id: UUID, json_data: ContractCancellationBody) -> Data[ContractOut]:
    """Take back a contract that was written by mistake and of which nothing was paid."""
    contract = contracts.cancel(call.session, contract_id, reason=json_data.reason, **_by())
    return _one(contract)


def _by() -> dict[str, Any]:
    return {"by": call.actor, "now": call.now}


def _one(contract: Contract) -> Data[ContractOut]:
    call.concerns("contract", contract.id, hospital_id=contract.hospital_id)
    return Data(data=ContractOut.of(contract))
