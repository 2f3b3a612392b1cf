"""What is given for points, and who may change it."""

import pytest

from crm.kit.permissions import Role
from crm.models import Patient
from tests.api.caller import Api
from tests.api.loyalty.places import path

GOLD = {
    "code": "GOLD-1",
    "name": "Full check-up",
    "description": "A whole morning.",
    "type": "health_package",
    "status": "active",
    "points_cost": 250,
    "min_tier": "gold",
}


def test_members_see_what_is_given_now_and_their_chances(api: Api, ada: Patient, reward):
    admin = api.as_(Role.ADMIN)
    admin.post("/patients/loyalty/rewards", GOLD)
    admin.post("/patients/loyalty/rewards", {**GOLD, "code": "DRAFT", "status": "draft"})
    dear = {**GOLD, "code": "DEAR", "name": "Dear", "min_tier": None, "points_cost": 9_000}
    admin.post("/patients/loyalty/rewards", dear)
    there = {**GOLD, "code": "WUS", "name": "There", "min_tier": None}
    admin.post("/patients/loyalty/rewards", there | {"hospital_id": str(api.hospitals["WUS"])})
    shown = api.as_patient(ada.id).get("/patients/loyalty/rewards").json["data"]
    seen = {row["name"]: (row["eligible"], row["affordable"], row["reasons"]) for row in shown}
    assert seen == {
        "Dear": (True, False, []),
        "Full check-up": (False, True, ["tier_too_low"]),
        "Priority at the desk": (True, True, []),
        "There": (False, True, ["other_hospital"]),
    }
    assert {row["cost_kobo"] for row in shown} == {None}


def test_a_hospital_makes_its_own_rewards_and_no_other(api: Api):
    admin = api.as_(Role.HOSPITAL_ADMIN, hospital="IKJ")
    own = {**GOLD, "hospital_id": str(api.hospitals["IKJ"])}
    assert admin.post("/patients/loyalty/rewards", own).status_code == 201
    assert admin.post("/patients/loyalty/rewards", own).json["code"] == "code_taken"
    assert admin.post("/patients/loyalty/rewards", {**GOLD, "code": "X"}).status_code == 403
    other = {**GOLD, "code": "Y", "hospital_id": str(api.hospitals["WUS"])}
    assert admin.post("/patients/loyalty/rewards", other).status_code == 404
    assert api.as_(Role.FRONT_DESK).post("/patients/loyalty/rewards", GOLD).status_code == 403


def test_stock_can_grow_but_not_below_what_was_redeemed(api: Api, ada: Patient, reward):
    admin = api.as_(Role.ADMIN)
    body = {"reward_id": str(reward.id), "quantity": 2}
    assert api.as_patient(ada.id).post(path(ada, "/redeem"), body).status_code == 201
    at = f"/patients/loyalty/rewards/{reward.id}"
    assert admin.get(at).headers["ETag"] == '"v1"'
    assert admin.patch(at, {"version": 1, "stock": 1}).json["errors"][0]["field"] == "stock"
    more = admin.patch(at, {"version": 1, "stock": 9}).json["data"]
    assert (more["stock"], more["stock_left"], more["version"]) == (9, 7, 2)
    assert admin.patch(at, {"version": 1, "stock": 9}).status_code == 412
    gone = admin.patch(at, {"status": "paused"}, headers={"If-Match": '"v2"'})
    assert gone.json["data"]["status"] == "paused"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"type": "discount_percent"}, "value_bps"),
        ({"type": "discount_amount"}, "value_kobo"),
        ({"value_bps": 500}, "value_bps"),
        ({"min_tier": "tin"}, "min_tier"),
        ({"valid_until": "2020-01-01T00:00:00Z"}, "valid_until"),
        ({"points_cost": 0}, "points_cost"),
    ],
)
def test_rewards_that_make_no_sense_name_the_field(api: Api, change, field):
    answer = api.as_(Role.ADMIN).post("/patients/loyalty/rewards", {**GOLD, **change})
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == field
