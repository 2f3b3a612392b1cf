"""Only Twilio gets in."""

import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask, request
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict

from tests.outbox import settings
from webhooks.requests import CarrierRequest, Fields
from webhooks.signatures import LONGEST_BODY, signed_by_twilio, valid

VECTORS = json.loads((Path(__file__).parents[1] / "data" / "signature_vectors.json").read_text())
TWILIO = VECTORS["twilio_published"] + VECTORS["twilio_derived"]
BASE = "https://bot.example"


@pytest.mark.parametrize("vector", TWILIO, ids=[vector["id"] for vector in TWILIO])
def test_twilios_own_vectors(vector):
    parts = urlsplit(vector["url_seen_by_app"])
    environ = {
        "RAW_URI": f"{parts.path}?{parts.query}" if parts.query else parts.path,
        "HTTP_X_TWILIO_SIGNATURE": vector["signature"],
    }
    base = f"{parts.scheme}://{parts.netloc}"
    form = Fields(MultiDict(vector["params"]).items(multi=True))

    assert valid(environ, form, base_url=base, tokens=[vector["token"]]) is vector["expect_valid"]


@pytest.mark.parametrize("query", ["", "mid=00&n=1", "x=%C3%A9+%27&y"])
def test_path_and_query_stand_for_the_target_where_the_server_does_not_tell_it(query):
    target = f"/webhooks/twilio/status?{query}" if query else "/webhooks/twilio/status"
    environ = {
        "PATH_INFO": "/webhooks/twilio/status",
        "QUERY_STRING": query,
        "HTTP_X_TWILIO_SIGNATURE": sign(target),
    }

    assert valid(environ, Fields([]), base_url=BASE, tokens=["12345"])
    assert not valid(
        {**environ, "QUERY_STRING": "n=2"}, Fields([]), base_url=BASE, tokens=["12345"]
    )


@pytest.mark.parametrize(
    "target",
    [
        "/webhooks/twilio/status?mid=00&n=1",
        "/a%20b/%C3%A9/%2F?x=%27it%7Es%27&y=%5B1%5D",
        "/a?x=%c3%a9",
        "/a//b/../c?x=1&x=2&=&z",
    ],
)
def test_the_target_counts_exactly_as_it_came(target):
    assert ask(target, sign(target))
    assert not ask(target + "&", sign(target))


def test_what_a_proxy_or_a_forger_says_of_the_host_is_ignored():
    target = "/webhooks/twilio/status"
    forged = {"HTTP_HOST": "evil.example", "HTTP_X_FORWARDED_PROTO": "http"}

    assert ask(target, sign(target), **forged)
    assert not ask(target, sign(target, base="https://evil.example"), **forged)


def test_either_of_two_tokens_opens_while_one_replaces_the_other():
    environ = {"RAW_URI": "/a", "HTTP_X_TWILIO_SIGNATURE": sign("/a", token="new")}

    assert valid(environ, Fields([]), base_url=BASE, tokens=["old", "new"])
    assert not valid(environ, Fields([]), base_url=BASE, tokens=["old"])
    assert not valid(environ, Fields([]), base_url=BASE, tokens=[])


def test_a_request_without_signature_or_target_is_refused():
    assert not valid({"RAW_URI": "/a"}, Fields([]), base_url=BASE, tokens=["12345"])
    assert not valid({}, Fields([]), base_url=BASE, tokens=["12345"])
    assert not ask("https://bot.example/a", sign("/a"))


@given(target=st.text(), signature=st.text(), form=st.dictionaries(st.text(), st.text()))
def test_no_nonsense_gets_in_or_breaks_the_door(target, signature, form):
    environ = {"RAW_URI": target, "HTTP_X_TWILIO_SIGNATURE": signature}

    assert not valid(environ, Fields(form.items()), base_url=BASE, tokens=["12345"])


@pytest.fixture
def door():
    app = Flask("door")
    app.request_class = CarrierRequest

    class Wired:
        settings = settings()

    app.extensions["wiring"] = Wired()
    app.post("/in")(signed_by_twilio(lambda: request.form.get("Body", "in")))
    return app.test_client()


def test_the_door_opens_for_a_signed_form(door):
    form = {"Body": "Ẹ káàrọ̀ & good morning", "From": "+2348031234567"}
    signature = RequestValidator("12345").compute_signature(BASE + "/in", form)

    assert (
        door.post("/in", data=form, headers={"X-Twilio-Signature": signature}).text == form["Body"]
    )


def test_a_name_that_comes_twice_is_signed_with_both_and_read_as_the_first(door):
    form = MultiDict([("Body", "1"), ("To", "x"), ("Body", "0"), ("Body", "1")])
    signature = RequestValidator("12345").compute_signature(BASE + "/in", form)
    once = RequestValidator("12345").compute_signature(BASE + "/in", {"Body": "1", "To": "x"})

    assert door.post("/in", data=form, headers={"X-Twilio-Signature": signature}).text == "1"
    assert door.post("/in", data=form, headers={"X-Twilio-Signature": once}).status_code == 403


def test_the_door_gives_a_forger_no_word(door):
    answer = door.post("/in", data={"Body": "hi"}, headers={"X-Twilio-Signature": "x"})

    assert (answer.status_code, answer.data) == (403, b"")


def test_a_flood_is_not_read(door):
    assert door.post("/in", data={"Body": "x" * LONGEST_BODY}).status_code == 413


def ask(target, signature, **headers):
    environ = {"RAW_URI": target, "HTTP_X_TWILIO_SIGNATURE": signature, **headers}
    return valid(environ, Fields([]), base_url=BASE, tokens=["12345"])


def sign(target, *, base=BASE, token="12345"):  # noqa: S107 -- the vectors' own
    return RequestValidator(token).compute_signature(base + target, {})
