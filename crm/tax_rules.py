"""Rates of withholding tax: dated rows, so that a law is data and an old payout keeps its rate."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from crm.kit.errors import Denied, DomainError
from crm.kit.ids import uuid7
from crm.kit.permissions import Actor, Permission
from crm.kit.violations import meaning
from crm.models import OwnerKind, TaxCategory, TaxRule

DAY = timedelta(days=1)
Case = tuple[TaxCategory, OwnerKind, bool, bool]
"""Category, who is paid, whether resident, whether with a tax number."""


class NoTaxRule(DomainError):
    """No rate is known for this category, payee and day."""

    code = "no_tax_rule"


class TaxRuleOverlap(DomainError):
    """A rule for the same case begins on that day or later."""

    code = "tax_rule_overlap"


def rate(
    session: Session,
    category: TaxCategory,
    *,
    payee: OwnerKind,
    resident: bool,
    has_tin: bool,
    on: date,
) -> TaxRule:
    """The rule for a payment on this day: its `bps`, and `legal_ref` for the statement.

    Raises NoTaxRule.
    """
    found = rates(session, on=on).get((category, payee, resident, has_tin))
    if found is None:
        raise NoTaxRule(f"No rate of tax is known for {category} to {payee} on {on}.")
    return found


def rates(session: Session, *, on: date) -> dict[Case, TaxRule]:
    """Every rule of a day by its case: one query for a run of many payments."""
    rules = session.scalars(select(TaxRule).where(_counts(on)))
    return {(rule.category, rule.payee, rule.resident, rule.has_tin): rule for rule in rules}


def listed(
    session: Session, *, category: TaxCategory | None = None, on: date | None = None
) -> Sequence[TaxRule]:
    """The rules by category, payee and time; those of one day when it is given."""
    found = select(TaxRule)
    if category:
        found = found.where(TaxRule.category == category)
    if on:
        found = found.where(_counts(on))
    order = (TaxRule.category, TaxRule.payee, TaxRule.resident, TaxRule.has_tin)
    return session.scalars(found.order_by(*order, TaxRule.effective_from)).all()


def add(
    session: Session,
    *,
    category: TaxCategory,
    payee: OwnerKind,
    resident: bool,
    has_tin: bool,
    bps: int,
    effective_from: date,
    legal_ref: str,
    by: Actor,
    now: datetime,
) -> TaxRule:
    """Let a new rate count from this day; the one before ends the day before.

    Raises TaxRuleOverlap, Denied to whoever does not speak for the whole group.
    """
    if by.scope(Permission.TAX_RULES_WRITE).hospitals is not None:
        raise Denied("Rates of tax are the whole group's.")
    rule = TaxRule(
        id=uuid7(),
        category=category,
        payee=payee,
        resident=resident,
        has_tin=has_tin,
        bps=bps,
        effective_from=effective_from,
        legal_ref=legal_ref,
        created_at=now,
        updated_at=now,
    )
    overlap = TaxRuleOverlap("A rule for the same case begins on that day or later.")
    with meaning(session, {"ex_tax_rules_period": overlap}):
        _end_before(session, rule, now)
        session.add(rule)
    return rule


def _counts(on: date) -> ColumnElement[bool]:
    is_not_over = or_(TaxRule.effective_to.is_(None), TaxRule.effective_to >= on)
    return (TaxRule.effective_from <= on) & is_not_over


def _end_before(session: Session, rule: TaxRule, now: datetime) -> None:
    session.execute(
        update(TaxRule)
        .where(TaxRule.category == rule.category, TaxRule.payee == rule.payee)
        .where(TaxRule.resident.is_(rule.resident), TaxRule.has_tin.is_(rule.has_tin))
        .where(TaxRule.effective_from < rule.effective_from, TaxRule.effective_to.is_(None))
        .values(effective_to=rule.effective_from - DAY, updated_at=now)
        .execution_options(synchronize_session="fetch")
    )
