"""Points by API: who may, what comes of it, and how it says no."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from crm import loyalty
from crm.kit.ids import uuid7
from crm.kit.permissions import Role
from crm.models import CodeTries, Message, Patient, Redemption
from crm.outbox import bodies
from tests.api.caller import Api
from tests.crm.clinic import a_patient, a_phone
from tests.crm.shop import a_reward, give


@pytest.fixture
def ada(api: Api) -> Patient:
    """A member at Ikeja with 300 points and a phone."""
    with api.wiring.transaction() as session:
        ada = a_patient("Ada Obi")
        ada.home_hospital_id = api.hospitals["IKJ"]
        session.add(ada)
        session.flush()
        a_phone(session, ada, "+2349140000001", now=api.wiring.now())
        give(session, ada, 300, now=api.wiring.now())
    return ada


@pytest.fixture
def reward(api: Api):
    with api.wiring.transaction() as session:
        return a_reward(session, now=api.wiring.now(), points_cost=100, stock=5)


@pytest.fixture
def books(api: Api):
    """After each of these tests the ledger's rules hold."""
    yield
    with api.wiring.transaction() as session:
        assert not loyalty.invariants.broken(session)


pytestmark = pytest.mark.usefixtures("books")


def path(ada: Patient, rest: str = "") -> str:
    return f"/patients/{ada.id}/loyalty{rest}"


# -- the account ----------------------------------------------------------------------------------


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


# -- awards ---------------------------------------------------------------------------------------


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


# -- rewards --------------------------------------------------------------------------------------

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


# -- redemptions ----------------------------------------------------------------------------------


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


# -- tiers and rules ------------------------------------------------------------------------------


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


# -- payments -------------------------------------------------------------------------------------


def paid(api: Api, ada: Patient, **more):
    return {
        "event": "settled",
        "provider": "paystack",
        "reference": "T-77",
        "hospital_id": str(api.hospitals["IKJ"]),
        "patient_id": str(ada.id),
        "amount_kobo": 1_000_000,
        **more,
    }


def test_a_payment_earns_and_its_refunds_take_back(api: Api, ada: Patient):
    cashier = api.as_(Role.FRONT_DESK, hospital="IKJ")
    assert cashier.post("/payments/events", paid(api, ada)).json["data"]["points"] == 100
    again = cashier.post("/payments/events", paid(api, ada))
    assert (again.status_code, again.json["data"]["points"]) == (201, 0)
    other = cashier.post("/payments/events", paid(api, ada, amount_kobo=5))
    assert (other.status_code, other.json["code"]) == (409, "different_payment")
    back = {"event": "refunded", "provider": "paystack", "reference": "T-77"}
    part = {**back, "refund_reference": "R-1", "amount_kobo": 250_000}
    first = cashier.post("/payments/events", part).json["data"]
    assert (first["points"], first["payment"]["status"]) == (-25, "part-refunded")
    assert cashier.post("/payments/events", part).json["data"]["points"] == 0
    much = {**back, "refund_reference": "R-2", "amount_kobo": 800_000}
    assert cashier.post("/payments/events", much).json["left_kobo"] == 750_000
    rest = cashier.post("/payments/events", {**much, "amount_kobo": 750_000}).json["data"]
    assert (rest["points"], rest["payment"]["status"]) == (-75, "refunded")
    shown = cashier.get(f"/payments/{rest['payment']['id']}").json["data"]
    assert [each["reference"] for each in shown["refunds"]] == ["R-1", "R-2"]
    assert cashier.get(path(ada)).json["data"]["available"] == 300


def test_payments_stay_within_their_hospital(api: Api, ada: Patient):
    cashier = api.as_(Role.FRONT_DESK, hospital="IKJ")
    made = cashier.post("/payments/events", paid(api, ada)).json["data"]["payment"]
    away = api.as_(Role.FRONT_DESK, hospital="WUS")
    assert away.get(f"/payments/{made['id']}").status_code == 404
    assert away.get("/payments").json["data"] == []
    assert len(cashier.get("/payments", patient_id=str(ada.id)).json["data"]) == 1
    assert away.post("/payments/events", paid(api, ada, reference="T-78")).status_code == 404
    nowhere = paid(api, ada, reference="T-79", hospital_id=str(uuid4()))
    assert api.as_(Role.ADMIN).post("/payments/events", nowhere).status_code == 404
    assert cashier.post("/payments/events", {"event": "settled"}).status_code == 422
    assert api.as_patient(ada.id).get("/payments").status_code == 403


# -- friends --------------------------------------------------------------------------------------


def test_a_friend_is_noted_and_doubtful_ones_wait_for_a_person(api: Api, ada: Patient):
    desk = api.as_(Role.FRONT_DESK, hospital="IKJ")
    code = desk.get(path(ada)).json["data"]["referral"]["code"]
    with api.wiring.transaction() as session:
        now = api.wiring.now()
        new, family = (
            Patient(
                id=uuid7(),
                full_name=name,
                home_hospital_id=api.hospitals["IKJ"],
                created_at=now,
            )
            for name in ("Bisi Ade", "Emeka Obi")
        )
        session.add_all([new, family])
        session.flush()
        a_phone(session, family, "+2349140000001", now=now)
    first = desk.post(f"/patients/{new.id}/loyalty/referral", {"code": code.lower()})
    assert (first.status_code, first.json["data"]["status"]) == (201, "pending")
    again = desk.post(f"/patients/{new.id}/loyalty/referral", {"code": code})
    assert (again.status_code, again.json["code"]) == (409, "already_referred")
    doubtful = desk.post(f"/patients/{family.id}/loyalty/referral", {"code": code}).json["data"]
    assert (doubtful["status"], doubtful["doubts"]) == ("review", ["shared_phone"])
    admin = api.as_(Role.HOSPITAL_ADMIN, hospital="IKJ")
    queue = admin.get("/patients/loyalty/referrals", status="review").json["data"]
    assert [row["friend"] for row in queue] == ["Emeka Obi"]
    decided = f"/patients/loyalty/referrals/{doubtful['id']}"
    assert admin.post(f"{decided}/approve").json["data"]["status"] == "pending"
    assert admin.post(f"{decided}/reject", {"reason": "no more"}).json["code"] == "not_in_review"
    mine = api.as_patient(ada.id).get("/patients/loyalty/referrals").json["data"]
    assert [row["friend"] for row in mine] == [None, None]
    own = desk.post(path(ada, "/referral"), {"code": code})
    assert own.json["code"] == "own_referral_code"
    unknown = desk.post(f"/patients/{new.id}/loyalty/referral", {"code": "NONE0000"})
    assert unknown.status_code == 404


def test_codes_are_kept_only_as_fingerprints(api: Api, ada: Patient, reward):
    made = api.as_patient(ada.id).post(path(ada, "/redeem"), {"reward_id": str(reward.id)})
    code = made.json["data"]["voucher"]["code"].replace("-", "")
    with api.wiring.sessions() as session:
        row = session.scalars(select(Redemption)).one()
        assert len(row.code_index) == 16
        assert code.encode() not in row.code_index
        assert session.scalar(select(func.count()).where(Redemption.code_last4 == code[-4:])) == 1
