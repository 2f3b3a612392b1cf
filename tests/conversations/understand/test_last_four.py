"""The last four digits of an account, however they are said; nothing else is a try."""

import pytest

from conversations.understand import last_four


@pytest.mark.parametrize(
    ("said", "digits"),
    [
        ("4321", "4321"),
        ("4 3 2 1", "4321"),
        ("43-21.", "4321"),
        ("na 4321", "4321"),
        ("it ends with 4321", "4321"),
        ("the last 4 digits are 4321 please", "4321"),
        ("my last four: 4321", "4321"),
        ("0123454321", "4321"),
        ("four three two one", "4321"),
        ("zero one wan two", "0112"),
        ("٤٣٢١", "4321"),
        ("321", None),
        ("54321", None),
        ("payout 2026", None),
        ("statement 10/2026", None),
        ("i forgot it", None),
        ("", None),
        ("08031234567", None),
    ],
)
def test_the_last_four_digits(said, digits):
    assert last_four(said) == digits
