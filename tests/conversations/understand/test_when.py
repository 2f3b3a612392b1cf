"""Days and times as people type them, on one fixed Sunday."""

from datetime import UTC, date, datetime, time

import pytest

from conversations.understand import When, when
from crm.kit.clock import LAGOS
from tests.conversations.understand.phrases import table

SUNDAY = datetime(2026, 11, 22, 10, 0, tzinfo=LAGOS)
PHRASES = [(text, meant) for section in table("when").values() for text, meant in section.items()]


def shown(meant: When | None) -> str:
    """The meaning as the phrase table writes it."""
    if meant is None:
        return ""
    days = f"{meant.first}" if meant.first == meant.last else f"{meant.first}..{meant.last}"
    clock = [("@", meant.at), (">=", meant.earliest), ("<=", meant.latest)]
    said = [f"{sign}{at:%H:%M}" for sign, at in clock if at is not None]
    said += ["soonest"] * meant.is_soonest
    return " ".join([days, *said] if meant.first else said)


@pytest.mark.parametrize(("text", "meant"), PHRASES)
def test_a_day_and_time_mean_what_a_nigerian_means_by_them(text, meant):
    assert shown(when(text, now=SUNDAY)) == meant


def test_the_table_holds_at_least_a_hundred_and_fifty_phrases():
    assert len(PHRASES) >= 150


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("friday", date(2026, 11, 27)),
        ("this friday", date(2026, 11, 27)),
        ("next friday", date(2026, 12, 4)),
        ("next week friday", date(2026, 12, 4)),
        ("tuesday", date(2026, 12, 1)),
        ("wednesday", date(2026, 12, 2)),
        ("this wednesday", date(2026, 11, 25)),
    ],
)
def test_next_friday_said_on_a_wednesday_is_the_one_after_this_friday(text, day):
    wednesday = datetime(2026, 11, 25, 10, 0, tzinfo=LAGOS)
    assert when(text, now=wednesday) == When(day, day)


def test_the_day_is_the_one_in_lagos():
    almost_midnight_utc = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    assert when("today", now=almost_midnight_utc) == When(date(2026, 11, 23), date(2026, 11, 23))


def test_a_bare_hour_follows_the_opening_hours():
    evening_clinic = when("by 7", now=SUNDAY, opens=time(16), closes=time(21))
    assert evening_clinic == When(None, None, at=time(19))
    early_clinic = when("by 7", now=SUNDAY, opens=time(6), closes=time(14))
    assert early_clinic == When(None, None, at=time(7))


def test_a_house_open_day_and_night_takes_a_bare_hour_by_daylight():
    assert when("by 3", now=SUNDAY, opens=time(0), closes=time(23, 59)) == When(
        None, None, time(15)
    )


def test_a_date_that_has_just_passed_comes_back_as_said():
    assert when("20/11", now=SUNDAY) == When(date(2026, 11, 20), date(2026, 11, 20))
