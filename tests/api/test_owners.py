"""Owners, contracts, bank accounts, revenue and tax rates by the API, each role within its own."""

from datetime import date
from uuid import uuid4

import pytest
from sqlalchemy import select

from crm import revenue, satisfaction
from crm.kit.permissions import EVERYTHING, Role
from crm.models import AnswerSource, AuditEvent
from tests.api.caller import Api, Caller
from tests.crm.payroll import a_house, earn, paid, payout_of, run_month

PHONE = "+2349140000021"
DANLADI = {
    "kind": "individual",
    "name": "Alhaji Danladi",
    "tin": "1234567890",
    "whatsapp": "0914 000 0021",
    "email": "Danladi@example.com",
}
TEN_PER_CENT = {"model": "percentage", "share_bps": 1000, "tax_category": "rent"}


@pytest.fixture
def ngozi(api: Api) -> Caller:
    """Finance officer at Ikeja."""
    return api.as_(Role.FINANCE, hospital="IKJ")


@pytest.fixture
def danladi(api: Api, ngozi: Caller) -> str:
    """The id of an owner at home at Ikeja."""
    made = ngozi.post("/owners", DANLADI | {"hospital_id": str(api.hospitals["IKJ"])})
    assert made.status_code == 201, made.json
    return made.json["data"]["id"]


@pytest.fixture
def contract(api: Api, ngozi: Caller, danladi: str) -> str:
    """The id of Danladi's contract with Ikeja."""
    return agree(api, ngozi, danladi).json["data"]["id"]


def agree(api: Api, caller: Caller, owner: str, place: str = "IKJ", **more):
    where = {"owner_id": owner, "hospital_id": str(api.hospitals[place])}
    return caller.post("/contracts", TEN_PER_CENT | where | {"starts_on": "2026-01-01"} | more)


def profile(caller: Caller, owner: str, **query):
    answer = caller.get(f"/owners/{owner}/profile", **query)
    assert answer.status_code == 200, answer.json
    return answer.json["data"]


# -- owners ---------------------------------------------------------------------------------------


def test_an_owner_is_found_by_name_and_by_phone_in_any_spelling(ngozi, danladi):
    for query in ({"name": "danl"}, {"phone": "09140000021"}):
        assert [each["id"] for each in ngozi.get("/owners", **query).json["data"]] == [danladi]
    assert ngozi.get("/owners", phone="+2349140000022").json["data"] == []


def test_the_profile_shows_all_parts_and_no_whole_number(ngozi, danladi, contract):
    everything = "contracts,payouts,satisfaction,communications,bank_accounts"
    shown = profile(ngozi, danladi, include=everything)

    assert shown["owner"]["tin_masked"] == "****7890"
    assert {each["value"] for each in shown["owner"]["addresses"]} == {
        PHONE,
        "danladi@example.com",
    }
    assert [each["id"] for each in shown["contracts"]] == [contract]
    assert shown["contracts"][0]["renewal_status"] == "open_ended"
    assert shown["contracts"][0]["hospital"] == "GrandPro Ikeja"
    assert shown["payout_summary"]["pending_count"] == 0
    assert shown["recent_payouts"] == shown["bank_accounts"] == []


def test_what_is_not_asked_for_or_not_theirs_is_null(api, ngozi, danladi):
    assert profile(ngozi, danladi, include="contracts")["payout_summary"] is None
    talker = api.as_(Role.COMMUNICATIONS, hospital="IKJ")
    assert profile(talker, danladi, include="payouts")["payout_summary"] is None


def test_the_profile_sums_the_year_up(api):
    now = api.wiring.now()
    with api.wiring.transaction() as session:
        house = a_house(session, now=now)
        earn(session, house.hospital, 1_000_000_00)
        run_month(session, by=house.ngozi, now=now)
        paid(session, house, payout_of(session, house.contract), now=now)
        satisfaction.give(
            session,
            house.owner.id,
            answers={"overall": 4, "nps": 9},
            source=AnswerSource.CALL,
            scope=EVERYTHING,
            now=now,
        )
    shown = profile(api.as_owner(house.owner.id), str(house.owner.id))

    year = shown["payout_summary"]
    assert (year["ytd_gross_kobo"], year["ytd_wht_kobo"]) == (1_000_000_00, 10_000_00)
    assert (year["ytd_net_kobo"], year["completion_rate"]) == (90_000_00, 1.0)
    assert year["last_paid_at"] == "2026-11-22T09:00:00Z"
    assert [each["status"] for each in shown["recent_payouts"]] == ["completed"]
    assert (shown["satisfaction"]["average"], shown["satisfaction"]["nps"]) == (4.0, 100.0)
    wuse = profile_at_wuse(api, house)
    assert wuse["recent_payouts"] == []
    assert wuse["satisfaction"]["responses"] == 0


def profile_at_wuse(api: Api, house):
    """What Wuse sees of an owner whom it shares with Ikeja."""
    agree(api, api.as_(Role.FINANCE), str(house.owner.id), "WUS")
    shown = profile(api.as_(Role.FINANCE, hospital="WUS"), str(house.owner.id))
    assert [each["hospital_id"] for each in shown["contracts"]] == [str(api.hospitals["WUS"])]
    return shown


def test_an_auditor_sees_masked_contact(api, danladi):
    shown = profile(api.as_(Role.AUDITOR, hospital="IKJ"), danladi)
    assert {each["value"] for each in shown["owner"]["addresses"]} == {
        "091****0021",
        "d****@example.com",
    }


def test_owners_see_themselves_and_nobody_else(api, ngozi, danladi, contract):
    place = str(api.hospitals["IKJ"])
    other = ngozi.post("/owners", {"kind": "company", "name": "Zuma Ltd", "hospital_id": place})
    me = api.as_owner(danladi)

    shown = profile(me, danladi, include="contracts,payouts,satisfaction,bank_accounts")
    assert [each["id"] for each in shown["contracts"]] == [contract]
    assert shown["satisfaction"]["responses"] == 0
    assert [each["id"] for each in me.get("/owners").json["data"]] == [danladi]
    assert me.get(f"/owners/{other.json['data']['id']}/profile").status_code == 404
    assert me.patch(f"/owners/{danladi}", {"version": 1, "name": "X"}).status_code == 403


def test_the_profile_is_polled_cheaply(ngozi, danladi):
    first = ngozi.get(f"/owners/{danladi}/profile")
    again = ngozi._send(
        "GET", f"/owners/{danladi}/profile", headers={"If-None-Match": first.headers["ETag"]}
    )
    assert (again.status_code, again.data) == (304, b"")


def test_two_people_do_not_overwrite_each_other(ngozi, danladi):
    path = f"/owners/{danladi}"
    assert ngozi.patch(path, {"version": 1, "resident": False}).json["data"]["version"] == 2
    late = ngozi.patch(path, {"name": "X"}, headers={"If-Match": '"v1"'})
    assert (late.status_code, late.json["code"], late.json["version"]) == (412, "stale_version", 2)
    assert ngozi.patch(path, {"version": 2, "name": None}).status_code == 422
    taken = ngozi.patch(path, {"version": 2, "tin": None, "status": "inactive"}).json["data"]
    assert (taken["has_tin"], taken["status"]) == (False, "inactive")


def test_another_hospitals_owner_is_not_there(api, danladi, contract):
    wuse = api.as_(Role.FINANCE, hospital="WUS")
    account = {"bank_code": "058", "number": "1234567896", "account_name": "X"}
    tries = [
        wuse.get(f"/owners/{danladi}"),
        wuse.get(f"/owners/{danladi}/profile"),
        wuse.get(f"/owners/{danladi}/bank-accounts"),
        wuse.get(f"/contracts/{contract}"),
        wuse.get(f"/contracts/{contract}/versions"),
        wuse.patch(f"/owners/{danladi}", {"version": 1, "name": "X"}),
        wuse.post(f"/owners/{danladi}/bank-accounts", account),
        wuse.post(f"/owners/{danladi}/reveal", {"reason": "curious"}),
        wuse.post(f"/owners/{danladi}/addresses", {"channel": "sms", "phone": PHONE}),
        wuse.post(
            f"/contracts/{contract}/termination", {"ends_on": "2026-12-01", "reason": "mine now"}
        ),
        agree(api, wuse, danladi, "WUS"),
        agree(api, wuse, danladi, "IKJ"),
    ]
    assert [each.status_code for each in tries] == [404] * len(tries)
    assert wuse.get("/owners").json["data"] == wuse.get("/contracts").json["data"] == []


def test_a_hospital_that_is_none_is_not_found(api, danladi):
    admin, nowhere = api.as_(Role.ADMIN), str(uuid4())
    entry = {"service_line": "Ward", "kind": "charge", "amount_kobo": 5, "billed_on": "2026-10-03"}
    agreed = TEN_PER_CENT | {"owner_id": danladi, "starts_on": "2026-01-01"}
    tries = {"/owners": DANLADI, "/revenue-entries": entry, "/contracts": agreed}
    for path, body in tries.items():
        assert admin.post(path, body | {"hospital_id": nowhere}).status_code == 404, path


def test_the_tax_number_is_revealed_for_a_reason_that_is_kept(api, ngozi, danladi):
    assert ngozi.post(f"/owners/{danladi}/reveal", {}).status_code == 422
    seen = ngozi.post(f"/owners/{danladi}/reveal", {"reason": "tax return of 2026"})
    assert seen.json["data"]["tin"] == "1234567890"
    with api.wiring.sessions() as session:
        looks = session.scalars(
            select(AuditEvent.purpose).where(AuditEvent.action == "owners.reveal")
        ).all()
    assert "tax return of 2026" in looks


def test_addresses_come_and_go(ngozi, danladi):
    path = f"/owners/{danladi}/addresses"
    made = ngozi.post(path, {"channel": "sms", "phone": "0914 000 0021"})
    assert (made.status_code, made.json["data"]["value"]) == (201, PHONE)
    wrong = ngozi.post(path, {"channel": "email", "phone": "0914 000 0021"})
    assert (wrong.status_code, wrong.json["errors"][0]["field"]) == (422, "email")
    assert ngozi.delete(f"{path}/{made.json['data']['id']}").status_code == 200
    assert ngozi.delete(f"{path}/{made.json['data']['id']}").status_code == 404


# -- contracts ------------------------------------------------------------------------------------


def test_a_contract_is_agreed_amended_renewed_and_ended(api, ngozi, danladi):
    made = agree(api, ngozi, danladi, ends_on="2026-12-31").json["data"]
    assert made["days_to_end"] == 39
    path = f"/contracts/{made['id']}"
    tiers = [{"up_to_kobo": 100, "bps": 500}, {"bps": 700}]
    new = {"model": "band_tiers", "tiers": tiers, "tax_category": "rent", "version": 1}

    amended = ngozi.post(f"{path}/amendments", new | {"effective_from": "2026-12-01"})
    assert (amended.status_code, amended.json["data"]["version"]) == (200, 2)
    assert [each["version"] for each in ngozi.get(f"{path}/versions").json["data"]] == [2, 1]
    assert [each["id"] for each in ngozi.get("/contracts/expiring").json["data"]] == [made["id"]]

    follower = ngozi.post(f"{path}/renewal", {"ends_on": "2027-12-31"}).json["data"]
    assert (follower["starts_on"], follower["model"]) == ("2027-01-01", "band_tiers")
    assert ngozi.get("/contracts/expiring").json["data"] == []
    again = ngozi.post(f"{path}/renewal", {})
    assert (again.status_code, again.json["code"]) == (409, "already_renewed")

    end = {"ends_on": "2026-11-30", "reason": "sold the building"}
    assert ngozi.post(f"{path}/termination", end).json["data"]["status"] == "terminated"
    mistake = ngozi.post(f"/contracts/{follower['id']}/cancellation", {"reason": "ended before"})
    assert mistake.json["data"]["status"] == "cancelled"


def test_terms_are_refused_by_field(api, ngozi, danladi):
    gap = agree(api, ngozi, danladi, model="marginal_tiers", share_bps=0, tiers=[
        {"up_to_kobo": 200, "bps": 1}, {"up_to_kobo": 100, "bps": 2}, {"bps": 3},
    ])  # fmt: skip
    assert gap.json["errors"][0] == {
        "field": "tiers",
        "code": "tiers_not_contiguous",
        "message": "Tiers rise, and the last alone has no upper end.",
    }
    assert agree(api, ngozi, danladi, share_bps=10_001).status_code == 422
    assert agree(api, ngozi, danladi, surprise=1).status_code == 422


def test_two_contracts_at_once_are_refused(api, ngozi, danladi, contract):
    assert contract
    twice = agree(api, ngozi, danladi, starts_on="2026-06-01")
    assert (twice.status_code, twice.json["code"]) == (409, "contract_overlap")


# -- bank accounts --------------------------------------------------------------------------------


def test_an_account_is_written_by_one_and_verified_by_another(api, ngozi, danladi):
    path = f"/owners/{danladi}/bank-accounts"
    account = {"bank_code": "058", "number": "1234567895", "account_name": "DANLADI"}
    made = ngozi.post(path, account)
    assert (made.status_code, made.json["meta"]) == (201, {"warnings": ["check_digit"]})
    id_ = made.json["data"]["id"]

    name = {"verified_name": "ALHAJI DANLADI"}
    own = ngozi.post(f"/bank-accounts/{id_}/verification", name)
    assert (own.status_code, own.json["code"]) == (403, "four_eyes")
    bayo = api.as_(Role.FINANCE, hospital="IKJ")
    assert bayo.post(f"/bank-accounts/{id_}/verification", name).json["data"]["verified_at"]

    shown = api.as_owner(danladi).get(path)
    assert shown.json["data"][0]["number_last4"] == "7895"
    assert "1234567895" not in shown.text
    seen = ngozi.post(f"/bank-accounts/{id_}/reveal", {"reason": "bank called"})
    assert seen.json["data"] == {"number": "1234567895"}


def test_a_changed_account_cools_for_a_week(ngozi, danladi):
    path = f"/owners/{danladi}/bank-accounts"
    first = {"bank_code": "058", "number": "1234567896", "account_name": "DANLADI"}
    assert ngozi.post(path, first).json["data"]["cools_until"] is None
    second = ngozi.post(path, first | {"bank_code": "044", "number": "1234567895"}).json["data"]
    assert second["cools_until"] == "2026-11-29T09:00:00Z"
    assert ngozi.post(path, first | {"number": "12345"}).status_code == 422


# -- revenue --------------------------------------------------------------------------------------

SHEET = """hospital,service_line,kind,amount,billed_on,collected_on,external_ref
IKJ,Laboratory,charge,"12,500.50",2026-10-03,2026-10-04,A1
IKJ,Pharmacy,refund,-200,03/10/2026,03/10/2026,A2
"""


def bring(caller: Caller, sheet: str | bytes, **query):
    return caller._send(
        "POST",
        "/revenue-entries/import",
        data=sheet,
        query_string={"source": "hmis", **query},
        headers={"Content-Type": "text/csv"},
    )


def test_an_entry_is_written_found_and_collected(api, ngozi):
    place = str(api.hospitals["IKJ"])
    entry = {"hospital_id": place, "service_line": "Ward", "kind": "charge"}
    made = ngozi.post("/revenue-entries", entry | {"amount_kobo": 500, "billed_on": "2026-10-03"})
    assert made.status_code == 201
    path = f"/revenue-entries/{made.json['data']['id']}"
    paid = ngozi.post(f"{path}/collection", {"collected_on": "2026-10-09"})
    assert paid.json["data"]["cash_recognised_on"] == "2026-10-09"
    assert ngozi.get("/revenue-entries", is_collected="true").json["data"][0]["id"]
    wrong = ngozi.post("/revenue-entries", entry | {"amount_kobo": -5, "billed_on": "2026-10-03"})
    assert (wrong.status_code, wrong.json["errors"][0]["field"]) == (422, "amount_kobo")
    wuse = api.as_(Role.FINANCE, hospital="WUS")
    assert wuse.get(path).status_code == 404
    assert wuse.get("/revenue-entries").json["data"] == []


def test_a_sheet_is_tried_brought_in_and_brought_in_again(api, ngozi):
    tried = bring(ngozi, SHEET, dry_run="true").json["data"]
    assert (tried["added"], tried["is_written"]) == (2, False)
    assert ngozi.get("/revenue-entries").json["data"] == []

    done = bring(ngozi, "\ufeff" + SHEET).json["data"]
    again = bring(ngozi, SHEET).json["data"]
    assert (done["added"], done["amount_kobo"], again["known"]) == (2, 1_230_050, 2)
    october = {"hospital_id": api.hospitals["IKJ"], "first": "2026-10-01", "last": "2026-10-31"}
    assert ngozi.get("/revenue-entries/totals", **october).json["data"]["gross_kobo"] == 1_230_050


def test_a_wrong_sheet_names_its_lines_and_writes_nothing(ngozi):
    refused = bring(ngozi, SHEET.replace("IKJ,Pharmacy", "WUS,Pharmacy"))
    assert (refused.status_code, refused.json["code"]) == (422, "sheet_refused")
    assert refused.json["faults"][0] | {"message": ""} == {
        "line": 3,
        "field": "hospital",
        "code": "unknown_hospital",
        "message": "",
    }
    for unreadable in ("", "a,b\n", b"\xff\xfe\x00", SHEET + '"'):
        answer = bring(ngozi, unreadable)
        assert (answer.status_code, answer.json["code"]) == (422, "sheet_unreadable")
    assert ngozi.get("/revenue-entries").json["data"] == []


def test_a_big_sheet_comes_in_and_a_huge_one_does_not(ngozi):
    head, *_ = SHEET.splitlines()
    lines = [f"IKJ,Ward,charge,{n},2026-10-03,,N{n}" for n in range(1, 3_001)]
    assert bring(ngozi, "\n".join([head, *lines])).json["data"]["added"] == 3_000
    assert bring(ngozi, "x" * (17 * 1024 * 1024)).status_code == 413


def test_a_month_that_was_paid_shows_as_closed(api, ngozi):
    place = api.hospitals["IKJ"]
    with api.wiring.transaction() as session:
        revenue.close(session, place, through=date(2026, 10, 31))
    bring(ngozi, SHEET)
    november = {"hospital_id": place, "first": "2026-11-01", "last": "2026-11-30"}
    sums = ngozi.get("/revenue-entries/totals", **november).json["data"]
    assert (sums["gross_kobo"], sums["late_kobo"]) == (0, 1_230_050)
    assert sums["closed_through"] == "2026-10-31"


# -- tax rates ------------------------------------------------------------------------------------


def test_rates_are_read_by_finance_and_set_by_the_groups_administrator(api, ngozi):
    rates = ngozi.get("/tax-rules", category="rent", on="2026-10-31").json["data"]
    assert {each["bps"] for each in rates} == {1000}
    new = {
        "category": "rent",
        "payee": "company",
        "resident": True,
        "has_tin": True,
        "bps": 750,
        "effective_from": "2027-01-01",
        "legal_ref": "A new act",
    }
    assert ngozi.post("/tax-rules", new).status_code == 403
    assert api.as_(Role.ADMIN, hospital="IKJ").post("/tax-rules", new).status_code == 403
    admin = api.as_(Role.ADMIN)
    assert admin.post("/tax-rules", new).status_code == 201
    assert admin.post("/tax-rules", new).json["code"] == "tax_rule_overlap"
