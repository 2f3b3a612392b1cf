"""Signing in, staying in, and being put out."""

from datetime import timedelta
from uuid import uuid4

import pyotp
import pytest
from sqlalchemy import select

from crm import users
from crm.kit.permissions import Role
from crm.models import AuditEvent, AuditOutcome
from tests.api.caller import PASSWORD, Api, Caller

EMAIL = "ngozi@example.com"


@pytest.fixture
def ngozi(api: Api):
    with api.wiring.transaction() as session:
        return users.create(
            session,
            api.wiring.passwords,
            name="Ngozi Eze",
            email=EMAIL,
            password=PASSWORD,
            grants=[(Role.FINANCE_APPROVER, None)],
            now=api.wiring.now(),
        )


def sign_in(api: Api, password: str = PASSWORD, email: str = EMAIL, **more):
    return api.as_nobody().post("/auth/sign-in", {"email": email, "password": password, **more})


def caller(api: Api, answer) -> Caller:
    return Caller(api.app, uuid4(), answer.json["data"]["access_token"])


def test_the_right_password_opens_and_the_token_says_who_it_is(api: Api, ngozi):
    answer = sign_in(api)
    assert answer.status_code == 200
    me = caller(api, answer).get("/me").json["data"]
    assert (me["name"], me["kind"]) == ("Ngozi Eze", "user")
    assert "payouts:approve" in me["permissions"]


def test_a_wrong_password_and_an_unknown_user_get_the_same_answer(api: Api, ngozi):
    wrong, unknown = sign_in(api, "wrong"), sign_in(api, email="nobody@example.com")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json["detail"] == unknown.json["detail"]
    assert wrong.json["code"] == "wrong_credentials"


def test_after_five_wrong_tries_even_the_right_password_waits(api: Api, ngozi):
    for _ in range(5):
        sign_in(api, "wrong")
    assert sign_in(api).status_code == 401
    api.wiring.clock.move(timedelta(minutes=2))
    assert sign_in(api).status_code == 200


def test_an_access_token_ends_after_fifteen_minutes(api: Api, ngozi):
    signed = caller(api, sign_in(api))
    api.wiring.clock.move(timedelta(minutes=16))
    assert signed.get("/me").status_code == 401


def test_a_refresh_token_counts_once_and_its_reuse_ends_the_sign_in(api: Api, ngozi):
    first = sign_in(api).json["data"]["refresh_token"]
    second = api.as_nobody().post("/auth/refresh", {"refresh_token": first})
    assert second.status_code == 200
    stolen = api.as_nobody().post("/auth/refresh", {"refresh_token": first})
    assert (stolen.status_code, stolen.json["code"]) == (401, "token_reused")
    newest = second.json["data"]["refresh_token"]
    assert api.as_nobody().post("/auth/refresh", {"refresh_token": newest}).status_code == 401
    assert caller(api, second).get("/me").status_code == 401


@pytest.mark.parametrize("token", ["", "x", "a.b", "0" * 32 + ".zzz", "ö.ü"])
def test_made_up_refresh_tokens_are_refused(api: Api, token: str):
    answer = api.as_nobody().post("/auth/refresh", {"refresh_token": token})
    assert answer.status_code in {401, 422}


def test_signing_out_ends_the_token_at_once(api: Api, ngozi):
    signed = caller(api, sign_in(api))
    assert signed.post("/auth/sign-out").status_code == 204
    assert signed.get("/me").status_code == 401


def test_one_device_can_put_another_out(api: Api, ngozi):
    desk, phone = caller(api, sign_in(api)), caller(api, sign_in(api))
    devices = desk.get("/me/sign-ins").json["data"]
    other = next(device for device in devices if not device["is_this_one"])
    assert desk.delete(f"/me/sign-ins/{other['id']}").status_code == 204
    assert phone.get("/me").status_code == 401
    assert desk.get("/me").status_code == 200


def test_a_new_password_signs_the_other_devices_out(api: Api, ngozi):
    desk, phone = caller(api, sign_in(api)), caller(api, sign_in(api))
    body = {"password": PASSWORD, "new_password": "another long password"}
    assert desk.post("/me/password", body).status_code == 204
    assert desk.get("/me").status_code == 200
    assert phone.get("/me").status_code == 401
    assert sign_in(api).status_code == 401
    assert sign_in(api, "another long password").status_code == 200


@pytest.mark.parametrize("password", ["short", "x" * 73])
def test_a_password_too_short_or_too_long_is_refused_in_words(api: Api, ngozi, password: str):
    body = {"password": PASSWORD, "new_password": password}
    answer = caller(api, sign_in(api)).post("/me/password", body)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == "password"


def test_the_second_factor_is_asked_for_and_each_code_counts_once(api: Api, ngozi):
    signed = caller(api, sign_in(api))
    secret = signed.post("/me/second-factor").json["data"]["secret"]
    code = pyotp.TOTP(secret).at(api.wiring.now())
    assert signed.post("/me/second-factor/confirm", {"code": code}).status_code == 204
    assert sign_in(api).json["code"] == "second_factor_needed"
    assert sign_in(api, code=code).status_code == 401, "the code of the confirmation is spent"
    api.wiring.clock.move(timedelta(seconds=60))
    code = pyotp.TOTP(secret).at(api.wiring.now())
    strong = sign_in(api, code=code)
    assert strong.status_code == 200
    assert caller(api, strong).get("/me").json["data"]["has_second_factor"]
    assert sign_in(api, code=code).status_code == 401


def test_a_disabled_account_is_out_at_once(api: Api, ngozi):
    signed = caller(api, sign_in(api))
    admin = api.as_(Role.ADMIN)
    body = {"version": 1, "status": "disabled"}
    assert admin.patch(f"/users/{ngozi.id}", body).status_code == 200
    assert signed.get("/me").status_code == 401
    assert sign_in(api).status_code == 401


def test_nobody_makes_themselves_an_admin(api: Api, ngozi):
    admin = api.as_(Role.HOSPITAL_ADMIN, hospital="IKJ")
    body = {"version": 1, "grants": [{"role": "admin"}]}
    assert admin.patch(f"/users/{admin.id}", body).status_code == 403


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer x.y.z", "Basic eDp5", "Bearer " + "a" * 9000]
)
def test_a_request_without_a_true_token_is_refused(api: Api, header: str):
    with api.app.test_client() as client:
        answer = client.get("/api/crm/me", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.content_type == "application/problem+json"


def test_a_denial_is_written_down(api: Api):
    desk = api.as_(Role.FRONT_DESK, hospital="IKJ")
    assert desk.get("/audit").status_code == 403
    with api.wiring.sessions() as session:
        event = session.scalars(select(AuditEvent).where(AuditEvent.actor_id == desk.id)).one()
    assert (event.outcome, event.action) == (AuditOutcome.DENIED, "audit.index:forbidden")
    assert event.hospital_id == api.hospitals["IKJ"]
