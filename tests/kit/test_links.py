"""Links that prove we made them: short ones open what they were made for, and nothing else."""

from uuid import UUID

import pytest

from crm.kit.tokens import FormLink, Links

VISIT = UUID("01a21766-6cdc-7187-a1f5-3c683bbbe8d5")
LINKS = Links("https://bot.example", "a-secret-of-thirty-two-characters")


def token_of(link: str) -> str:
    return link.rpartition("/")[2].removesuffix(".ics")


def test_a_calendar_link_is_short_and_opens_its_visit():
    link = LINKS.calendar(VISIT)
    assert LINKS.read_calendar(token_of(link)) == VISIT
    assert len(token_of(link)) == 36


def test_a_calendar_link_of_the_longer_kind_still_opens():
    assert LINKS.read_calendar(LINKS._sign("calendar", VISIT)) == VISIT


def test_a_form_and_a_calendar_do_not_open_each_other():
    form = token_of(LINKS.form("reminder", VISIT))
    assert LINKS.read_form(form) == FormLink("reminder", VISIT)
    assert LINKS.read_calendar(form) is None
    assert LINKS.read_form(token_of(LINKS.calendar(VISIT))) is None


@pytest.mark.parametrize("token", ["", "x", "A" * 36, "not base64!", "ü" * 36])
def test_what_we_did_not_make_opens_nothing(token):
    assert LINKS.read_calendar(token) is None
    assert LINKS.read_form(token) is None
