"""Check digits of Nigerian bank account numbers (Central Bank of Nigeria, uniform standard).

Six digits of institution and nine of serial are weighed 3, 7, 3 over and over; the tenth digit of
the number completes the sum to a ten. Banks have three digits (`000` before them), other
institutions five (`9` before them). It warns and never refuses: wallets are phone numbers, old
numbers follow older rules, and only the bank's own answer says whose account it is.
"""

import re

_NUMBER = re.compile(r"\d{10}", re.ASCII)
_CODE = re.compile(r"\d{3}|\d{5,6}", re.ASCII)
_WEIGHTS = (3, 7, 3) * 5
_HEADS = {3: "000", 5: "9", 6: ""}
_WALLETS = {"999991", "999992", "100033", "100004"}
"""PalmPay and OPay: the number is a phone's, without its first zero."""


def is_number(text: str) -> bool:
    """True for ten digits."""
    return _NUMBER.fullmatch(text) is not None


def is_bank_code(text: str) -> bool:
    """True for a bank's three digits, or the five or six of another institution."""
    return _CODE.fullmatch(text) is not None


def is_doubtful(bank_code: str, number: str) -> bool:
    """True when the check digit is not the one this bank would have given."""
    if bank_code in _WALLETS:
        return False
    return number[-1] != str(check_digit(bank_code, number[:-1]))


def check_digit(bank_code: str, serial: str) -> int:
    """The tenth digit for a serial of nine at this bank."""
    digits = _HEADS[len(bank_code)] + bank_code + serial
    weighed = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits, strict=True))
    return -weighed % 10
