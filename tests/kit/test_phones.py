"""Phone numbers as people type them."""

import json
import random
from pathlib import Path
from typing import Any

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.kit.phones import PhoneError, PhoneKind, mask, parse

VECTORS = json.loads(Path("tests/data/ng_phone_vectors.json").read_text())["vectors"]
TEXTABLE = {"mobile", "foreign_ok"}
CALL_ONLY = {
    "landline": PhoneKind.LANDLINE,
    "old_landline": PhoneKind.LANDLINE,
    "toll_free": PhoneKind.TOLL_FREE,
}

ADAS = [
    "08031234567", "8031234567", "2348031234567", "+2348031234567", "0803 123 4567",
    "0803-123-4567", "0803.123.4567", "(0803) 123 4567", "+234 803 123 4567",
    "+234-803-123-4567", "+234 (0) 803 123 4567", "+23408031234567", "23408031234567",
    "002348031234567", "00 234 803 123 4567", "0092348031234567", "O8O3I234567", "0803l234567",
    "08O31234567", "0803|234567", "whatsapp:+2348031234567", "tel:+2348031234567",
    "08031234567 ext 3", "٠٨٠٣١٢٣٤٥٦٧", "０８０３１２３４５６７", "\u202a08031234567\u202c",
    "\u00a00803\u00a0123\u00a04567 ", "my number is 08031234567",
]  # fmt: skip

REFUSED = {
    "0803123456": "has 11 digits",
    "080312345678": "has 11 digits",
    "": "no phone number",
    "abc": "no phone number",
    "112": "short code",
    "2442": "short code",
    "*08031234567#": "network code",
    "*08031234567": "network code",
    "08031234567 or 08051234567": "more than one",
    "08031234567 08051234567": "more than one",
    "08031234567\n08051234567": "more than one",
    "09001234567": "cannot find",
    "08201234567": "cannot find",
    "07301234567": "cannot find",
    "00000000000": "cannot find",
    "+234": "cannot find",
}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["input"])
def test_a_number_is_read_as_the_vectors_say(vector: dict[str, Any]) -> None:
    if vector["outcome"] in TEXTABLE:
        phone = parse(vector["input"])
        assert (phone.e164, phone.is_textable) == (vector["e164"], True)
    elif vector["outcome"] in CALL_ONLY:
        phone = parse(vector["input"])
        assert (phone.kind, phone.is_textable) == (CALL_ONLY[vector["outcome"]], False)
    else:
        with pytest.raises(PhoneError):
            parse(vector["input"])


@pytest.mark.parametrize("typed", ADAS)
def test_every_way_to_write_a_number_is_the_same_number(typed: str) -> None:
    assert parse(typed).e164 == "+2348031234567"


@pytest.mark.parametrize(("typed", "words"), REFUSED.items())
def test_what_is_no_number_is_refused_in_words_that_help(typed: str, words: str) -> None:
    with pytest.raises(PhoneError, match=words) as refused:
        parse(typed)
    assert refused.value.code == "phone_invalid"


@pytest.mark.parametrize(
    ("old", "new"), [("014630643", "+2342014630643"), ("094630643", "+2342094630643")]
)
def test_an_old_landline_gets_its_new_prefix(old: str, new: str) -> None:
    assert parse(old).e164 == new


def test_relatives_abroad_are_reached_too() -> None:
    assert parse("+447911123456").is_textable
    assert parse("0044 7911 123456").e164 == "+447911123456"
    assert parse("07911 123456", region="GB").e164 == "+447911123456"


def test_the_short_way_agrees_with_the_numbering_plan() -> None:
    chance = random.Random(234)
    for _ in range(2_000):
        typed = f"+234{chance.choice('789')}{chance.randrange(10**9):09}"
        number = phonenumbers.parse(typed)
        mobile = phonenumbers.PhoneNumberType.MOBILE
        assert _is_mobile(typed) == (phonenumbers.number_type(number) == mobile), typed


def _is_mobile(typed: str) -> bool:
    try:
        return parse(typed).kind is PhoneKind.MOBILE
    except PhoneError:
        return False


@given(st.text(alphabet=st.characters() | st.sampled_from("0123456789+-() OIl٣"), max_size=40))
def test_anything_typed_is_a_number_or_a_kind_refusal(typed: str) -> None:
    try:
        assert parse(typed).e164.startswith("+")
    except PhoneError as refused:
        assert str(refused)  # noqa: PT017 -- either outcome is fine


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("+2348031234567", "080****4567"),
        ("whatsapp:+447911123456", "+44****3456"),
        ("NG.4480491900000001", "NG.****0001"),
    ],
)
def test_a_masked_number_shows_its_ends(address: str, masked: str) -> None:
    assert mask(address) == masked
