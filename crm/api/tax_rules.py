"""Rates of withholding tax, with the days on which they count and their source in law."""

from datetime import date
from uuid import UUID

from crm import tax_rules
from crm.api.contracts import Day
from crm.api.kit import Body, Data, Door, Out, call, idempotent, needs
from crm.api.kit.fields import BasisPoints, ShortNote
from crm.kit.permissions import Permission
from crm.models import OwnerKind, TaxCategory

door = Door("tax_rules", __name__)


class TaxRuleBody(Body):
    """A rate for one case, from a day on."""

    category: TaxCategory
    payee: OwnerKind
    resident: bool
    has_tin: bool
    bps: BasisPoints
    effective_from: Day
    legal_ref: ShortNote


class TaxRuleFilter(Body):
    """Which rates; `on` leaves those of one day."""

    category: TaxCategory | None = None
    on: Day | None = None


class TaxRuleOut(Out):
    """A rate for one case; both days are included."""

    id: UUID
    category: TaxCategory
    payee: OwnerKind
    resident: bool
    has_tin: bool
    bps: int
    effective_from: date
    effective_to: date | None
    legal_ref: str


@door.get("/tax-rules")
@needs(Permission.REVENUE_READ)
@door.input(TaxRuleFilter, location="query")
@door.output(Data[list[TaxRuleOut]])
def index(query_data: TaxRuleFilter) -> Data[list[TaxRuleOut]]:
    """The rates, by category, payee and time."""
    found = tax_rules.listed(call.session, category=query_data.category, on=query_data.on)
    return Data(data=[TaxRuleOut.model_validate(rule) for rule in found])


@door.post("/tax-rules")
@needs(Permission.TAX_RULES_WRITE)
@idempotent
@door.input(TaxRuleBody)
@door.output(Data[TaxRuleOut], status_code=201)
def create(json_data: TaxRuleBody) -> Data[TaxRuleOut]:
    """Let a new rate count from a day on; the one before ends the day before."""
    rule = tax_rules.add(call.session, **json_data.model_dump(), by=call.actor, now=call.now)
    call.concerns("tax_rule", rule.id)
    return Data(data=TaxRuleOut.model_validate(rule))
