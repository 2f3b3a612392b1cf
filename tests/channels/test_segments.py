"""What an SMS costs, by Twilio's own figures, and how texts are made cheap."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.segments import GSM, Segments, count, gsm

VECTORS = json.loads(Path("tests/data/segment_vectors.json").read_text())["vectors"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_parts_are_counted_as_twilio_counts_them(vector: dict[str, Any]) -> None:
    counted = count(vector["text"])
    assert (counted.encoding, counted.segments) == (vector["encoding"], vector["segments"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Segments("GSM-7", 0, 1)),
        ("a" * 160, Segments("GSM-7", 160, 1)),
        ("€" * 80, Segments("GSM-7", 160, 1)),
        ("a" * 152 + "€" + "a" * 153, Segments("GSM-7", 307, 3)),
        ("ẹ" * 70, Segments("UCS-2", 70, 1)),
        ("ẹ" * 71, Segments("UCS-2", 71, 2)),
    ],
)
def test_nothing_is_divided_between_two_parts(text: str, expected: Segments) -> None:
    assert count(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Pay ₦5,000", "Pay NGN5,000"),
        ("“Don’t wait”… it’s 9–10", "\"Don't wait\"... it's 9-10"),
        ("Ẹ káàárọ̀, ẹ jọ̀ọ́ ẹ wá sí ilé-ìwòsàn", "E kaaaro, e joo e wa si ile-iwosan"),
        ("ɗan ƙaramin yaro ɓarawo ƴa", "dan karamin yaro barawo ya"),
        ("Ndewo, biko bịa ụlọ ọgwụ ñ ṅ", "Ndewo, biko bia ulo ogwu n n"),
        ("Señor à è é ì ò ù Ç", "Señor à è é ì ò ù Ç"),
        ("Hi 👋 Ada 👍🏽\nsee you", "Hi Ada \nsee you"),
        ("a\u200bb\u00a0c\td", "ab c d"),
        ("Да, 3½", "??, 3?"),
        ("Déjà vu à ₦500", "Déjà vu à NGN500"),
        ("1 Yes\n2 No", "1 Yes\n2 No"),
    ],
)
def test_a_text_is_spelled_in_letters_that_cost_less(text: str, expected: str) -> None:
    assert gsm(text) == expected


@given(st.text())
def test_a_folded_text_always_travels_as_gsm(text: str) -> None:
    assert GSM.issuperset(gsm(text))
    assert count(gsm(text)).encoding == "GSM-7"


@given(st.text(alphabet=sorted(GSM)))
def test_a_text_that_is_cheap_already_is_left_as_it_is(text: str) -> None:
    assert gsm(text) == text
