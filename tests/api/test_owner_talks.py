"""What owners say in the chat: who of the house sees it, and who answers a dispute."""

from crm.kit.permissions import Role
from tests.api.test_conversations import api_of
from tests.conversations.estates import earned, own
from tests.people import DANLADI, FOLAKE
from tests.stack import Stack


def asks_for_a_person(stack: Stack) -> None:
    own(stack, DANLADI)
    stack.say(DANLADI, "contract")
    stack.say(DANLADI, "4321")
    stack.say(DANLADI, "person")


def test_an_owner_who_waits_is_seen_by_those_alone_who_may_know_owners(stack: Stack):
    asks_for_a_person(stack)
    api = api_of(stack)
    for role in (Role.HOSPITAL_ADMIN, Role.COMMUNICATIONS):
        (talk,) = (
            api.as_(role, hospital="IKJ").get("/conversations", answering="waiting").json["data"]
        )
        assert talk["people"] == ["Chief Danladi"]
    desk = api.as_(Role.FRONT_DESK, hospital="IKJ")
    assert desk.get("/conversations").json["data"] == []
    assert desk.get(f"/conversations/{talk['id']}").status_code == 404
    assert desk.post(f"/conversations/{talk['id']}/take-over").status_code == 404
    elsewhere = api.as_(Role.HOSPITAL_ADMIN, hospital="PHC")
    assert elsewhere.get("/conversations").json["data"] == []


def test_a_patient_who_is_an_owner_too_keeps_the_money_from_the_front_desk(stack: Stack):
    own(stack, FOLAKE)
    stack.register(FOLAKE, "Folake Ade")
    for words in ("contract", "4321", "my appointments"):
        stack.say(FOLAKE, words)
    api = api_of(stack)
    desk = api.as_(Role.FRONT_DESK, hospital="IKJ")
    (talk,) = desk.get("/conversations").json["data"]
    assert talk["people"] == ["Folake Ade", "Chief Folake"]
    said = desk.get(f"/conversations/{talk['id']}/messages").json["data"]
    assert said
    assert not [line for line in said if "10%" in line["text"] or "4321" in line["text"]]
    admin = api.as_(Role.HOSPITAL_ADMIN, hospital="IKJ")
    everything = admin.get(f"/conversations/{talk['id']}/messages").json["data"]
    assert [line for line in everything if "10%" in line["text"]]


def test_finance_answers_a_dispute(stack: Stack):
    own(stack, DANLADI)
    earned(stack, 12_500_000)
    for words in ("dispute", "4321", "2", "the tax is too high"):
        stack.say(DANLADI, words)
    api = api_of(stack)
    finance = api.as_(Role.FINANCE, hospital="IKJ")
    (row,) = finance.get("/follow-ups", severity="dispute").json["data"]
    about = finance.get(f"/follow-ups/{row['id']}").json["data"]["about"]
    assert about["comment"] == "Withholding tax: the tax is too high"
    assert about["payout_reference"].startswith("PO2610-")
    officer = api.as_(Role.COMMUNICATIONS, hospital="IKJ")
    assert officer.get("/follow-ups").json["data"] == []
    given = {"version": 1, "assignee_id": str(officer.id)}
    refused = api.as_(Role.HOSPITAL_ADMIN, hospital="IKJ").patch(f"/follow-ups/{row['id']}", given)
    assert refused.status_code == 422
    reached = finance.post(f"/follow-ups/{row['id']}/contacts", {"version": 1, "note": "Called."})
    closed = {"version": 2, "root_cause": "payout"}
    assert reached.json["data"]["status"] == "contacted"
    assert finance.post(f"/follow-ups/{row['id']}/resolution", closed).status_code == 200
