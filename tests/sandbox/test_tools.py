"""The ledger and the levers over HTTP, the memory, and the door of the process."""

import http.client
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from bot.demo_values import ACCOUNT_SID
from bot.sandbox import SandboxSettings, create_sandbox
from bot.sandbox.serve import RefusesToStart, refuse_real_carriers
from tests.sandbox.world import ACCOUNT, ADAEZE, MUSA, SMS, TOKEN, WHATSAPP, Product, World, a_world


def test_a_person_can_be_played_over_http(world: World) -> None:
    wish = {"channel": "whatsapp", "from": ADAEZE, "body": "Hello", "profile_name": "Ada"}
    answer = world.ask("POST", "/sandbox/inbound", wish).json()
    assert (answer["http_status"], answer["tries"]) == (200, 1)
    assert world.product.inbound()[0].params["ProfileName"] == "Ada"


def test_a_press_can_be_played_without_a_message_to_press(world: World) -> None:
    wish = {"from": ADAEZE, "payload": "v1|3|yes", "title": "Yes", "kind": "button"}
    world.ask("POST", "/sandbox/inbound", wish)
    params = world.product.inbound()[0].params
    assert (params["ButtonPayload"], params["Body"]) == ("v1|3|yes", "Yes")


def test_a_place_can_be_shared(world: World) -> None:
    wish = {"from": ADAEZE, "latitude": 6.6018, "longitude": 3.3515}
    world.ask("POST", "/sandbox/inbound", wish)
    params = world.product.inbound()[0].params
    assert (params["Latitude"], params["MessageType"], params["Body"]) == ("6.6018", "location", "")


def test_the_ledger_tells_what_was_really_accepted_in_order(world: World) -> None:
    world.send(MUSA, "one")
    world.send(MUSA, "two")
    first, second = world.ask("GET", f"/sandbox/messages?to=%2B{MUSA[1:]}").json()["messages"]
    later = world.ask("GET", f"/sandbox/messages?since={first['seq']}").json()["messages"]
    assert (first["body"], second["body"], first["channel"]) == ("one", "two", "sms")
    assert [entry["body"] for entry in later] == ["two"]


def test_faults_can_be_switched_over_http(world: World) -> None:
    world.ask("POST", "/sandbox/faults", {"refuse": 30003, "to": MUSA, "times": 2})
    on = world.ask("GET", "/sandbox/faults").json()["faults"]
    assert on == [{"name": "refuse", "value": 30003, "to": MUSA, "times": 2}]
    assert world.ask("DELETE", "/sandbox/faults").json() == {"faults": []}


def test_the_clock_moves_here_and_at_the_product(world: World) -> None:
    answer = world.ask("POST", "/sandbox/clock", {"hours": 24}).json()
    assert answer == {"offset_s": 86400.0, "product": 200}


def test_settling_waits_for_every_receipt(world: World) -> None:
    world.send(MUSA)
    assert world.ask("POST", "/sandbox/settle", {"timeout_s": 5}).json() == {"settled": True}
    assert world.product.statuses() == ["sent", "delivered"]


def test_the_log_tells_the_story_of_a_message(world: World) -> None:
    delivery = world.sandbox.say("sms", MUSA, "Hello")
    again = world.ask("POST", "/sandbox/redeliver", {"sid": delivery.sid, "times": 1}).json()
    lines = [event["line"] for event in world.ask("GET", "/sandbox/events").json()["events"]]
    post = "POST /webhooks/twilio/inbound"
    assert again == {"http_statuses": [200]}
    assert lines == ["wrote “Hello”", post, "received", post]


def test_a_restart_forgets_nothing(product: Product, tmp_path: Path) -> None:
    memory = str(tmp_path / "sandbox.sqlite3")
    with a_world(product, store_path=memory) as before:
        before.sandbox.say("whatsapp", ADAEZE, "Hello")
        before.settled(before.send(f"whatsapp:{ADAEZE}", "Welcome").sid)
        before.sandbox.move_clock(2)
    with a_world(product, store_path=memory) as after:
        assert [message.body for message in after.sandbox.messages_to(ADAEZE)] == ["Welcome"]
        assert after.settled(after.send(f"whatsapp:{ADAEZE}").sid).status == "read"
        assert after.sandbox.clock.offset_s == 7200


def test_connections_are_kept_open(world: World) -> None:
    line = http.client.HTTPConnection(world.url.removeprefix("http://"))
    for _ in range(3):
        line.request("POST", "/sandbox/settle", body="{}")
        assert line.getresponse().read() == b'{"settled":true}\n'
        assert line.sock is not None
    line.close()


def test_another_sites_page_cannot_pull_the_levers(world: World) -> None:
    app = create_sandbox(
        SandboxSettings(ACCOUNT, TOKEN, SMS, WHATSAPP, world.product.url),
        now=lambda: datetime.now(UTC),
    )
    answer = app.test_client().delete("/sandbox/faults", headers={"Sec-Fetch-Site": "cross-site"})
    app.extensions["sandbox"].close()
    assert answer.status_code == 403


OURS = {
    "environment": "demo",
    "twilio_base_url": "http://127.0.0.1:8001",
    "twilio_account_sid": ACCOUNT_SID,
    "sendgrid_base_url": "http://127.0.0.1:8001",
    "sendgrid_api_key": "demo-key",
    "sandbox_port": 8001,
}


@pytest.mark.parametrize(
    "change",
    [
        {"environment": "production"},
        {"twilio_base_url": None},
        {"twilio_base_url": "https://api.twilio.com"},
        {"twilio_base_url": "http://127.0.0.1:9999"},
        {"twilio_account_sid": "AC" + "12" * 16},
        {"sendgrid_base_url": None},
        {"sendgrid_base_url": "https://api.sendgrid.com"},
        {"sendgrid_api_key": "SG.abc.def"},
    ],
)
def test_it_refuses_to_start_where_a_real_carrier_is_meant(change: dict[str, object]) -> None:
    refuse_real_carriers(SimpleNamespace(**OURS))
    with pytest.raises(RefusesToStart):
        refuse_real_carriers(SimpleNamespace(**OURS | change))
