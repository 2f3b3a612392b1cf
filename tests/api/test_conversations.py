"""A person of the house takes a talk over, answers, and hands it back."""

from datetime import timedelta

from crm.kit.permissions import Role
from tests.api.caller import Api
from tests.people import ADA, MUSA
from tests.stack import Stack


def api_of(stack: Stack) -> Api:
    """The API of the whole product."""
    return Api(stack.app, stack.wiring)


def waiting(stack: Stack) -> str:
    stack.register(ADA, "Adaeze Obi")
    stack.say(ADA, "person")
    desk = api_of(stack).as_(Role.FRONT_DESK, hospital="IKJ")
    (talk,) = desk.get("/conversations", answering="waiting").json["data"]
    return talk["id"]


def test_the_line_shows_who_waits_with_a_masked_number(stack: Stack):
    waiting(stack)
    desk = api_of(stack).as_(Role.FRONT_DESK, hospital="IKJ")
    (talk,) = desk.get("/conversations", answering="waiting").json["data"]
    assert talk["people"] == ["Adaeze Obi"]
    assert "****" in talk["number"]
    assert talk["waiting_reason"] == "asked"


def test_a_person_answers_and_the_bot_is_silent_until_handed_back(stack: Stack):
    talk = waiting(stack)
    desk = api_of(stack).as_(Role.FRONT_DESK, hospital="IKJ")
    assert desk.post(f"/conversations/{talk}/take-over").json["data"]["answering"] == "person"
    heard = len(stack.heard_by(ADA))
    stack.say(ADA, "where is my card?")
    assert len(stack.heard_by(ADA)) == heard
    answer = desk.post(f"/conversations/{talk}/replies", {"text": "It is at the desk."})
    assert answer.status_code == 202
    stack.work()
    assert stack.heard_by(ADA)[-1].body == "It is at the desk."
    assert desk.post(f"/conversations/{talk}/hand-back").json["data"]["answering"] == "bot"
    stack.say(ADA, "menu")
    assert stack.heard_by(ADA)[-1].choices
    said = desk.get(f"/conversations/{talk}/messages").json["data"]
    assert [line["text"] for line in said if line["sent_by"]] == ["It is at the desk."]


def test_the_same_reply_sent_twice_is_said_once(stack: Stack):
    talk = waiting(stack)
    desk = api_of(stack).as_(Role.FRONT_DESK, hospital="IKJ")
    desk.post(f"/conversations/{talk}/take-over")
    answers = [
        desk.post(f"/conversations/{talk}/replies", {"text": "Yes."}, key="a-key") for _ in "12"
    ]
    assert answers[0].json == answers[1].json
    assert answers[1].headers["Idempotency-Replayed"] == "true"
    stack.work()
    assert [m.body for m in stack.heard_by(ADA)].count("Yes.") == 1


def test_another_body_under_the_same_key_is_refused(stack: Stack):
    talk = waiting(stack)
    desk = api_of(stack).as_(Role.FRONT_DESK, hospital="IKJ")
    desk.post(f"/conversations/{talk}/take-over")
    desk.post(f"/conversations/{talk}/replies", {"text": "Yes."}, key="a-key")
    other = desk.post(f"/conversations/{talk}/replies", {"text": "No."}, key="a-key")
    assert (other.status_code, other.json["code"]) == (422, "idempotency_key_reused")


def test_a_colleague_does_not_write_into_a_talk_that_is_taken(stack: Stack):
    talk = waiting(stack)
    api = api_of(stack)
    first, second = (api.as_(Role.FRONT_DESK, hospital="IKJ") for _ in "12")
    first.post(f"/conversations/{talk}/take-over")
    assert second.post(f"/conversations/{talk}/take-over").json["code"] == "taken_by_another"
    reply = second.post(f"/conversations/{talk}/replies", {"text": "Hello"})
    assert (reply.status_code, reply.json["code"]) == (409, "taken_by_another")


def test_a_talk_must_be_taken_over_before_one_writes_in_it(stack: Stack):
    talk = waiting(stack)
    desk = api_of(stack).as_(Role.FRONT_DESK, hospital="IKJ")
    reply = desk.post(f"/conversations/{talk}/replies", {"text": "Hello"})
    assert reply.json["code"] == "not_taken"


def test_after_a_day_whatsapp_takes_no_free_words(stack: Stack):
    talk = waiting(stack)
    stack.clock.move(timedelta(hours=25))
    desk = api_of(stack).as_(Role.FRONT_DESK, hospital="IKJ")
    desk.post(f"/conversations/{talk}/take-over")
    reply = desk.post(f"/conversations/{talk}/replies", {"text": "Hello"})
    assert (reply.status_code, reply.json["code"]) == (409, "window_closed")


def test_another_hospitals_desk_sees_nothing_of_it(stack: Stack):
    talk = waiting(stack)
    wuse = api_of(stack).as_(Role.FRONT_DESK, hospital="WUS")
    assert wuse.get("/conversations").json["data"] == []
    for path in ("", "/messages"):
        assert wuse.get(f"/conversations/{talk}{path}").status_code == 404
    assert wuse.post(f"/conversations/{talk}/take-over").status_code == 404


def test_what_was_not_understood_is_listed_by_question(stack: Stack):
    stack.register(MUSA, "Musa Bello")
    stack.say(MUSA, "menu")
    stack.say(MUSA, "xyzzy plugh")
    found = api_of(stack).as_(Role.COMMUNICATIONS).get("/conversations/not-understood").json
    assert any("xyzzy plugh" in each["examples"] for each in found["data"])
