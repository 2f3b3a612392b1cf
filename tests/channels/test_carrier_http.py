"""The line to the carrier: what is known when it breaks, and never a second request."""

import socket
from base64 import b64encode

import pytest
from twilio.http.response import Response

from bot.channels.carrier import Ambiguous, CarrierError, NotSent
from bot.channels.http import CarrierHttpClient
from tests.channels.scripted_carrier import HANG, HANG_UP, ScriptedServer, answer

URL = "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages.json"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}

TRUNCATED = b'HTTP/1.1 201 Created\r\nContent-Length: 500\r\n\r\n{"sid": "SM'
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5;note=x\r\nHello\r\n4\r\n Ada\r\n0\r\nTrailer: x\r\n\r\n"
)


def post(http: CarrierHttpClient, **data: object) -> Response:
    return http.request("POST", URL, data=data or {"Body": "Hello"}, headers=dict(FORM))


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def test_every_host_is_found_in_the_path_when_the_sandbox_plays_it(
    server: ScriptedServer, http: CarrierHttpClient
) -> None:
    server.will(answer(200, {}), answer(200, {}))
    post(http)
    http.request("GET", "https://content.twilio.com/v1/Content", params={"PageSize": 5})
    assert server.heard[0].line.startswith("POST /api.twilio.com/2010-04-01/Accounts/AC1/")
    assert server.heard[1].line == "GET /content.twilio.com/v1/Content?PageSize=5 HTTP/1.1"


def test_a_form_repeats_a_name_for_each_of_its_values(
    server: ScriptedServer, http: CarrierHttpClient
) -> None:
    server.will(answer(201, {}))
    post(http, Body="Káàárọ̀ & ₦", MediaUrl=["https://a.example", "https://b.example"])
    assert server.heard[0].form["Body"] == "Káàárọ̀ & ₦"
    assert server.heard[0].body.count("MediaUrl=") == 2


def test_what_the_sdk_calls_json_travels_as_json(
    server: ScriptedServer, http: CarrierHttpClient
) -> None:
    server.will(answer(201, {}))
    http.request("POST", URL, data={"types": {"a": [1]}}, headers=dict(JSON))
    assert server.heard[0].json == {"types": {"a": [1]}}


def test_credentials_travel_as_basic_authentication(
    server: ScriptedServer, http: CarrierHttpClient
) -> None:
    server.will(answer(201, {}))
    http.request("POST", URL, data={"a": "b"}, headers=dict(FORM), auth=("AC1", "secret"))
    expected = "Basic " + b64encode(b"AC1:secret").decode()
    assert server.heard[0].headers["authorization"] == expected


def test_calls_share_one_connection(server: ScriptedServer, http: CarrierHttpClient) -> None:
    server.will(answer(201, {}), answer(201, {}), answer(201, {}))
    for _ in range(3):
        post(http)
    assert len(server.connections) == 1


def test_a_connection_the_carrier_has_closed_is_noticed_before_anything_is_written(
    server: ScriptedServer, http: CarrierHttpClient
) -> None:
    server.will(answer(201, {}))
    post(http)
    server.hang_up()
    server.will(answer(201, {"sid": "SM2"}))
    assert post(http).status_code == 201
    assert len(server.heard) == 2


@pytest.mark.parametrize("last_word", ["Connection: close", "X-Note: no length"])
def test_an_answer_may_end_with_the_connection(
    server: ScriptedServer, http: CarrierHttpClient, last_word: str
) -> None:
    if "length" in last_word:
        server.will(b"HTTP/1.1 201 Created\r\nX-Note: no length\r\n\r\nHello")
    else:
        server.will(answer(201, "Hello", last_word))
    server.will(answer(201, "again"))
    assert post(http).text == "Hello"
    assert post(http).text == "again"
    assert len(server.connections) == 2


def test_an_answer_in_chunks_is_put_together(
    server: ScriptedServer, http: CarrierHttpClient
) -> None:
    server.will(CHUNKED, answer(200, "next"))
    assert post(http).text == "Hello Ada"
    assert post(http).text == "next"


def test_an_empty_answer_is_understood(server: ScriptedServer, http: CarrierHttpClient) -> None:
    server.will(b"HTTP/1.1 204 No Content\r\n\r\n")
    assert post(http).status_code == 204


def test_what_follows_an_answer_is_never_taken_for_the_next_one(
    server: ScriptedServer, http: CarrierHttpClient
) -> None:
    server.will(answer(201, "Ada's") + answer(201, "nobody's"), answer(201, "Musa's"))
    assert post(http).text == "Ada's"
    assert post(http).text == "Musa's"


def test_a_refused_connection_sent_nothing() -> None:
    http = CarrierHttpClient(rebase=f"http://127.0.0.1:{closed_port()}")
    with pytest.raises(NotSent):
        post(http)


def test_an_unknown_host_sent_nothing() -> None:
    http = CarrierHttpClient(rebase="http://carrier.invalid")
    with pytest.raises(NotSent):
        post(http)


def test_a_connection_that_nobody_accepts_sent_nothing() -> None:
    with socket.socket() as full, socket.socket() as waiting:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting.connect(full.getsockname())
        http = CarrierHttpClient(rebase=f"http://127.0.0.1:{full.getsockname()[1]}", connect_s=0.2)
        with pytest.raises(NotSent):
            post(http)


def test_a_carrier_that_cannot_prove_who_it_is_gets_nothing(server: ScriptedServer) -> None:
    secure = server.url.replace("http", "https")
    http = CarrierHttpClient(rebase=secure, connect_s=0.2, read_s=0.2)
    with pytest.raises(CarrierError):
        post(http)
    assert not any("POST" in heard.line for heard in server.heard)


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(HANG, id="no answer in time"),
        pytest.param(HANG_UP, id="hung up after reading"),
        pytest.param(TRUNCATED, id="body cut short"),
        pytest.param(b"HTTP/1.1 201 Cre", id="head cut short"),
        pytest.param(b"\x16\x03\x01 not http\r\n\r\n", id="another protocol"),
        pytest.param(b"HTTP/1.1 many things\r\n\r\n", id="no status"),
        pytest.param(b"HTTP/1.1 201 Created\r\nContent-Length: six\r\n\r\n", id="no length"),
        pytest.param(b"HTTP/1.1 201 OK\r\n" + b"X: y\r\n" * 9_999, id="endless head"),
        pytest.param(b"HTTP/1.1 201 OK\r\nContent-Length: 2\r\n\r\n\xff\xfe", id="not text"),
    ],
)
def test_whatever_breaks_after_the_request_left_is_in_doubt_and_asked_once(
    server: ScriptedServer, http: CarrierHttpClient, broken: bytes
) -> None:
    server.will(broken, answer(201, {"sid": "SM2"}))
    with pytest.raises(Ambiguous):
        post(http)
    assert len(server.heard) == 1


def test_a_carrier_that_is_too_busy_took_nothing_and_names_the_pause(
    server: ScriptedServer, http: CarrierHttpClient
) -> None:
    server.will(answer(429, {"code": 20429}, "Retry-After: 7"), answer(429, {}))
    with pytest.raises(NotSent) as first:
        post(http)
    with pytest.raises(NotSent) as second:
        post(http)
    assert first.value.retry_after_s == 7
    assert second.value.retry_after_s is None
    assert len(server.heard) == 2
