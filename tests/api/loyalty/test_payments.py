"""Payments earn, and their refunds take back."""

from uuid import uuid4

from crm.kit.permissions import Role
from crm.models import Patient
from tests.api.caller import Api
from tests.api.loyalty.places import path


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
