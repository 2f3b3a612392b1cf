"""Feedback, follow-ups and satisfaction as their callers see them."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text

from crm import feedback, satisfaction
from crm.kit.permissions import Role
from crm.models import Contract, FeedbackInvitation, Owner
from tests.api.caller import Api
from tests.crm.clinic import a_clinic
from tests.crm.estate import a_contract, an_owner, hospital
from tests.crm.visits import HOUR, a_visit, some_feedback

DAY = timedelta(days=1)


@pytest.fixture
def clinic(api: Api):
    """A hospital of its own, whose code is TST."""
    with api.wiring.transaction() as session:
        made = a_clinic(session, now=api.wiring.now())
    api.hospitals["TST"] = made.hospital.id
    return made


@pytest.fixture
def visit(api: Api, clinic):
    """Ada was there two hours ago, and is invited to say how it was."""
    now = api.wiring.now()
    with api.wiring.transaction() as session:
        made = a_visit(session, clinic, clinic.ada, over_at=now - 2 * HOUR)
        feedback.invite(session, appointment=made, now=now)
    return made


@pytest.fixture
def ada(api: Api, clinic):
    return api.as_patient(clinic.ada.id)


def path_of(clinic, rest: str = "") -> str:
    return f"/patients/{clinic.ada.id}/feedback{rest}"


def say(caller, clinic, visit, *, key=None, **body):
    sent = {"rating": 5, "appointment_id": str(visit.id)} | body
    return caller.post(path_of(clinic), sent, key=key)


def field_codes(answer) -> list[tuple[str, str]]:
    return [(each["field"], each["code"]) for each in answer.json["errors"]]


# -- giving ---------------------------------------------------------------------------------------


def test_a_patient_says_how_it_was_and_reads_it_again(ada, clinic, visit):
    said = say(
        ada, clinic, visit, rating=4, nps=9, categories=["billing"], comment="Fine.", channel="desk"
    )
    assert said.status_code == 201
    assert said.json["data"] | {"id": None} == {
        "id": None,
        "rating": 4,
        "sentiment": "positive",
        "points_awarded": 20,
        "follow_up": None,
    }
    (row,) = ada.get(path_of(clinic)).json["data"]
    assert (row["comment"], row["categories"], row["channel"]) == ("Fine.", ["billing"], "web")
    assert row["appointment_id"] == str(visit.id)
    assert ada.get("/feedback").json["data"] == [row]
    assert ada.get(f"/feedback/{row['id']}").json["data"] == row


def test_the_same_request_is_answered_the_same_and_another_refused(ada, clinic, visit):
    first = say(ada, clinic, visit, key="once")
    again = say(ada, clinic, visit, key="once")
    other = say(ada, clinic, visit, key="twice")

    assert (again.status_code, again.json) == (201, first.json)
    assert (other.status_code, other.json["code"]) == (409, "already_answered")


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"rating": 6}, [("rating", "less_than_equal")]),
        ({"rating": 4, "nps": 11}, [("nps", "less_than_equal")]),
        ({"rating": 4, "categories": ["parking"]}, [("categories.0", "enum")]),
        ({"rating": 4, "comment": "x" * 2001}, [("comment", "string_too_long")]),
        ({"rating": 4, "stars": 4}, [("stars", "extra_forbidden")]),
        ({"rating": 4}, [("appointment_id", "missing")]),
        ({"rating": 4, "invitation_token": "forged"}, [("invitation_token", "invalid")]),
        ({}, [("rating", "missing")]),
    ],
)
def test_what_cannot_be_is_refused_by_field(ada, clinic, body, fields):
    answer = ada.post(path_of(clinic), body)
    assert answer.status_code == 422
    assert field_codes(answer) == fields


def test_an_invitations_token_stands_for_the_visit(api, ada, clinic, visit):
    (invitation,) = ada.get(path_of(clinic, "/invitations")).json["data"]
    assert invitation["appointment_id"] == str(visit.id)
    token = {"rating": 3, "invitation_token": invitation["invitation_token"]}

    assert ada.post(path_of(clinic), token).status_code == 201
    assert ada.get(path_of(clinic, "/invitations")).json["data"] == []


def test_an_expired_token_is_gone(api, ada, clinic, visit):
    (invitation,) = ada.get(path_of(clinic, "/invitations")).json["data"]
    with api.wiring.transaction() as session:
        session.scalars(select(FeedbackInvitation)).one().expires_at = api.wiring.now()
    answer = ada.post(
        path_of(clinic), {"rating": 3, "invitation_token": invitation["invitation_token"]}
    )
    assert (answer.status_code, answer.json["code"]) == (410, "invitation_expired")


def test_anonymous_words_cannot_be_traced(api, ada, clinic, visit):
    said = say(ada, clinic, visit, rating=1, comment="rude", anonymous=True)
    assert said.json["data"]["id"] is None
    assert said.json["data"]["follow_up"] == {"id": None, "severity": "low_score"}
    assert said.json["data"]["points_awarded"] == 20
    assert ada.get(path_of(clinic)).json["data"] == []

    officer = api.as_(Role.COMMUNICATIONS, hospital="TST")
    (row,) = officer.get("/feedback").json["data"]
    assert {row[name] for name in ("patient_id", "appointment_id", "practitioner_id")} == {None}
    with api.wiring.sessions() as session:
        about = session.execute(
            text("select entity, entity_id from audit_events where action like '%feedback.create'")
        ).all()
        assert UUID(row["id"]) not in [each.entity_id for each in about]


def test_within_a_day_it_can_be_changed(api, ada, clinic, visit):
    id_ = say(ada, clinic, visit).json["data"]["id"]
    changed = ada.patch(path_of(clinic, f"/{id_}"), {"rating": 2, "comment": "Slow."})
    assert changed.json["data"]["follow_up"]["severity"] == "low_score"
    with api.wiring.transaction() as session:
        session.execute(text("update patient_feedback set said_at = said_at - interval '25 h'"))
    late = ada.patch(path_of(clinic, f"/{id_}"), {"rating": 5})
    assert (late.status_code, late.json["code"]) == (409, "edit_closed")


# -- whose ----------------------------------------------------------------------------------------


def test_the_desk_speaks_for_patients_of_its_hospital_alone(api, clinic, visit):
    assert say(api.as_(Role.FRONT_DESK, hospital="IKJ"), clinic, visit).status_code == 404
    here = say(api.as_(Role.FRONT_DESK, hospital="TST"), clinic, visit, channel="call")
    assert here.status_code == 201


def test_a_patient_reaches_nothing_of_another(api, ada, clinic, visit):
    id_ = say(ada, clinic, visit).json["data"]["id"]
    musa = api.as_patient(clinic.musa.id)

    assert say(musa, clinic, visit).status_code == 404
    assert musa.get(path_of(clinic)).status_code == 404
    assert musa.get(path_of(clinic, "/invitations")).status_code == 404
    assert musa.get(f"/feedback/{id_}").status_code == 404
    assert musa.get("/feedback").json["data"] == []
    assert musa.patch(path_of(clinic, f"/{id_}"), {"rating": 1}).status_code == 404
    mine = f"/patients/{clinic.musa.id}/feedback/{id_}"
    assert musa.patch(mine, {"rating": 1}).status_code == 404


@pytest.mark.parametrize("role", [Role.COMMUNICATIONS, Role.CLINICIAN, Role.AUDITOR])
def test_another_hospital_reads_nothing(api, ada, clinic, visit, role):
    id_ = say(ada, clinic, visit).json["data"]["id"]
    here, elsewhere = (api.as_(role, hospital=code) for code in ("TST", "IKJ"))

    assert [each["id"] for each in here.get("/feedback").json["data"]] == [id_]
    assert here.get(f"/feedback/{id_}").status_code == 200
    assert elsewhere.get("/feedback").json["data"] == []
    assert elsewhere.get(f"/feedback/{id_}").status_code == 404
    for caller, n in ((here, 1), (elsewhere, 0)):
        assert caller.get("/patients/feedback/summary").json["data"]["n"] == n


# -- figures --------------------------------------------------------------------------------------


def test_the_summary_shows_rates_with_their_interval(api, clinic):
    now = api.wiring.now()
    with api.wiring.transaction() as session:
        some_feedback(session, clinic, [5, 5, 4, 3, 1], now=now, categories=["billing"])
        some_feedback(session, clinic, [1], now=now - DAY)
    caller = api.as_(Role.HOSPITAL_ADMIN, hospital="TST")
    answer = caller.get("/patients/feedback/summary", group_by="day", **{"from": "2026-11-01"})
    found = answer.json["data"]

    assert answer.status_code == 200, answer.json
    assert (found["n"], found["average"]) == (6, pytest.approx(19 / 6))
    assert found["csat"]["rate"] == pytest.approx(0.5)
    assert found["csat"]["interval"]["low"] == pytest.approx(0.1876, abs=1e-4)
    assert found["distribution"] == {"1": 2, "2": 0, "3": 1, "4": 1, "5": 2}
    assert found["nps"] is None
    assert [each["key"] for each in found["series"]] == ["2026-11-22"]
    assert found["suppressed_groups"] == 1
    assert found["by_category"][0]["negative_share"] == pytest.approx(0.2)
    assert found["response_rate"]["rate"] is None
    assert found["window"] == {"from": "2026-11-01", "to": "2026-11-22"}


def test_fewer_than_five_show_nothing_but_their_number(api, clinic):
    with api.wiring.transaction() as session:
        some_feedback(session, clinic, [1, 1, 1, 1], now=api.wiring.now())
    caller = api.as_(Role.HOSPITAL_ADMIN, hospital="TST")
    found = caller.get("/patients/feedback/summary").json["data"]
    assert (found["n"], found["average"], found["csat"], found["distribution"]) == (
        4,
        None,
        None,
        None,
    )


@pytest.mark.parametrize("query", [{"from": "2024-01-01"}, {"from": "2026-12-01"}, {"to": "x"}])
def test_impossible_days_are_refused(api, clinic, query):
    caller = api.as_(Role.HOSPITAL_ADMIN)
    assert caller.get("/patients/feedback/summary", **query).status_code == 422


# -- follow-ups -----------------------------------------------------------------------------------


def test_a_complaint_is_worked_on_to_its_end(api, ada, clinic, visit):
    id_ = say(ada, clinic, visit, rating=1, comment="Nobody came.").json["data"]["follow_up"]["id"]
    officer = api.as_(Role.COMMUNICATIONS, hospital="TST")
    path = f"/follow-ups/{id_}"

    (listed,) = officer.get("/follow-ups", status="open").json["data"]
    assert (listed["id"], listed["is_breached"]) == (id_, False)
    detail = officer.get(path).json["data"]
    assert detail["about"]["comment"] == "Nobody came."
    assert detail["about"]["patient_id"] == str(clinic.ada.id)

    taken = officer.patch(path, {"version": 1, "assignee_id": str(officer.id)})
    assert taken.json["data"]["assignee_id"] == str(officer.id)
    stale = officer.post(f"{path}/contacts", {"version": 1, "note": "x"})
    assert (stale.status_code, stale.json["version"]) == (412, 2)
    reached = officer.post(f"{path}/contacts", {"version": 2, "note": "Called."})
    assert (reached.json["data"]["status"], reached.json["data"]["contact_note"]) == (
        "contacted",
        "Called.",
    )
    closed = officer.post(f"{path}/resolution", {"version": 3, "root_cause": "staffing"})
    assert (closed.json["data"]["status"], closed.json["data"]["root_cause"]) == (
        "resolved",
        "staffing",
    )
    again = officer.post(f"{path}/resolution", {"version": 4, "root_cause": "staffing"})
    assert (again.status_code, again.json["code"]) == (409, "already_resolved")


def test_follow_ups_are_for_those_who_handle_them_there(api, ada, clinic, visit):
    id_ = say(ada, clinic, visit, rating=1).json["data"]["follow_up"]["id"]
    elsewhere = api.as_(Role.COMMUNICATIONS, hospital="IKJ")
    assert elsewhere.get("/follow-ups").json["data"] == []
    assert elsewhere.get(f"/follow-ups/{id_}").status_code == 404
    assert elsewhere.patch(f"/follow-ups/{id_}", {"version": 1}).status_code == 422
    for caller in (ada, api.as_(Role.CLINICIAN, hospital="TST"), api.as_(Role.FRONT_DESK)):
        assert caller.get("/follow-ups").status_code == 403


def test_who_is_named_sees_it_no_more(api, ada, clinic, visit):
    id_ = say(ada, clinic, visit, rating=1).json["data"]["follow_up"]["id"]
    officer, musa = (api.as_(Role.COMMUNICATIONS, hospital="TST") for _ in range(2))
    named = officer.patch(f"/follow-ups/{id_}", {"version": 1, "named_user_id": str(musa.id)})
    assert named.status_code == 200
    assert musa.get(f"/follow-ups/{id_}").status_code == 404
    close = {"version": 2, "root_cause": "conduct"}
    assert musa.post(f"/follow-ups/{id_}/resolution", close).status_code == 404


# -- satisfaction ---------------------------------------------------------------------------------


@pytest.fixture
def owner(api: Api) -> Owner:
    with api.wiring.transaction() as session:
        ikeja = hospital(session, "IKJ")
        made = an_owner(session, now=api.wiring.now(), at=ikeja)
        a_contract(session, made, now=api.wiring.now(), at=ikeja)
    return made


def test_an_owner_answers_and_adds_to_it(api, owner):
    caller = api.as_owner(owner.id)
    path = f"/owners/{owner.id}/satisfaction"
    said = caller.post(path, {"overall": 2, "nps": 3, "comment": "Paid late."})
    assert said.status_code == 201, said.json
    assert (said.json["data"]["period"], said.json["data"]["sentiment"]) == ("2026-Q4", "negative")
    assert said.json["data"]["follow_up_id"]
    assert caller.post(path, {"overall": 5}).json["code"] == "already_answered"

    id_ = said.json["data"]["id"]
    assert caller.patch(f"{path}/{id_}", {"support": 4}).status_code == 200
    (row,) = caller.get(path).json["data"]
    assert (row["overall"], row["support"], row["comment"]) == (2, 4, "Paid late.")


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, [("overall", "missing")]),
        ({"overall": 0}, [("overall", "greater_than_equal")]),
        ({"overall": 4, "period": "2026-Q5"}, [("period", "string_pattern_mismatch")]),
        ({"overall": 4, "period": "2027-Q1"}, [("period", "future_period")]),
        ({"overall": 4, "contract_id": str(uuid4())}, [("contract_id", "not_theirs")]),
    ],
)
def test_what_an_owner_cannot_say_is_refused_by_field(api, owner, body, fields):
    answer = api.as_owner(owner.id).post(f"/owners/{owner.id}/satisfaction", body)
    assert (answer.status_code, field_codes(answer)) == (422, fields)


def test_owners_and_staff_keep_to_their_own(api, owner):
    path = f"/owners/{owner.id}/satisfaction"
    assert api.as_owner(uuid4()).post(path, {"overall": 1}).status_code == 404
    elsewhere = api.as_(Role.COMMUNICATIONS, hospital="PHC")
    assert elsewhere.post(path, {"overall": 1}).status_code == 404
    assert elsewhere.get(path).status_code == 404
    here = api.as_(Role.COMMUNICATIONS, hospital="IKJ")
    assert here.post(path, {"overall": 4}).status_code == 201
    assert here.get(path).json["data"][0]["channel"] == "call"
    assert api.as_(Role.FRONT_DESK, hospital="IKJ").get(path).status_code == 403


def test_metrics_hide_the_few(api, owner):
    api.as_owner(owner.id).post(f"/owners/{owner.id}/satisfaction", {"overall": 4, "nps": 9})
    for role in (Role.COMMUNICATIONS, Role.FINANCE_APPROVER, Role.AUDITOR):
        caller = api.as_(role, hospital="IKJ")
        answer = caller.get("/owners/satisfaction/metrics", group_by="hospital")
        found = answer.json["data"]
        assert answer.status_code == 200, answer.json
        assert (found["n"], found["average"], found["nps"]) == (1, None, None)
        assert (found["series"], found["suppressed_groups"]) == ([], 1)
        assert found["owner_weighted_average"] is None
    outside = api.as_(Role.COMMUNICATIONS, hospital="WUS")
    assert outside.get("/owners/satisfaction/metrics").json["data"]["n"] == 0


def test_a_round_is_started_once(api, owner):
    officer = api.as_(Role.COMMUNICATIONS, hospital="IKJ")
    path = "/owners/satisfaction/rounds"
    assert api.as_(Role.COMMUNICATIONS, hospital="PHC").post(path).json["data"]["invited"] == 0
    assert officer.post(path).json["data"] == {"period": "2026-Q4", "invited": 1}
    assert officer.post(path).json["data"]["invited"] == 0
    assert api.as_owner(owner.id).post(path).status_code == 403
    with api.wiring.sessions() as session:
        assert session.scalars(select(Contract.id)).one()
        assert satisfaction.count_due(session, now=api.wiring.now() + DAY) == 1
