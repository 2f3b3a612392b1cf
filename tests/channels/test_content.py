"""Questions poured into WhatsApp's shapes, within its limits."""

import re
from itertools import chain
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.carrier import Option
from bot.channels.content import content_for, cut, session_shapes, template, template_variables
from bot.channels.segments import utf16_length

FAMILY = "👨‍👩‍👧"


def options(count: int, label: str = "Answer", description: str = "") -> list[Option]:
    return [Option(f"v1|7|{n}", f"{label} {n}", description) for n in range(1, count + 1)]


def strings_in(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    parts = value.values() if isinstance(value, dict) else value
    return list(chain.from_iterable(map(strings_in, parts)))


def test_up_to_three_short_answers_are_buttons() -> None:
    assert content_for("Will you come?", options(2), "Choose") == (
        "reply_2",
        {"1": "Will you come?", "2": "Answer 1", "3": "v1|7|1", "4": "Answer 2", "5": "v1|7|2"},
    )


def test_more_answers_are_a_list_opened_by_a_word() -> None:
    name, variables = content_for("Which day?", options(4), "See days")
    assert name == "list_4"
    assert [variables[n] for n in "1234"] == ["Which day?", "See days", "Answer 1", "v1|7|1"]


@pytest.mark.parametrize("wordy", [options(2, "I would rather come"), options(2, "A", "far away")])
def test_answers_that_fit_no_button_are_a_list(wordy: list[Option]) -> None:
    assert content_for("Which?", wordy, "Choose")[0].startswith("list_2")


def test_a_row_without_its_second_line_is_never_left_empty() -> None:
    rows = [*options(1, description="on Allen Avenue"), Option("v1|7|9", "Surulere")]
    name, variables = content_for("Where?", rows, "Choose")
    assert name == "list_2_described"
    assert variables["8"] == "-"


def test_the_body_keeps_its_lines_and_everything_else_loses_them() -> None:
    rows = [Option("v1|7|1", "Ikeja\nmain  gate")]
    _, variables = content_for("Hello\n\nAda,\twhich    one?", rows, "Choose")
    assert variables["1"] == "Hello\n\nAda, which one?"
    assert variables["2"] == "Ikeja main gate"


def test_template_values_are_one_line_each_and_never_empty() -> None:
    assert template_variables(["Ada\nObi", " ", "9:00     sharp"]) == {
        "1": "Ada Obi",
        "2": "-",
        "3": "9:00 sharp",
    }


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("Ikeja", 5, "Ikeja"),
        ("Ikeja General Hospital, Lagos", 24, "Ikeja General Hospital,…"),
        ("ọ̀ọ̀ọ̀", 4, "ọ̀…"),
        (f"ab{FAMILY}", 8, "ab…"),
        ("", 5, ""),
    ],
)
def test_a_cut_leaves_whole_characters(text: str, limit: int, expected: str) -> None:
    assert cut(text, limit) == expected


@given(st.text(max_size=60), st.integers(min_value=2, max_value=30))
def test_a_cut_is_never_longer_than_its_limit(text: str, limit: int) -> None:
    assert utf16_length(cut(text, limit)) <= limit


@given(
    st.text(max_size=200),
    st.lists(st.builds(Option, st.text(min_size=1), st.text(), st.text()), min_size=1, max_size=10),
)
def test_every_question_fills_every_slot_of_its_shape(text: str, choices: list[Option]) -> None:
    name, variables = content_for(text, choices, "Choose one of these now please")
    shape = next(shape for shape in session_shapes() if shape.name == name)
    slots = {slot for words in strings_in(shape.types) for slot in re.findall(r"{{(\d+)}}", words)}
    assert slots == set(variables) == set(shape.samples)


@pytest.mark.parametrize(
    ("language", "declared"),
    [("en", "en"), ("ha", "ha"), ("pcm", "en"), ("yo", "en"), ("ig", "en")],
)
def test_a_template_is_declared_in_a_language_that_whatsapp_knows(
    language: str, declared: str
) -> None:
    assert template("visit", language=language, body="x", samples={}).language == declared


def test_ten_rows_and_three_buttons_are_the_most_a_shape_has() -> None:
    names = [shape.name for shape in session_shapes()]
    assert len(names) == len(set(names)) == 23
    assert {"reply_3", "list_10", "list_10_described"} <= set(names)
