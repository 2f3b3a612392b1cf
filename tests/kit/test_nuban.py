import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.kit import nuban

_KEPT = json.loads((Path(__file__).parents[1] / "data" / "ng_nuban_vectors.json").read_text())
VECTORS = [each for each in _KEPT["vectors"] if "nuban" in each]
BANKS = [each for each in VECTORS if each["valid"]]
DIGITS = st.text("0123456789", min_size=9, max_size=9)


@pytest.mark.parametrize("vector", BANKS, ids=lambda each: f"{each['bank']} {each['nuban']}")
def test_the_numbers_of_the_banks_have_the_right_last_digit(vector):
    assert nuban.check_digit(vector["cbn_code"], vector["serial"]) == vector["check_digit"]
    assert nuban.check_digit(vector["code6"], vector["serial"]) == vector["check_digit"]
    assert not nuban.is_doubtful(vector["cbn_code"], vector["nuban"])


def test_the_number_of_another_bank_is_doubtful():
    wrong = next(each for each in VECTORS if each.get("why", "").startswith("valid for"))
    assert nuban.is_doubtful(wrong["cbn_code"], wrong["nuban"])


def test_nine_digits_are_no_number():
    short = next(each for each in VECTORS if each.get("why") == "9 digits")
    assert not nuban.is_number(short["nuban"])
    assert not nuban.is_number("٠١٢٣٤٥٦٧٨٩")


def test_a_wallet_has_no_check_digit():
    assert not nuban.is_doubtful("999992", "8031234567")


@given(DIGITS, st.integers(0, 8), st.integers(1, 9))
def test_one_wrong_digit_always_shows(serial, place, by):
    number = f"{serial}{nuban.check_digit('058', serial)}"
    wrong = str((int(number[place]) + by) % 10)
    assert nuban.is_doubtful("058", f"{number[:place]}{wrong}{number[place + 1 :]}")
