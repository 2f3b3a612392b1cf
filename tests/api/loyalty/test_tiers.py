"""Tiers and rules are the group's to change."""

from uuid import uuid4

from crm.kit.permissions import Role
from crm.models import Patient
from tests.api.caller import Api
from tests.api.loyalty.places import path


def test_tiers_and_rules_are_the_groups_to_change(api: Api, ada: Patient):
    admin, local = api.as_(Role.ADMIN), api.as_(Role.HOSPITAL_ADMIN, hospital="IKJ")
    ladder = local.get("/patients/loyalty/tiers").json["data"]
    assert [tier["min_points"] for tier in ladder] == [0, 2_000, 5_000, 10_000]
    silver = "/patients/loyalty/tiers/silver"
    assert local.patch(silver, {"min_points": 250}).status_code == 403
    assert admin.patch(silver, {"min_points": 5_000}).status_code == 422
    assert admin.patch("/patients/loyalty/tiers/bronze", {"min_points": 5}).status_code == 422
    assert admin.patch("/patients/loyalty/tiers/tin", {"name": "Tin"}).status_code == 404
    assert admin.patch(silver, {"min_points": 310}).json["data"]["min_points"] == 310
    rule = admin.patch("/patients/loyalty/rules/feedback", {"points": 30, "daily_cap": 1})
    assert rule.json["data"]["points"] == 30
    both = admin.patch("/patients/loyalty/rules/feedback", {"kobo_per_point": 500})
    assert both.json["errors"][0]["field"] == "points"
    body = {"rule_code": "feedback", "source": {"type": "event", "id": str(uuid4())}}
    given = admin.post(path(ada, "/award"), body).json["data"]
    assert given["tier_change"] == {"from_tier": "bronze", "to_tier": "silver"}
