"""Templates through the API: written, judged by somebody else, shown with what they cost."""

import pytest

from crm.kit.permissions import Role
from tests.api.caller import Api

PATH = "/communications/templates"
VERSIONS = "/communications/template-versions"
BILL = {
    "code": "bill_ready",
    "channel": "sms",
    "category": "utility",
    "purpose": "notice",
    "body": "Hello {first_name}, your bill of {amount} is ready.",
    "variables": [
        {"name": "first_name", "example": "Ada"},
        {"name": "amount", "type": "money", "example": 50_000},
    ],
}


@pytest.fixture
def amaka(api: Api):
    return api.as_(Role.COMMUNICATIONS)


@pytest.fixture
def tunde(api: Api):
    return api.as_(Role.HOSPITAL_ADMIN, hospital="IKJ")


def test_words_are_written_submitted_and_approved_by_somebody_else(api: Api, amaka, tunde):
    made = amaka.post(PATH, BILL).json["data"]
    path = f"{VERSIONS}/{made['version_id']}"

    assert (made["status"], made["version"], made["segments"]) == ("draft", 1, 1)
    assert [each["required"] for each in made["variables"]] == [False, True]
    assert tunde.post(f"{path}/approve").json["code"] == "invalid_transition"
    assert amaka.post(f"{path}/submit").json["data"]["status"] == "submitted"
    assert amaka.post(f"{path}/approve").json["code"] == "four_eyes"
    assert tunde.post(f"{path}/approve").json["data"]["status"] == "approved"
    assert amaka.post(PATH, BILL).json["code"] == "template_exists"


def test_a_new_version_takes_the_place_of_the_old_when_it_is_approved(api: Api, amaka, tunde):
    made = amaka.post(PATH, BILL).json["data"]
    first = f"{VERSIONS}/{made['version_id']}"
    amaka.post(f"{first}/submit")
    tunde.post(f"{first}/approve")
    changed = {name: BILL[name] for name in ("body", "variables")} | {
        "body": "{first_name}: {amount} is due."
    }

    second = amaka.post(f"{PATH}/{made['id']}/versions", changed).json["data"]
    assert (second["version"], amaka.get(first).json["data"]["status"]) == (2, "approved")
    path = f"{VERSIONS}/{second['version_id']}"
    amaka.post(f"{path}/submit")
    tunde.post(f"{path}/approve")

    assert amaka.get(first).json["data"]["status"] == "archived"
    listed = amaka.get(PATH).json["data"]
    assert [(each["code"], each["version"]) for each in listed] == [("bill_ready", 2)]
    assert amaka.get(PATH, version=1).json["data"][0]["body"] == BILL["body"]


def test_words_that_go_back_say_why(api: Api, amaka, tunde):
    made = amaka.post(PATH, BILL).json["data"]
    path = f"{VERSIONS}/{made['version_id']}"
    amaka.post(f"{path}/submit")

    back = tunde.post(f"{path}/reject", {"reason": "say which hospital"}).json["data"]

    assert (back["status"], back["rejection_reason"]) == ("rejected", "say which hospital")


def test_a_preview_fills_the_words_and_counts_their_parts(api: Api, amaka):
    made = amaka.post(PATH, BILL).json["data"]
    path = f"{VERSIONS}/{made['version_id']}/preview"

    seen = amaka.post(path, {"variables": {"first_name": "{amount} {{7*7}}"}}).json["data"]

    assert seen["text"] == "Hello {amount} {{7*7}}, your bill of ₦500 is ready."
    assert (seen["segments"], seen["price_kobo"]) == (1, 600)
    assert amaka.post(path, {"variables": {"doctor": "x"}}).status_code == 422


@pytest.mark.parametrize(
    "change",
    [
        {"code": "Bill Ready"},
        {"body": "No variables"},
        {"body": "{first_name} {amount} {unknown}"},
        {"body": "{first_name} {amount} {{x}}"},
        {"body": "{first_name.__class__} {amount}"},
        {"subject": "x"},
        {"category": "marketing"},
        {"channel": "whatsapp", "body": "{first_name} owes {amount}"},
        {"channel": "email"},
        {"language": "fr"},
        {"purpose": "reply"},
        {"variables": [{"name": "amount", "type": "money", "example": "much"}]},
    ],
)
def test_words_that_could_not_be_sent_are_refused(api: Api, amaka, change):
    assert amaka.post(PATH, BILL | change).status_code == 422


def test_marketing_says_how_to_end_it(api: Api, amaka):
    offer = {"category": "marketing", "purpose": "marketing", "variables": []}
    made = amaka.post(PATH, BILL | offer | {"body": "Free eye tests this week."}).json["data"]

    refused = amaka.post(f"{VERSIONS}/{made['version_id']}/submit")

    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "body")


def test_roles_without_the_permission_neither_read_nor_write(api: Api):
    assert api.as_(Role.FRONT_DESK).get(PATH).status_code == 200
    assert api.as_(Role.FRONT_DESK).post(PATH, BILL).status_code == 403
