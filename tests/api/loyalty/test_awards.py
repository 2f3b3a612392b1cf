"""Points given and taken back by API, with a second person above a limit."""

from uuid import uuid4

import pytest

from crm.kit.permissions import Role
from crm.models import Patient
from tests.api.caller import Api
from tests.api.loyalty.places import path


def test_an_award_by_rule_counts_once_for_its_source(api: Api, ada: Patient):
    staff = api.as_(Role.COMMUNICATIONS)
    body = {"rule_code": "feedback", "source": {"type": "event", "id": str(uuid4())}}
    first = staff.post(path(ada, "/award"), body)
    assert first.status_code == 201
    assert first.json["data"]["transaction"]["points"] == 20
    assert first.json["data"]["balances"]["available"] == 320
    again = staff.post(path(ada, "/award"), body)
    assert (again.status_code, again.json["code"]) == (409, "already_awarded")
    assert again.json["transaction_id"] == first.json["data"]["transaction"]["id"]


def test_the_same_key_gives_points_once(api: Api, ada: Patient):
    staff = api.as_(Role.COMMUNICATIONS)
    body = {"points": 40, "reason": "long wait"}
    answers = [staff.post(path(ada, "/award"), body, key="k1") for _ in range(2)]
    assert answers[0].json == answers[1].json
    assert staff.get(path(ada)).json["data"]["available"] == 340
    other = staff.post(path(ada, "/award"), {**body, "points": 41}, key="k1")
    assert other.status_code == 422


def test_above_five_hundred_a_second_person_decides(api: Api, ada: Patient):
    asker = api.as_(Role.HOSPITAL_ADMIN, hospital="IKJ")
    asked = asker.post(path(ada, "/award"), {"points": 501, "reason": "a whole day lost"})
    assert asked.status_code == 202
    assert asked.json["data"]["status"] == "pending_approval"
    assert asked.json["data"]["balances"]["pending"] == 501
    request_id = asked.json["data"]["request"]["id"]
    decide = f"/patients/loyalty/requests/{request_id}/approve"
    own = asker.post(decide)
    assert (own.status_code, own.json["code"]) == (403, "same_approver")
    assert api.as_(Role.HOSPITAL_ADMIN, hospital="WUS").post(decide).status_code == 404
    second = api.as_(Role.HOSPITAL_ADMIN, hospital="IKJ")
    waiting = second.get("/patients/loyalty/requests").json["data"]
    assert [row["id"] for row in waiting] == [request_id]
    assert second.post(decide).json["data"]["balances"] == {
        "available": 801,
        "pending": 0,
        "owed": 0,
        "qualifying": 300,
    }
    assert second.post(decide).json["code"] == "already_decided"


def test_a_request_can_be_rejected(api: Api, ada: Patient):
    asker, second = (api.as_(Role.HOSPITAL_ADMIN, hospital="IKJ") for _ in range(2))
    asked = asker.post(path(ada, "/award"), {"points": 900, "reason": "a whole day lost"})
    request_id = asked.json["data"]["request"]["id"]
    said = second.post(f"/patients/loyalty/requests/{request_id}/reject")
    assert said.json["data"]["status"] == "rejected"
    assert second.get(path(ada)).json["data"]["pending"] == 0


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"points": 5},
        {"points": 0, "reason": "nothing"},
        {"points": 10_001, "reason": "too many"},
        {"rule_code": "booking"},
        {"rule_code": "booking", "points": 5, "reason": "both of them"},
        {"points": 5, "reason": "why not", "colour": "red"},
        {"points": 5, "reason": "late", "expires_on": "2020-02-01"},
    ],
)
def test_awards_that_say_too_little_or_too_much_are_refused(api: Api, ada: Patient, body):
    answer = api.as_(Role.COMMUNICATIONS).post(path(ada, "/award"), body)
    assert answer.status_code == 422
    assert answer.json["code"] == "invalid"


def test_unknown_rule_cap_and_frozen_account_say_so(api: Api, ada: Patient):
    admin = api.as_(Role.HOSPITAL_ADMIN, hospital="IKJ")

    def award(rule: str):
        source = {"type": "event", "id": str(uuid4())}
        return admin.post(path(ada, "/award"), {"rule_code": rule, "source": source})

    assert award("nothing").json["code"] == "rule_inactive"
    assert [award("booking").status_code for _ in range(3)] == [201, 201, 422]
    assert award("booking").json["code"] == "cap_reached"
    frozen = admin.post(path(ada, "/freeze"), {"reason": "looked into"})
    assert frozen.json["data"]["status"] == "frozen"
    refused = award("feedback")
    assert (refused.status_code, refused.json["code"]) == (422, "account_frozen")
    assert admin.post(path(ada, "/thaw"), {"reason": "all is well"}).status_code == 200
    assert award("feedback").status_code == 201


def test_a_credit_is_taken_back_once_and_the_rest_is_owed(api: Api, ada: Patient, reward):
    admin = api.as_(Role.HOSPITAL_ADMIN, hospital="IKJ")
    me = api.as_patient(ada.id)
    me.post(path(ada, "/redeem"), {"reward_id": str(reward.id)})
    credit = me.get(path(ada, "/transactions"), type="earn").json["data"][0]["id"]
    body = {"reason": "paid by mistake"}
    taken = admin.post(path(ada, f"/transactions/{credit}/reverse"), body)
    assert (taken.json["data"]["points"], taken.json["data"]["owed"]) == (200, 100)
    again = admin.post(path(ada, f"/transactions/{credit}/reverse"), body)
    assert (again.status_code, again.json["code"]) == (409, "nothing_to_reverse")
    admin.post(path(ada, "/award"), {"points": 150, "reason": "goodwill"})
    assert me.get(path(ada)).json["data"]["available"] == 50
