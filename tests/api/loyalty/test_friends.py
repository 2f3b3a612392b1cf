"""Friends who were brought, and codes kept only as fingerprints."""

from sqlalchemy import func, select

from crm.kit.ids import uuid7
from crm.kit.permissions import Role
from crm.models import Patient, Redemption
from tests.api.caller import Api
from tests.api.loyalty.places import path
from tests.crm.clinic import a_phone


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
