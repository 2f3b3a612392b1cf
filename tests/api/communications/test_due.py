"""What waits for its hour."""

from datetime import timedelta

from crm.kit.permissions import Role
from crm.models import MessageStatus
from tests.api.caller import Api
from tests.api.communications.sent import HELLO, messages
from tests.stack import SUNDAY_MORNING


def test_what_is_due_is_reported_and_what_is_late_ends(api: Api, ada):
    desk = api.as_(Role.FRONT_DESK, hospital="IKJ")
    at = SUNDAY_MORNING + timedelta(minutes=5)
    for ttl in (1, 600):
        desk.post(
            f"/patients/{ada.patient_id}/communications",
            {**HELLO, "scheduled_at": at.isoformat(), "ttl_minutes": ttl},
        )
    api.wiring.clock.move(timedelta(minutes=10))
    service = api.as_(Role.SERVICE)

    seen = service.post("/communications/process-scheduled", {"dry_run": True}).json["data"]
    done = service.post("/communications/process-scheduled").json["data"]

    assert (seen["due"], seen["claimed"], seen["expired"]) == (1, 0, 1)
    assert (done["due"], done["claimed"], done["expired"]) == (1, 1, 1)
    assert done["oldest_due_age_s"] == 300
    assert {each.status for each in messages(api)} == {
        MessageStatus.QUEUED,
        MessageStatus.EXPIRED,
    }
    assert api.wiring.redis.exists("wake:utility")
