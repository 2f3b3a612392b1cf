"""A member's account by API: balance, tier, what ends when, and who may see it."""

from crm.kit.permissions import Role
from crm.models import Patient
from tests.api.caller import Api
from tests.api.loyalty.places import path
from tests.crm.clinic import a_patient


def test_a_member_sees_balance_tier_and_what_ends_when(api: Api, ada: Patient):
    data = api.as_patient(ada.id).get(path(ada)).json["data"]
    assert (data["available"], data["lifetime_earned"]) == (300, 300)
    assert (data["tier"]["code"], data["next_tier"]) == (
        "bronze",
        {"code": "silver", "name": "Silver", "points_needed": 1700},
    )
    assert data["expiring"] == [{"on": "2027-11-30", "points": 300}]
    assert len(data["referral"]["code"]) == 8


def test_nobody_sees_the_points_of_another_member_or_hospital(api: Api, ada: Patient):
    with api.wiring.transaction() as session:
        musa = a_patient("Musa Bello")
        session.add(musa)
    assert api.as_patient(musa.id).get(path(ada)).status_code == 404
    assert api.as_(Role.HOSPITAL_ADMIN, hospital="WUS").get(path(ada)).status_code == 404
    assert api.as_(Role.FRONT_DESK, hospital="IKJ").get(path(ada)).status_code == 200
    assert api.as_(Role.FINANCE).get(path(ada)).status_code == 403


def test_a_patient_without_an_account_is_404_until_enrolled(api: Api):
    with api.wiring.transaction() as session:
        musa = a_patient("Musa Bello")
        musa.home_hospital_id = api.hospitals["IKJ"]
        session.add(musa)
    desk = api.as_(Role.FRONT_DESK, hospital="IKJ")
    assert desk.get(path(musa)).json["code"] == "not_enrolled"
    assert desk.post(path(musa)).status_code == 201
    assert desk.post(path(musa)).status_code == 201
    assert desk.get(path(musa)).json["data"]["available"] == 0


def test_transactions_are_paged_filtered_explained_and_a_sheet(api: Api, ada: Patient, reward):
    me = api.as_patient(ada.id)
    me.post(path(ada, "/redeem"), {"reward_id": str(reward.id)})
    first = me.get(path(ada, "/transactions"), limit=1, explain="true").json
    debit = first["data"][0]
    assert (debit["type"], debit["points"], debit["balance_after"]) == ("redeem", -100, 200)
    assert [(lot["points"], lot["restored"]) for lot in debit["lots"]] == [(100, 0)]
    second = me.get(path(ada, "/transactions"), limit=1, cursor=first["meta"]["next_cursor"]).json
    assert (second["data"][0]["description"], second["data"][0]["seq"]) == ("Payment", 1)
    assert second["data"][0]["expires_on"] == "2027-11-30"
    assert len(me.get(path(ada, "/transactions"), type="earn").json["data"]) == 1
    sheet = me.get(path(ada, "/transactions"), format="csv")
    assert sheet.text.splitlines()[0].startswith("seq,at,type,points")
    assert len(sheet.text.splitlines()) == 3
