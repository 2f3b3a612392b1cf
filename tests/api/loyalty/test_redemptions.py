"""Points spent by API: codes, approvals, and how it says no."""

from datetime import timedelta
from uuid import uuid4

from sqlalchemy import select

from crm.kit.permissions import Role
from crm.models import CodeTries, Message, Patient
from crm.outbox import bodies
from tests.api.caller import Api
from tests.api.loyalty.places import path
from tests.crm.clinic import a_patient
from tests.crm.shop import a_reward


def test_a_member_redeems_and_the_desk_uses_the_code_once(api: Api, ada: Patient, reward):
    made = api.as_patient(ada.id).post(path(ada, "/redeem"), {"reward_id": str(reward.id)})
    assert made.status_code == 201
    data = made.json["data"]
    assert (data["status"], data["points_spent"], data["balance_after"]) == ("approved", 100, 200)
    code = data["voucher"]["code"]
    desk = api.as_(Role.FRONT_DESK, hospital="WUS")
    typed = code.lower().replace("-", " ").replace("0", "o")
    looked = desk.post("/patients/loyalty/redemptions/verify", {"code": typed})
    assert (looked.json["data"]["member"], looked.json["data"]["is_used"]) == ("Ada", False)
    use = {"code": code, "hospital_id": str(api.hospitals["WUS"])}
    assert desk.post("/patients/loyalty/redemptions/use", use).json["data"]["is_used"]
    again = desk.post("/patients/loyalty/redemptions/use", use)
    assert (again.status_code, again.json["reason"]) == (409, "fulfilled")
    kept = api.as_patient(ada.id).get("/patients/loyalty/redemptions").json["data"][0]
    assert (kept["code_last4"], kept["status"]) == (code.replace("-", "")[-4:], "fulfilled")
    assert code.replace("-", "") not in str(kept)


def test_the_problems_of_redeeming_come_in_the_order_promised(api: Api, ada: Patient):
    me = api.as_patient(ada.id)
    now = api.wiring.now()
    with api.wiring.transaction() as session:
        ended = a_reward(session, now=now, valid_until=now - timedelta(hours=1), min_tier="gold")
        gold = a_reward(session, now=now, min_tier="gold", stock=0)
        once = a_reward(session, now=now, member_limit=1, stock=1, limit_period="month")
        none = a_reward(session, now=now, stock=0, points_cost=10_000)
        dear = a_reward(session, now=now, points_cost=10_000)

    def redeem(reward):
        return me.post(path(ada, "/redeem"), {"reward_id": str(reward.id)})

    assert (redeem(ended).status_code, redeem(ended).json["code"]) == (410, "reward_ended")
    assert (redeem(gold).status_code, redeem(gold).json["reasons"]) == (422, ["tier_too_low"])
    assert redeem(once).status_code == 201
    limited = redeem(once)
    assert (limited.json["code"], limited.json["resets_on"]) == ("limit_reached", "2026-12-01")
    assert redeem(none).json["code"] == "out_of_stock"
    short = redeem(dear)
    assert (short.status_code, short.json["code"]) == (409, "insufficient_points")
    assert (short.json["needed"], short.json["available"]) == (10_000, 200)
    unknown = me.post(path(ada, "/redeem"), {"reward_id": str(uuid4())})
    assert unknown.status_code == 404


def test_at_the_desk_points_are_spent_only_with_the_members_code(api: Api, ada: Patient, reward):
    desk = api.as_(Role.FRONT_DESK, hospital="IKJ")
    body = {"reward_id": str(reward.id)}
    missing = desk.post(path(ada, "/redeem"), body)
    assert missing.json["errors"][0]["field"] == "member_code"
    challenge = desk.post(path(ada, "/redeem-code")).json["data"]["challenge_id"]
    with api.wiring.transaction() as session:
        message = session.scalars(select(Message).order_by(Message.id.desc())).first()
        vault = session.info["vault"]
        code = bodies.unseal(vault, message.body_sealed, row=message.id).text[:6]
    wrong = desk.post(
        path(ada, "/redeem"), {**body, "challenge_id": challenge, "member_code": "000000"}
    )
    assert wrong.status_code == 401 or code == "000000"
    proof = {**body, "challenge_id": challenge, "member_code": code}
    assert desk.post(path(ada, "/redeem"), proof).status_code == 201
    assert desk.post(path(ada, "/redeem"), proof).status_code == 401


def test_what_needs_approval_waits_and_a_rejection_gives_points_back(api: Api, ada: Patient):
    with api.wiring.transaction() as session:
        reward = a_reward(session, now=api.wiring.now(), needs_approval=True, stock=1)
    me = api.as_patient(ada.id)
    made = me.post(path(ada, "/redeem"), {"reward_id": str(reward.id)}).json["data"]
    assert made["status"] == "pending"
    desk = api.as_(Role.FRONT_DESK, hospital="IKJ")
    use = {"code": made["voucher"]["code"], "hospital_id": str(api.hospitals["IKJ"])}
    early = desk.post("/patients/loyalty/redemptions/use", use)
    assert (early.status_code, early.json["reason"]) == (409, "pending")
    admin = api.as_(Role.HOSPITAL_ADMIN, hospital="IKJ")
    at = f"/patients/loyalty/redemptions/{made['redemption_id']}"
    assert admin.post(f"{at}/approve").json["data"]["status"] == "approved"
    assert admin.post(f"{at}/approve").json["code"] == "already_decided"
    back = admin.post(f"{at}/reject", {"reason": "the doctor is away"}).json["data"]
    assert (back["status"], back["is_refunded"]) == ("rejected", True)
    assert me.get(path(ada)).json["data"]["available"] == 300
    assert desk.post("/patients/loyalty/redemptions/use", use).json["reason"] == "rejected"
    assert me.post(f"{at}/cancel", {"reason": "too late"}).json["code"] == "already_decided"


def test_a_member_cancels_only_their_own(api: Api, ada: Patient, reward):
    made = api.as_patient(ada.id).post(path(ada, "/redeem"), {"reward_id": str(reward.id)})
    at = f"/patients/loyalty/redemptions/{made.json['data']['redemption_id']}"
    with api.wiring.transaction() as session:
        musa = a_patient("Musa Bello")
        session.add(musa)
    body = {"reason": "changed my mind"}
    assert api.as_patient(musa.id).post(f"{at}/cancel", body).status_code == 404
    assert api.as_patient(ada.id).post(f"{at}/cancel", body).json["data"]["status"] == "cancelled"
    with api.wiring.sessions() as session:
        assert session.get(type(reward), reward.id).stock_left == 5


def test_five_wrong_codes_stop_a_desk_for_a_quarter_of_an_hour(api: Api, ada: Patient, reward):
    made = api.as_patient(ada.id).post(path(ada, "/redeem"), {"reward_id": str(reward.id)})
    code = made.json["data"]["voucher"]["code"]
    desk, other = (api.as_(Role.FRONT_DESK, hospital="IKJ") for _ in range(2))
    verify = "/patients/loyalty/redemptions/verify"
    left = [desk.post(verify, {"code": "AAAAA-AAAAA-A"}).json["tries_left"] for _ in range(5)]
    assert left == [4, 3, 2, 1, 0]
    with api.wiring.sessions() as session:
        assert session.get(CodeTries, desk.id).wrong == 5
    stopped = desk.post(verify, {"code": code})
    assert (stopped.status_code, stopped.json["code"]) == (429, "too_many_tries")
    assert int(stopped.headers["Retry-After"]) > 800
    assert other.post(verify, {"code": code}).status_code == 200
    api.wiring.clock.move(timedelta(minutes=16))
    desk = api.as_(Role.FRONT_DESK, hospital="IKJ")
    assert desk.post(verify, {"code": code}).status_code == 200


def test_a_reward_of_one_hospital_is_used_there(api: Api, ada: Patient):
    with api.wiring.transaction() as session:
        reward = a_reward(session, now=api.wiring.now(), hospital_id=api.hospitals["IKJ"])
    made = api.as_patient(ada.id).post(path(ada, "/redeem"), {"reward_id": str(reward.id)})
    code = made.json["data"]["voucher"]["code"]
    use = "/patients/loyalty/redemptions/use"
    wus, ikj = ({"code": code, "hospital_id": str(api.hospitals[c])} for c in ("WUS", "IKJ"))
    away = api.as_(Role.FRONT_DESK, hospital="WUS")
    assert away.post(use, wus).json["reason"] == "other_hospital"
    assert away.post(use, ikj).status_code == 404
    assert api.as_(Role.FRONT_DESK, hospital="IKJ").post(use, ikj).status_code == 200
