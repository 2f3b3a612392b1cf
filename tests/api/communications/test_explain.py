"""Why a message would go, wait or stop."""

from crm import suppressions
from crm.kit.permissions import Role
from crm.models import SuppressionReason
from tests.api.caller import Api
from tests.api.communications.sent import HELLO
from tests.stack import SUNDAY_MORNING


def test_the_explanation_is_what_happens(api: Api, ada):
    desk = api.as_(Role.FRONT_DESK, hospital="IKJ")
    who = {"patient_id": ada.patient_id, "purpose": "care"}

    may = desk.get("/communications/explain", **who).json["data"]
    with api.wiring.transaction() as session:
        suppressions.suppress(session, ada.address_id, SuppressionReason.STOP, now=SUNDAY_MORNING)
    not_now = desk.get("/communications/explain", **who).json["data"]
    refused = desk.post(f"/patients/{ada.patient_id}/communications", HELLO)

    assert may["answer"]["verdict"]["kind"] == "go"
    assert [step["name"] for step in may["answer"]["steps"]] == [
        "person", "address", "suppression", "consent", "frequency", "quiet_hours", "window",
    ]  # fmt: skip
    assert not_now["answer"]["verdict"]["code"] == refused.json["reason"] == "stop"
    assert desk.get("/communications/explain", purpose="care").status_code == 422
