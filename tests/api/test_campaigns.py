"""Campaigns through the API, from a draft to the last recipient, with workers by hand."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from crm import outbox, suppressions
from crm.kit.permissions import Role
from crm.models import Lane, Message, Patient, SuppressionReason
from crm.outbox import Outcome
from tests.api.caller import Api
from tests.crm.senders import a_template, reached
from workers import campaigns as jobs

EYES = {
    "name": "Eye week",
    "kind": "marketing",
    "channels": ["sms"],
    "template_code": "eyes",
    "filter": {"field": "state", "op": "in", "value": ["Lagos"]},
}
PATH = "/communications/campaigns"


@pytest.fixture
def people(api: Api):
    """Four patients of Ikeja in Lagos, one of whom wants no offers, and the words for them."""
    with api.wiring.transaction() as session:
        a_template(session)
        made = [reached(session, name=name) for name in ("Ada", "=1+1", "Musa", "Ngozi")]
        for person in made:
            patient = session.get(Patient, person.patient_id)
            patient.home_hospital_id = api.hospitals["IKJ"]
        suppressions.suppress(
            session, made[3].address_id, SuppressionReason.STOP, now=api.wiring.now()
        )
    return made


@pytest.fixture
def officer(api: Api):
    return api.as_(Role.COMMUNICATIONS, hospital="IKJ")


@pytest.fixture
def head(api: Api):
    return api.as_(Role.HOSPITAL_ADMIN, hospital="IKJ")


def drafted(officer, **changes) -> str:
    answer = officer.post(PATH, EYES | changes)
    assert answer.status_code == 201, answer.json
    return answer.json["data"]["campaign"]["id"]


def progress(officer, id_: str) -> dict[str, int]:
    shown = officer.get(f"{PATH}/{id_}").json["data"]["campaign"]["progress"]
    return {state: n for state, n in shown.items() if n and state != "pct"}


def deliver(api: Api):
    with api.wiring.transaction() as session:
        claimed = outbox.claim(session, Lane.BULK, now=api.wiring.now(), limit=100)
        outcomes = [Outcome.accepted(each.id, each.n, each.id.hex) for each in claimed]
        outbox.settle(session, outcomes, now=api.wiring.now())


def count(api: Api) -> int:
    with api.wiring.sessions() as session:
        return session.scalar(select(func.count()).select_from(Message))


def test_a_campaign_from_draft_to_its_end(api: Api, people, officer, head):
    answer = officer.post(PATH, EYES).json["data"]
    seen, id_ = answer["preview"], answer["campaign"]["id"]
    assert (seen["audience"], seen["eligible"], seen["suppressed"]) == (4, 3, {"stop": 1})
    assert seen["estimated_cost_kobo"] == 1_800
    run = {"confirm_audience": 3}

    assert officer.post(f"{PATH}/{id_}/execute", run).json["code"] == "approval_required"
    assert officer.post(f"{PATH}/{id_}/approve").json["code"] == "four_eyes"
    assert head.post(f"{PATH}/{id_}/approve").status_code == 200
    dry = officer.post(f"{PATH}/{id_}/execute", run | {"dry_run": True})
    assert (dry.status_code, dry.json["data"]["campaign"]["status"]) == (200, "approved")
    changed = officer.post(f"{PATH}/{id_}/execute", {"confirm_audience": 30}).json
    assert (changed["code"], changed["old"], changed["new"]) == ("audience_changed", 30, 3)
    started = officer.post(f"{PATH}/{id_}/execute", run)
    assert (started.status_code, count(api)) == (202, 0)

    counts = jobs.fan_out(api.wiring)
    assert (counts["started"], counts["posted"]) == (1, 3)
    assert progress(officer, id_) == {"queued": 3, "excluded": 1}
    deliver(api)
    assert jobs.progress(api.wiring) == {"followed": 3, "completed": 1}
    assert progress(officer, id_) == {"sent": 3, "excluded": 1}
    shown = officer.get(f"{PATH}/{id_}").json["data"]
    assert (shown["campaign"]["status"], shown["suppressed"]) == ("completed", {"stop": 1})
    assert jobs.fan_out(api.wiring)["posted"] == 0
    assert count(api) == 3


def test_a_campaign_can_be_paused_resumed_and_cancelled(api: Api, people, officer, head):
    id_ = drafted(officer)
    head.post(f"{PATH}/{id_}/approve")
    officer.post(f"{PATH}/{id_}/execute", {"confirm_audience": 3})
    jobs.fan_out(api.wiring)

    paused = officer.post(f"{PATH}/{id_}/pause", {"reason": "a wrong date"})
    assert paused.json["data"]["status"] == "paused"
    assert progress(officer, id_) == {"planned": 3, "excluded": 1}
    assert jobs.fan_out(api.wiring)["posted"] == 0
    assert officer.post(f"{PATH}/{id_}/resume").json["data"]["status"] == "running"
    assert jobs.fan_out(api.wiring)["posted"] == 3
    ended = officer.post(f"{PATH}/{id_}/cancel", {"reason": "called off"})
    assert ended.json["data"]["progress"]["cancelled"] == 3
    again = officer.post(f"{PATH}/{id_}/resume")
    assert (again.status_code, again.json["code"]) == (409, "invalid_state")
    assert officer.post(f"{PATH}/{id_}/retry-failed").status_code == 409


def test_a_campaign_waits_for_its_moment(api: Api, people, officer, head):
    id_ = drafted(officer)
    head.post(f"{PATH}/{id_}/approve")
    at = api.wiring.now() + timedelta(hours=1)
    later = {"mode": "schedule", "at": at.isoformat(), "confirm_audience": 3}

    assert officer.post(f"{PATH}/{id_}/execute", {"mode": "schedule"}).status_code == 422
    assert officer.post(f"{PATH}/{id_}/execute", later).status_code == 202
    assert jobs.fan_out(api.wiring)["started"] == 0
    api.wiring.clock.move(timedelta(hours=1))
    assert jobs.scheduled(api.wiring)["campaigns_due"] == 1
    assert jobs.fan_out(api.wiring)["started"] == 1


def test_recipients_are_listed_masked_and_as_a_safe_csv(api: Api, people, officer, head):
    id_ = drafted(officer)
    head.post(f"{PATH}/{id_}/approve")
    officer.post(f"{PATH}/{id_}/execute", {"confirm_audience": 3})
    jobs.fan_out(api.wiring)

    shown = officer.get(f"{PATH}/{id_}/recipients", limit=3).json
    excluded = officer.get(f"{PATH}/{id_}/recipients", state="excluded").json["data"]
    sheet = officer.get(f"{PATH}/{id_}/recipients", format="csv")

    assert len(shown["data"]) == 3
    assert shown["meta"]["next_cursor"]
    assert all("****" in each["address"] for each in shown["data"])
    assert [(each["name"], each["reason"]) for each in excluded] == [("Ngozi", "stop")]
    assert sheet.content_type.startswith("text/csv")
    assert ",'=1+1," in sheet.text


def test_another_hospital_sees_and_moves_nothing(api: Api, people, officer, head):
    id_ = drafted(officer)
    other = api.as_(Role.HOSPITAL_ADMIN, hospital="WUS")

    assert other.get(PATH).json["data"] == []
    assert other.get(f"{PATH}/{id_}").status_code == 404
    assert other.get(f"{PATH}/{id_}/recipients").status_code == 404
    for step in ("preview", "approve", "pause", "resume", "cancel", "execute", "retry-failed"):
        body = {"reason": "for a test", "confirm_audience": 3}
        wanted = {"pause": ["reason"], "cancel": ["reason"], "execute": ["confirm_audience"]}
        sent = {name: body[name] for name in wanted.get(step, [])}
        assert other.post(f"{PATH}/{id_}/{step}", sent).status_code == 404, step
    theirs = other.post(PATH, EYES | {"hospital_id": str(api.hospitals["IKJ"])})
    assert theirs.status_code == 403
    own = other.post(PATH, EYES).json["data"]
    assert own["preview"]["audience"] == 0


def test_testers_read_it_first(api: Api, people, officer):
    id_ = drafted(officer)
    assert officer.post(f"{PATH}/{id_}/execute", {"mode": "test"}).json["code"] == "no_testers"
    api.wiring.settings = api.wiring.settings.model_copy(
        update={"test_recipients": ("+2349140000555", "tester@example.com")}
    )

    tried = officer.post(f"{PATH}/{id_}/execute", {"mode": "test"})

    assert len(tried.json["data"]["test_message_ids"]) == count(api) == 1
    assert progress(officer, id_) == {}


@pytest.mark.parametrize(
    "change",
    [
        {"name": "x"},
        {"kind": "spam"},
        {"channels": []},
        {"channels": ["sms", "sms"]},
        {"channels": ["whatsapp"]},
        {"template_code": "unknown"},
        {"kind": "survey"},
        {"filter": {"field": "password", "op": "in", "value": ["x"]}},
        {"filter": {"sql": "true; drop table messages"}},
        {"throttle_per_min": 0},
        {"status": "approved"},
    ],
)
def test_what_does_not_fit_is_422(api: Api, people, officer, change):
    answer = officer.post(PATH, EYES | change)
    assert answer.status_code == 422, answer.json
    assert answer.json["errors"]
