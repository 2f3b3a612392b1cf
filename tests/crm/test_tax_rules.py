from datetime import date

import pytest
from sqlalchemy.exc import IntegrityError

from crm import tax_rules
from crm.kit.errors import Denied
from crm.kit.ids import uuid7
from crm.kit.permissions import Role
from crm.models import OwnerKind, TaxCategory, TaxRule
from crm.tax_rules import NoTaxRule, TaxRuleOverlap
from tests.crm.estate import hospital, staff

COMPANY, PERSON = OwnerKind.COMPANY, OwnerKind.INDIVIDUAL
IN_2026 = date(2026, 10, 31)


def rate(session, category, payee=COMPANY, *, resident=True, has_tin=True, on=IN_2026):
    return tax_rules.rate(session, category, payee=payee, resident=resident, has_tin=has_tin, on=on)


@pytest.mark.parametrize(
    ("category", "company", "person"),
    [
        (TaxCategory.RENT, 1000, 1000),
        (TaxCategory.DIVIDEND, 1000, 1000),
        (TaxCategory.ROYALTY, 1000, 500),
        (TaxCategory.PROFESSIONAL, 500, 500),
        (TaxCategory.GOODS, 200, 200),
        (TaxCategory.CONSTRUCTION, 200, 200),
    ],
)
def test_the_rates_of_the_regulations_of_2024(session, category, company, person):
    assert rate(session, category).bps == company
    assert rate(session, category, PERSON).bps == person
    assert "2024" in rate(session, category).legal_ref


def test_without_a_tax_number_the_rate_doubles_except_on_passive_income(session):
    assert rate(session, TaxCategory.PROFESSIONAL, has_tin=False).bps == 1000
    assert rate(session, TaxCategory.RENT, has_tin=False).bps == 1000


def test_from_abroad_the_rate_is_ten_per_cent(session):
    assert rate(session, TaxCategory.PROFESSIONAL, resident=False).bps == 1000


def test_where_no_rate_is_known_none_is_guessed(session):
    with pytest.raises(NoTaxRule):
        rate(session, TaxCategory.RENT, on=date(2024, 12, 31))
    with pytest.raises(NoTaxRule):
        rate(session, TaxCategory.DIRECTORS_FEES, COMPANY)


def add(session, now, **more):
    case = {"category": TaxCategory.RENT, "payee": COMPANY, "resident": True, "has_tin": True}
    new = {"bps": 750, "effective_from": date(2027, 1, 1), "legal_ref": "A new act"}
    return tax_rules.add(session, **{**case, **new, "by": staff(Role.ADMIN), "now": now, **more})


def test_a_new_rate_ends_the_one_before_and_the_past_keeps_its_own(session, now):
    add(session, now)
    assert rate(session, TaxCategory.RENT, on=date(2026, 12, 31)).bps == 1000
    assert rate(session, TaxCategory.RENT, on=date(2027, 1, 1)).bps == 750
    assert rate(session, TaxCategory.RENT, PERSON, on=date(2027, 1, 1)).bps == 1000


def test_a_rate_does_not_slip_in_before_another(session, now):
    add(session, now)
    with pytest.raises(TaxRuleOverlap):
        add(session, now, effective_from=date(2026, 6, 1))
    assert rate(session, TaxCategory.RENT, on=date(2026, 12, 31)).bps == 1000


def test_rates_are_the_groups_and_not_one_hospitals(session, now):
    with pytest.raises(Denied):
        add(session, now, by=staff(Role.ADMIN, hospital(session, "IKJ").id))


def test_the_database_keeps_two_rates_apart(session):
    known = rate(session, TaxCategory.RENT)
    facts = {"category": known.category, "payee": known.payee, "resident": True, "has_tin": True}
    late = {"effective_from": date(2026, 1, 1), "legal_ref": "", "bps": 1}
    session.add(TaxRule(id=uuid7(), **facts, **late))
    with pytest.raises(IntegrityError, match="ex_tax_rules_period"):
        session.flush()


def test_rules_are_listed_for_a_category_and_a_day(session, now):
    add(session, now)
    assert len(tax_rules.listed(session, category=TaxCategory.RENT)) == 9
    assert len(tax_rules.listed(session, category=TaxCategory.RENT, on=IN_2026)) == 8
