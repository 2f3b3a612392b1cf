import io
import json
import logging
from contextlib import redirect_stdout

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from bot import logs


@pytest.fixture
def lines():
    """What was logged, as the objects that were printed."""
    printed = io.StringIO()
    before = logging.getLogger().handlers[:], logging.getLogger().level
    levels = {name: logging.getLogger(name).level for name in logs.TALKATIVE}
    shape = structlog.get_config()
    with redirect_stdout(printed):
        logs.configure("INFO")
        yield lambda: [json.loads(line) for line in printed.getvalue().splitlines()]
    structlog.configure(**shape)
    logging.captureWarnings(capture=False)
    logging.getLogger().handlers[:], logging.getLogger().level = before
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("+2348031234567", "+234803***4567"),
        ("whatsapp:+2348031234567", "whatsapp:+234803***4567"),
        ("To=whatsapp%3A%2B2348031234567", "To=whatsapp%3A%2B234803***4567"),
        ("call 08031234567 now", "call 0803***4567 now"),
        ("0803 123 4567", "0803***4567"),
        ("+447911123456", "+44791***3456"),
        ("ada.obi@example.com", "a***@example.com"),
        ("account 0123456789.", "account ******6789."),
        ("Authorization: Bearer abc.def-123", "Authorization: Bearer ***"),
        ("/status?mid=1&token=abc&n=2", "/status?mid=1&token=***&n=2"),
        ("postgresql://app:s3same@db/grandpro", "postgresql://app:***@db/grandpro"),
        ("eyJhbGciOi.eyJzdWIi.c2ln", "***"),
    ],
)
def test_people_and_secrets_are_masked(text, masked):
    assert logs.masked(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "019a3c2e-1234-7abc-8def-123456789012",
        "SM" + "08031234567890" * 2 + "abcd",
        "2026-11-22 10:55:00",
        "1763808900.123",
        "message.sent",
    ],
)
def test_ids_and_times_stay_readable(text):
    assert logs.masked(text) == text


CANARIES = {
    "phone": "+2348039990001",
    "email": "canary@hospital.ng",
    "account": "0690000031",
    "auth_token": "canary-token",
    "api_key": "canary-key",
}


def test_no_canary_leaves_by_any_way(lines):
    log = structlog.get_logger()
    with structlog.contextvars.bound_contextvars(caller=CANARIES["phone"]):
        log.info("sent", text=f"to {CANARIES['phone']}", **CANARIES)
        log.info("nested", form={"deep": [CANARIES]}, row=tuple(CANARIES.values())[:3])
        try:
            int(CANARIES["phone"] + CANARIES["email"])
        except ValueError:
            log.exception("failed")
            logging.getLogger("_granian").exception("failed for %s", CANARIES["account"])
    printed = json.dumps(lines())
    assert [canary for canary in CANARIES.values() if canary in printed] == []
    assert "ValueError" in printed


def test_every_line_has_the_ids_that_are_bound(lines):
    with structlog.contextvars.bound_contextvars(request_id="r1", message_id="m1"):
        structlog.get_logger().info("ours")
        logging.getLogger("_granian").info("theirs")
    for line in lines():
        assert (line["request_id"], line["message_id"]) == ("r1", "m1")
        assert line["timestamp"].endswith("Z")
        assert line["level"] == "info"


def test_levels_below_the_chosen_one_are_silent(lines):
    structlog.get_logger().debug("quiet")
    logging.getLogger("werkzeug.noise").info("quiet")
    assert lines() == []


@given(st.integers(min_value=7_000_000_000, max_value=9_199_999_999), st.text(max_size=20))
def test_no_nigerian_number_survives_among_any_words(number, words):
    assert str(number) not in logs.masked(f"{words} +234{number} {words}")
