"""Names and dates of birth."""

from datetime import date

import pytest

from conversations.understand import birth_date, full_name

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    "text",
    [
        "12/05/1990",
        "12-5-90",
        "12.5.1990",
        "12 05 1990",
        "12 May 1990",
        "12th of May, 1990",
        "may 12 1990",
        "May 12th, 1990",
        "12 May, 90",
        "12051990",
        "1990-05-12",
        "my date of birth is 12/05/1990",
        "12 Mayu 1990",
    ],
)
def test_a_date_of_birth_is_read_day_before_month(text):
    assert birth_date(text, today=TODAY) == date(1990, 5, 12)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "12/05/2030",
        "1/1/1880",
        "31/2/1990",
        "05/25/1990",
        "08031234567",
        "12/05",
        "May 1990",
    ],
)
def test_a_date_of_birth_that_cannot_be_is_refused(text):
    assert birth_date(text, today=TODAY) is None


def test_two_digit_years_lie_in_the_past():
    assert birth_date("12/5/26", today=TODAY) == date(2026, 5, 12)
    assert birth_date("12/12/26", today=TODAY) == date(1926, 12, 12)
    assert birth_date("12/5/27", today=TODAY) == date(1927, 5, 12)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ada obi", "Ada Obi"),
        ("My name is ADA OBI", "Ada Obi"),
        ("I am Musa Bello", "Musa Bello"),
        ("i'm musa bello", "Musa Bello"),
        ("na Chidi Okafor I be", "Chidi Okafor"),
        ("my name na Ngozi Eze", "Ngozi Eze"),
        ("Dr. Ngozi Eze", "Ngozi Eze"),
        ("Alhaji Musa Bello", "Musa Bello"),
        ("Okafor, Ada", "Okafor Ada"),
        ("Ọláòṣebìkan Adébáyọ̀", "Ọláòṣebìkan Adébáyọ̀"),
        ("ƙasimu ɗanjuma", "Ƙasimu Ɗanjuma"),
        ("o'neil mary-jane", "O'Neil Mary-Jane"),
        ("sa'adatu d'souza", "Sa'adatu D'Souza"),
        ("A. B. Cole", "A. B. Cole"),
        ("McDonald Obi", "McDonald Obi"),
        ("Ada Obi 😊", "Ada Obi"),
        ("Goodluck Blessing", "Goodluck Blessing"),
    ],
)
def test_a_name_is_taken_out_of_its_sentence(text, name):
    assert full_name(text) == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Ada",
        "Mr Okafor",
        "ada 123",
        "www.site.com now",
        "ada@obi.com x",
        "i want to see doctor",
        "yes please",
        "ab " * 40,
    ],
)
def test_what_is_no_full_name_is_refused(text):
    assert full_name(text) is None


def test_one_name_is_enough_where_only_one_is_asked():
    assert full_name("mr okafor", at_least=1) == "Okafor"
    assert full_name("ada", at_least=1) == "Ada"
