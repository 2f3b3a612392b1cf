"""Every code of the carrier has a kind and words."""

import json
from pathlib import Path
from typing import Any

import pytest

from bot.channels.errors import NOT_ON_WHATSAPP, OPTED_OUT, WINDOW_CLOSED, Kind, explain

CODES = json.loads(Path("tests/data/twilio_error_codes.json").read_text())["codes"]
PERMANENT = {Kind.ADDRESS, Kind.CONSENT, Kind.CONTENT}


@pytest.mark.parametrize("listed", CODES, ids=lambda listed: str(listed["code"]))
def test_a_code_is_explained_as_the_vendor_means_it(listed: dict[str, Any]) -> None:
    failure = explain(listed["code"])
    expected = PERMANENT if listed["class"] == "permanent" else {Kind(listed["class"])}
    assert failure.kind in expected
    assert failure.words
    assert not failure.words.startswith("the carrier gave error")


def test_a_new_code_is_still_answered() -> None:
    assert explain(63999).kind is Kind.RETRYABLE
    assert explain(29999).kind is Kind.CONFIG
    assert "63999" in explain(63999).words


def test_the_codes_that_change_the_plan_are_of_their_kind() -> None:
    assert explain(OPTED_OUT).kind is Kind.CONSENT
    assert explain(WINDOW_CLOSED).kind is Kind.CONTENT
    assert {explain(code).kind for code in NOT_ON_WHATSAPP} == {Kind.ADDRESS}
