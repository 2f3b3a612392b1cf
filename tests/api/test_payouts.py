"""A month end through the API: from a sheet of revenue to a paid payout."""

import csv
import io
from datetime import timedelta
from uuid import uuid4

import pytest

from crm.kit.permissions import Role
from tests.api.caller import Api
from tests.crm.payroll import a_house, an_account

PAYOUTS = "/owners/payouts"
SHEET = """hospital,service_line,kind,amount,billed_on,collected_on,external_ref
IKJ,Consultation,charge,3000000.00,2026-10-03,2026-10-03,A-1
IKJ,Laboratory,charge,400000.00,2026-10-30,2026-10-31,A-2
IKJ,Consultation,refund,-66666.67,2026-10-09,2026-10-09,A-3
IKJ,Consultation,charge,9000000.00,2026-10-30,2026-11-01,A-4
"""


@pytest.fixture
def house(api: Api):
    """Ikeja's owner and contract."""
    with api.wiring.transaction() as session:
        return a_house(session, now=api.wiring.now())


@pytest.fixture
def wuse(api: Api):
    """Another hospital's."""
    with api.wiring.transaction() as session:
        return a_house(session, now=api.wiring.now(), code="WUS")


@pytest.fixture
def ngozi(api: Api):
    """Finance of Ikeja."""
    return api.as_(Role.FINANCE, hospital="IKJ")


@pytest.fixture
def bayo(api: Api):
    """The approver of Ikeja."""
    return api.as_(Role.FINANCE_APPROVER, hospital="IKJ")


def ok(answer, status=200):
    assert answer.status_code == status, answer.text
    return answer.json["data"]


def refused(answer, status, code):
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.text
    return answer.json


def bring_in(caller, sheet=SHEET):
    with caller.app.test_client() as client:
        return client.post(
            "/api/crm/revenue-entries/import?source=books",
            data=sheet.encode(),
            content_type="text/csv",
            headers={"Authorization": f"Bearer {caller.token}"},
        )


def drafted(caller, **more):
    return ok(caller.post(f"{PAYOUTS}/process-monthly", more), 202)


def only(caller):
    [row] = ok(caller.get(PAYOUTS))
    return row


def step(caller, payout, status, **more):
    body = {"status": status, "version": payout["version"], "reason": "for this test", **more}
    return caller.patch(f"{PAYOUTS}/{payout['id']}/status", body)


def approved(ngozi, bayo):
    waiting = ok(step(ngozi, only(ngozi), "pending"))
    return ok(step(bayo, waiting, "approved"))


# -- the month ------------------------------------------------------------------------------------


def test_a_month_end_from_a_sheet_of_revenue_to_paid(api, house, ngozi, bayo):
    assert ok(bring_in(ngozi))["added"] == 4
    run = drafted(ngozi)
    assert (run["period"], run["status"]) == ("2026-10", "completed")
    assert run["counts"]["created"] == run["counts"]["contracts"] == 1
    assert run["totals"]["gross_kobo"] == 333_333_333

    unusual = ok(ngozi.get(f"{PAYOUTS}/exceptions", period="2026-10"))
    assert unusual["flags"] == {"first_payout": 1}
    assert unusual["not_drafted"] == []

    payout = ok(ngozi.get(f"{PAYOUTS}/{only(ngozi)['id']}"))
    assert payout["net_kobo"] == sum(line["amount_kobo"] for line in payout["lines"]) == 30_000_000
    assert payout["lines"][-1]["balance_kobo"] == payout["net_kobo"]
    assert payout["allowed_next"] == ["pending_approval", "cancelled"]

    waiting = ok(step(ngozi, payout, "pending"))
    assert waiting["status"] == "pending_approval"
    ready = ok(step(bayo, waiting, "approved"))

    file = ok(ngozi.post(f"{PAYOUTS}/bank-file", {"run_id": run["id"]}), 201)
    assert (file["count"], file["control_total_kobo"], file["left_out"]) == (1, 30_000_000, [])
    sent = ngozi.get(file["path"].removeprefix("/api/crm"))
    assert sent.headers["X-Content-SHA256"] == file["sha256"]
    [row] = csv.DictReader(io.StringIO(sent.text))
    assert row == {
        "beneficiary": "Alhaji IKJ",
        "account_number": "0123456789",
        "bank_code": "058",
        "amount": "300000.00",
        "narration": f"GrandPro {ready['reference']}",
        "reference": ready["reference"],
    }
    assert len(row["narration"]) <= 30

    processing = ok(ngozi.get(f"{PAYOUTS}/{payout['id']}"))
    done = ok(
        step(
            ngozi,
            processing,
            "paid",
            provider_reference="TRF-1",
            paid_at="2026-11-22T09:30:00+01:00",
        )
    )
    assert (done["status"], done["allowed_next"]) == ("completed", [])
    assert [move["to_status"] for move in done["history"]] == [
        "draft",
        "pending_approval",
        "approved",
        "processing",
        "completed",
    ]
    assert ok(ngozi.get(f"{PAYOUTS}/{payout['id']}/recompute"))["is_sound"]

    again = ok(ngozi.post(f"{PAYOUTS}/process-monthly", {}))
    assert again["id"] == run["id"]
    assert only(ngozi)["version"] == done["version"]


def test_the_same_step_with_the_same_reference_is_unchanged(house, ngozi, bayo):
    bring_in(ngozi)
    drafted(ngozi)
    ready = approved(ngozi, bayo)
    processing = ok(step(ngozi, ready, "processing"))
    said = {"provider_reference": "TRF-1", "paid_at": "2026-11-22T09:30:00+01:00"}
    first = ok(step(ngozi, processing, "paid", **said))
    assert ok(step(ngozi, processing, "paid", **said))["version"] == first["version"]
    refused(
        step(ngozi, processing, "paid", **{**said, "provider_reference": "TRF-2"}),
        409,
        "invalid_transition",
    )


def test_money_that_came_back_goes_into_the_next_month(api, house, ngozi, bayo):
    bring_in(ngozi)
    drafted(ngozi)
    processing = ok(step(ngozi, approved(ngozi, bayo), "processing"))
    said = {"provider_reference": "TRF-1", "paid_at": "2026-11-22T09:30:00+01:00"}
    done = ok(step(ngozi, processing, "paid", **said))
    refused(step(ngozi, done, "reversed"), 403, "forbidden")
    assert ok(step(bayo, done, "reversed"))["status"] == "reversed"
    api.wiring.clock.move(timedelta(days=10))
    drafted(api.as_(Role.FINANCE, hospital="IKJ"), period="2026-11")
    finance = api.as_(Role.FINANCE, hospital="IKJ")
    [november] = ok(finance.get(PAYOUTS, kind="monthly", period_from="2026-11-01"))
    assert november["carry_in_kobo"] == 30_000_000


def test_trying_a_month_says_what_a_run_would_draft(house, ngozi):
    bring_in(ngozi)
    tried = ok(ngozi.post(f"{PAYOUTS}/process-monthly", {"dry_run": True}))
    assert (tried["id"], tried["status"], tried["totals"]["net_kobo"]) == (
        None,
        "dry_run",
        30_000_000,
    )
    assert ok(ngozi.get(PAYOUTS)) == []


def test_a_month_that_is_not_over_and_one_that_has_not_begun(house, ngozi):
    for period, code in (("2026-11", "period_not_closed"), ("2026-12", "future_period")):
        refused(ngozi.post(f"{PAYOUTS}/process-monthly", {"period": period}), 422, code)


def test_a_draft_is_worked_out_again_when_that_is_asked_for(house, ngozi):
    drafted(ngozi)
    before = only(ngozi)
    bring_in(ngozi)
    assert ok(ngozi.post(f"{PAYOUTS}/process-monthly", {}))["totals"]["gross_kobo"] == 0
    run = ok(ngozi.post(f"{PAYOUTS}/process-monthly", {"force_recalculate": True}))
    assert run["totals"]["gross_kobo"] == 333_333_333
    by_status = ngozi.get(PAYOUTS).json["meta"]["totals"]["by_status"]
    assert by_status == {"cancelled": 1, "draft": 1}
    assert ok(ngozi.get(f"{PAYOUTS}/{before['id']}"))["status"] == "cancelled"


# -- four eyes, versions, accounts ----------------------------------------------------------------


def test_who_drafted_or_submitted_does_not_approve_whatever_else_they_are(api, house, bayo):
    both = api.as_(Role.FINANCE, Role.FINANCE_APPROVER, hospital="IKJ")
    bring_in(both)
    drafted(both)
    waiting = ok(step(both, only(both), "pending_approval"))
    refused(step(both, waiting, "approved"), 403, "four_eyes")
    assert ok(step(bayo, waiting, "approved"))["status"] == "approved"


def test_money_asks_for_a_second_factor_where_the_house_wants_it(api, house, ngozi):
    api.wiring.settings = api.wiring.settings.model_copy(update={"require_totp": True})
    drafted(ngozi)
    waiting = ok(step(ngozi, only(ngozi), "pending"))
    weak = api.as_(Role.FINANCE_APPROVER, hospital="IKJ", strong=False)
    refused(step(weak, waiting, "approved"), 403, "second_factor_needed")
    strong = api.as_(Role.FINANCE_APPROVER, hospital="IKJ", strong=True)
    ok(step(strong, waiting, "approved"))


def test_who_has_read_an_old_version_is_told_the_new_one(house, ngozi, bayo):
    drafted(ngozi)
    draft = only(ngozi)
    ok(step(ngozi, draft, "pending"))
    answer = refused(step(bayo, draft, "on_hold"), 412, "stale_version")
    assert answer["version"] == 2


def test_an_account_that_has_just_changed_is_locked(api, house, ngozi, bayo):
    bring_in(ngozi)
    drafted(ngozi)
    waiting = ok(step(ngozi, only(ngozi), "pending"))
    with api.wiring.transaction() as session:
        an_account(session, house.owner, now=api.wiring.now(), number="0987654321")
    answer = refused(step(bayo, waiting, "approved"), 423, "bank_account_changed")
    assert answer["until"].startswith("2026-11-29")


def test_an_account_that_changed_after_the_approval_stays_out_of_the_file(api, house, ngozi, bayo):
    bring_in(ngozi)
    drafted(ngozi)
    ready = approved(ngozi, bayo)
    with api.wiring.transaction() as session:
        an_account(session, house.owner, now=api.wiring.now(), number="0987654321")
    refused(
        ngozi.post(f"{PAYOUTS}/bank-file", {"payout_ids": [ready["id"]]}), 409, "nothing_to_pay"
    )


def test_many_take_a_step_each_by_itself(api, house, wuse, bayo):
    admin = api.as_(Role.ADMIN)
    bring_in(admin)
    drafted(admin, auto_submit=True)
    rows = ok(admin.get(PAYOUTS))
    assert {row["status"] for row in rows} == {"pending_approval"}
    chosen = [{"id": row["id"], "version": row["version"]} for row in rows]
    body = {"status": "approved", "payouts": chosen}
    outcomes = ok(bayo.post(f"{PAYOUTS}/moves", body))
    assert sorted(str(each["code"]) for each in outcomes) == ["None", "not_found"]
    own = ok(admin.post(f"{PAYOUTS}/moves", body))
    assert {each["code"] for each in own} <= {"four_eyes", None}


# -- by hand --------------------------------------------------------------------------------------


def by_hand(house, **more):
    return {
        "owner_id": str(house.owner.id),
        "contract_id": str(house.contract.id),
        "kind": "bonus",
        "period_start": "2026-10-01",
        "period_end": "2026-10-31",
        "amount_kobo": 1_000_000,
        **more,
    }


def test_a_bonus_by_hand_tried_written_and_not_doubled_by_the_same_key(house, ngozi):
    tried = ok(ngozi.post(PAYOUTS, by_hand(house, dry_run=True)))
    assert (tried["id"], tried["net_kobo"], tried["wht_kobo"]) == (None, 900_000, 100_000)
    first = ngozi.post(PAYOUTS, by_hand(house, net_kobo=900_000), key="bonus-1")
    again = ngozi.post(PAYOUTS, by_hand(house, net_kobo=900_000), key="bonus-1")
    assert ok(first, 201) == ok(again, 201)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert only(ngozi)["id"] == first.json["data"]["id"]
    refused(ngozi.post(PAYOUTS, by_hand(house), key="bonus-1"), 422, "idempotency_key_reused")


def test_a_month_drafted_twice_says_which_one_there_is(house, ngozi):
    drafted(ngozi)
    asked = by_hand(house, kind="monthly", amount_kobo=0)
    answer = refused(ngozi.post(PAYOUTS, asked), 409, "duplicate_period")
    assert answer["existing_id"] == only(ngozi)["id"]


@pytest.mark.parametrize(
    ("status", "code", "more"),
    [
        (422, "total_mismatch", {"net_kobo": 5}),
        (422, "contract_inactive", {"period_start": "2025-10-01", "period_end": "2025-10-02"}),
        (422, "future_period", {"period_start": "2026-12-01", "period_end": "2026-12-02"}),
        (422, "negative_net", {"deductions": [{"code": "x", "label": "X", "amount_kobo": 10**7}]}),
        (422, "invalid", {"amount_kobo": 10**16}),
        (422, "invalid", {"owner_id": str(uuid4())}),
        (404, "not_found", {"contract_id": str(uuid4())}),
    ],
)
def test_what_cannot_be_drafted_says_why(house, ngozi, status, code, more):
    refused(ngozi.post(PAYOUTS, by_hand(house, **more)), status, code)


# -- who sees what --------------------------------------------------------------------------------


def test_finance_of_one_hospital_neither_sees_nor_moves_what_is_anothers(api, house, wuse, ngozi):
    drafted(api.as_(Role.ADMIN))
    mine = only(ngozi)
    assert mine["hospital"]["name"] == "GrandPro Ikeja"
    admin = api.as_(Role.ADMIN)
    [other] = [row for row in ok(admin.get(PAYOUTS)) if row["id"] != mine["id"]]
    for path in ("", "/lines", "/recompute", "/statement.pdf", "/statement.csv"):
        assert ngozi.get(f"{PAYOUTS}/{other['id']}{path}").status_code == 404
    refused(step(ngozi, other, "pending"), 404, "not_found")
    [run] = ok(admin.get(f"{PAYOUTS}/runs"))
    assert ok(ngozi.get(f"{PAYOUTS}/runs")) == []
    assert ngozi.get(f"{PAYOUTS}/runs/{run['id']}").status_code == 404
    whole = {"hospital_ids": [other["hospital"]["id"]]}
    assert ngozi.post(f"{PAYOUTS}/process-monthly", whole).status_code == 404
    refused(ngozi.post(f"{PAYOUTS}/bank-file", {"run_id": run["id"]}), 409, "nothing_to_pay")


def test_an_owner_sees_their_own_from_submission_on_and_nothing_of_the_house(api, house, wuse):
    admin = api.as_(Role.ADMIN)
    bring_in(admin)
    drafted(admin)
    alhaji = api.as_owner(house.owner.id)
    assert ok(alhaji.get(PAYOUTS, owner_id=str(wuse.owner.id))) == []
    assert ok(alhaji.get(PAYOUTS)) == []
    [row] = [r for r in ok(admin.get(PAYOUTS)) if r["owner"]["id"] == str(house.owner.id)]
    ok(step(admin, row, "pending"))

    mine = only(alhaji)
    seen = ok(alhaji.get(f"{PAYOUTS}/{mine['id']}"))
    assert (seen["risk_flags"], seen["allowed_next"]) == ([], [])
    assert {move["actor"] for move in seen["history"]} == {"GrandPro"}
    assert alhaji.get(f"{PAYOUTS}/exceptions").status_code == 404
    assert ok(alhaji.get(f"{PAYOUTS}/runs")) == []
    assert step(alhaji, mine, "cancelled").status_code == 403
    assert api.as_owner(wuse.owner.id).get(f"{PAYOUTS}/{mine['id']}").status_code == 404


# -- lists and files ------------------------------------------------------------------------------


def test_the_list_is_filtered_paged_summed_and_a_sheet_when_wanted(api, house, wuse):
    admin = api.as_(Role.ADMIN)
    bring_in(admin)
    drafted(admin)
    ok(admin.post(PAYOUTS, by_hand(wuse)), 201)
    first = admin.get(PAYOUTS, limit=2)
    rest = admin.get(PAYOUTS, limit=2, cursor=first.json["meta"]["next_cursor"])
    assert (len(ok(first)), len(ok(rest))) == (2, 1)
    totals = first.json["meta"]["totals"]
    assert (totals["count"], totals["net_kobo"]) == (3, 30_900_000)
    assert len(ok(admin.get(PAYOUTS, status=["draft", "approved"], kind="bonus"))) == 1
    assert len(ok(admin.get(PAYOUTS, min_kobo=1, q="po2610"))) == 2
    sheet = admin.get(PAYOUTS, format="csv")
    rows = list(csv.DictReader(io.StringIO(sheet.text)))
    assert {row["net_naira"] for row in rows} == {"300000.00", "9000.00", "0.00"}
    assert sheet.content_type.startswith("text/csv")
    assert admin.get(PAYOUTS, period_from="2020-01-01", period_to="2026-01-01").status_code == 422


def test_a_statement_explains_every_line_and_adds_up(api, house, ngozi, bayo):
    bring_in(ngozi)
    drafted(ngozi)
    ready = approved(ngozi, bayo)
    pdf = ngozi.get(f"{PAYOUTS}/{ready['id']}/statement.pdf")
    assert (pdf.content_type, pdf.data[:5]) == ("application/pdf", b"%PDF-")
    assert pdf.data == ngozi.get(f"{PAYOUTS}/{ready['id']}/statement.pdf").data
    sheet = ngozi.get(f"{PAYOUTS}/{ready['id']}/statement.csv")
    rows = list(csv.DictReader(io.StringIO(sheet.text)))
    amounts = [round(float(row["amount_naira"]) * 100) for row in rows]
    assert sum(amounts[:-1]) == amounts[-1] == ready["net_kobo"]
    assert all(row["explanation"] for row in rows)
