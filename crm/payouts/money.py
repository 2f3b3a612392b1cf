"""Kobo and periods as people read them."""

from datetime import date

from crm.payouts.months import is_month

_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def naira(kobo: int) -> str:
    """`1,234.50`, below zero with a minus sign before it."""
    whole, rest = divmod(abs(kobo), 100)
    return f"{'-' if kobo < 0 else ''}{whole:,}.{rest:02}"


def plain(kobo: int) -> str:
    """`1234.50`, as a bank's file wants it."""
    return naira(kobo).replace(",", "")


def percent(bps: int) -> str:
    """`7.5%`."""
    return f"{bps / 100:g}%"


def period(first: date, last: date) -> str:
    """`October 2026`, or `3 Oct - 9 Oct 2026` when it is no month."""
    if is_month(first, last):
        return f"{_MONTHS[first.month - 1]} {first.year}"
    return f"{_short(first)} - {_short(last)} {last.year}"


def day(value: date) -> str:
    """`10 Nov 2026`."""
    return f"{_short(value)} {value.year}"


def _short(value: date) -> str:
    return f"{value.day} {_MONTHS[value.month - 1][:3]}"
