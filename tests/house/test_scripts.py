"""Every talk can be played to its end, and no question a person may stand at is ever taken away."""

import pytest

from conversations.dialogue import Dialogue, ScriptWrong
from conversations.dialogues import DIALOGUES
from conversations.flows import chart_of, checks, mermaid, svg


@pytest.mark.parametrize("talk", DIALOGUES.values(), ids=DIALOGUES)
def test_nothing_is_wrong_with_a_talk(talk: type[Dialogue]):
    assert list(checks.faults_of(talk)) == []


def test_the_ledger_has_every_question_ever_shipped_and_where_renamed_ones_went():
    assert list(checks.ledger_faults()) == []


# -- a script that cannot be played ----------------------------------------------------------------

_END = ("ask", "anything", None, None, "ask")


@pytest.mark.parametrize(
    ("script", "fault"),
    [
        ([("start", "anything", "is_odd", None, "ask"), _END], "no method is_odd"),
        ([("start", "anything", None, "odd", "ask"), _END], "no method odd"),
        ([("start", "anything", None, None, "ask"), ("ask", "yes", None, None, "end")], "hear any"),
        ([("start", "anything", None, None, "end"), (*_END[:4], "end")], "ask is never reached"),
    ],
)
def test_a_script_that_cannot_be_played_is_refused(script, fault):
    with pytest.raises(ScriptWrong, match=fault):
        type("Broken", (Dialogue,), {"name": "broken", "script": script})


# -- what the checks find --------------------------------------------------------------------------


def answers_well(desk, answers):
    return ("good", None) if answers else ("bad", None)


def hands_on(desk, answers):
    return checks_of_others(desk)


def checks_of_others(desk):
    return "odd", 3


def hides(desk, answers):
    return answers["said"]


_CLUMSY = {
    "name": "clumsy",
    "script": (
        ("start", "anything", None, None, "find"),
        ("find", "good", None, None, "ask"),
        ("find", "never", None, None, "lonely"),
        ("lonely", "anything", None, None, "nobody"),
        ("ask", "chiose", None, None, "gone"),
        ("ask", "anything", None, None, "ask"),
        ("apart", "anything", None, None, "away"),
        ("away", "anything", None, None, "apart"),
    ),
    "house": frozenset({"find", "lonely"}),
    "offers": {"ask": ("yes", "fly")},
    "leads_to": {"gone": "moon"},
    "__doc__": "A talk with everything that importing it lets through.",
}


@pytest.mark.parametrize(
    "fault",
    [
        "apart: nothing leads here",
        "ask: has no text in en",
        "ask_again: has no text in pcm",
        "ask: the option fly has no label in en",
        "lonely: no desk answers it",
        "find: does not hear bad",
        "find: the house never says never",
        "ask: nothing is heard as chiose",
        "away: leads nowhere",
        "gone: there is no moon",
    ],
)
def test_each_check_finds_what_it_looks_for(fault):
    clumsy = type("Clumsy", (Dialogue,), dict(_CLUMSY))
    desks = {("clumsy", "find"): answers_well}
    assert f"clumsy.{fault}" in list(checks.faults_of(clumsy, desks))


def test_answers_of_the_desk_are_read_through_what_it_hands_on_to():
    assert checks.kinds_of(hands_on) == {"odd"}
    with pytest.raises(checks.Unreadable):
        checks.kinds_of(hides)


def test_a_question_that_left_the_ledger_unsaid_is_found(tmp_path):
    ledger = tmp_path / "states.txt"
    ledger.write_text(checks.LEDGER.read_text() + "zoo.ask\n")

    def faults(renamed):
        return list(checks.ledger_faults(ledger, renamed))

    assert any(fault.startswith("zoo.ask: conversations") for fault in faults({}))
    assert faults({"zoo.ask": "menu.ask"}) == []
    assert faults({"zoo.ask": "zoo.asked"}) == ["zoo.ask: its new name zoo.asked is no question"]


# -- pictures --------------------------------------------------------------------------------------


@pytest.mark.parametrize("talk", DIALOGUES.values(), ids=DIALOGUES)
def test_every_state_of_every_talk_is_drawn(talk: type[Dialogue]):
    chart = chart_of(talk)
    picture, words = svg(chart), mermaid(chart)
    for state in chart.states.values():
        assert f"s_{state.name}" in words
        assert state.title in picture or state.name == "start" or state.words
    assert picture == svg(chart)
