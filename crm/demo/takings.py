"""Eighteen months of revenue: what each line of each hospital brought in, day by day."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from crm import holidays
from crm.demo.estate import Estate
from crm.demo.house import House
from crm.demo.loading import Row, load
from crm.kit.clock import at_lagos
from crm.models import Hospital, RevenueEntry, RevenueKind

NAIRA = 100
# What one day brings on each line at a hospital of size one, in naira.
_LINES = {
    "Consultation": 260_000,
    "Laboratory": 190_000,
    "Pharmacy": 310_000,
    "Imaging": 150_000,
    "Surgery": 420_000,
}
_SIZES = {"IKJ": 1.0, "WUS": 0.8, "PHC": 0.6}
_SATURDAY, _SUNDAY = 5, 6
_PAID_AT_ONCE, _PAID_LATER = 0.7, 0.97
_HOPELESS = timedelta(days=120)
_GROWTH = 0.01
"""A month."""


def write(house: House, estate: Estate) -> int:
    """Write the entries down; returns how many."""
    rows = list(_entries(house, estate))
    load(house.session, RevenueEntry, rows)
    return len(rows)


def _entries(house: House, estate: Estate) -> Iterator[Row]:
    days = (house.today - estate.first_month).days
    closed = holidays.closed_days(estate.first_month, house.today)
    for hospital in house.hospitals:
        for number in range(days):
            day = estate.first_month + timedelta(days=number)
            if day.weekday() != _SUNDAY and day not in closed:
                yield from _day(house, hospital, day, number / 30)


def _day(house: House, hospital: Hospital, day: date, month: float) -> Iterator[Row]:
    chance = house.chance
    size = _SIZES.get(hospital.code, 0.5) * (1 + _GROWTH * month)
    size *= 0.5 if day.weekday() == _SATURDAY else 1.1
    for line, naira in _LINES.items():
        amount = round(naira * size * chance.uniform(0.75, 1.25)) * NAIRA
        charge = _charge(house, hospital, day, line, amount)
        yield charge
        if charge["collected_on"] and chance.is_so(0.01):
            yield _refund(house, charge)
        elif _is_hopeless(house, charge) and chance.is_so(0.5):
            yield _write_off(house, charge)


def _is_hopeless(house: House, charge: Row) -> bool:
    return charge["collected_on"] is None and house.today - charge["billed_on"] > _HOPELESS


def _charge(house: House, hospital: Hospital, day: date, line: str, amount: int) -> Row:
    """Paid on the day, within six weeks by an insurer, or never."""
    kind = house.chance.random()
    later = day + timedelta(days=house.chance.randrange(7, 42))
    collected: date | None = day if kind < _PAID_AT_ONCE else later
    if kind > _PAID_LATER or (collected and collected > house.today):
        collected = None
    reference = f"{hospital.code}-{day:%y%m%d}-{line[:3].upper()}"
    facts = {"hospital_id": hospital.id, "service_line": line, "external_ref": reference}
    return _row(house, facts, RevenueKind.CHARGE, amount, day, collected)


def _refund(house: House, charge: Row) -> Row:
    """A tenth of it given back within the week."""
    on: date = charge["collected_on"] + timedelta(days=house.chance.randrange(1, 7))
    amount = -(charge["amount_kobo"] // 10)
    on = min(house.today, on)
    return _row(house, _about(charge, "R"), RevenueKind.REFUND, amount, on, on)


def _write_off(house: House, charge: Row) -> Row:
    """All of it given up; no cash ever came, so none goes."""
    on = min(house.today, charge["billed_on"] + _HOPELESS)
    amount = -charge["amount_kobo"]
    return _row(house, _about(charge, "W"), RevenueKind.WRITE_OFF, amount, on, None)


def _about(charge: Row, letter: str) -> Row:
    facts = {name: charge[name] for name in ("hospital_id", "service_line")}
    return facts | {"external_ref": f"{charge['external_ref']}-{letter}"}


def _row(  # noqa: PLR0917 -- one row
    house: House,
    facts: dict[str, Any],
    kind: RevenueKind,
    amount: int,
    billed_on: date,
    collected_on: date | None,
) -> Row:
    at: datetime = min(house.now, at_lagos(billed_on, time(18)))
    return {
        "id": house.chance.id_at(at),
        **facts,
        "kind": kind,
        "amount_kobo": amount,
        "billed_on": billed_on,
        "collected_on": collected_on,
        "billing_recognised_on": billed_on,
        "cash_recognised_on": collected_on,
        "source": "cashier",
        "created_at": at,
        "updated_at": at,
    }
