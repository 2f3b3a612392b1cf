import json
import socket

import pytest
from click.testing import CliRunner

from bot.cli import end_with, main
from bot.demo import commands
from bot.supervisor import bound

COMMANDS = (
    "demo",
    "doctor",
    "flows",
    "migrate",
    "replay",
    "run",
    "sandbox",
    "schedule",
    "seed",
    "work",
)


def invoke(*words, **environ):
    return CliRunner().invoke(main, list(words), env=environ)


def test_the_help_names_every_command():
    shown = invoke("--help")
    assert shown.exit_code == 0
    assert [name for name in COMMANDS if f"  {name} " not in shown.output] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command):
    shown = invoke(command, "--help")
    assert shown.exit_code == 0
    assert len(shown.output.splitlines()) > 3


@pytest.mark.parametrize("words", [("dance",), ("work",), ("work", "fast"), ("run",)])
def test_a_wrong_word_is_a_usage_error(words):
    assert invoke(*words).exit_code == 2


def test_settings_that_do_not_hold_are_listed_and_the_command_fails():
    answer = invoke("migrate", ENVIRONMENT="production")
    assert answer.exit_code == 1
    assert "TWILIO_AUTH_TOKEN is missing" in answer.output
    assert "DATABASE_URL is missing" in answer.output


@pytest.mark.parametrize("variable", ["PORT", "SANDBOX_PORT"])
def test_the_demo_says_which_port_is_taken_and_what_to_set(variable, tmp_path):
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        socket.create_server(("127.0.0.1", 0)) as other,
    ):
        free = other.getsockname()[1]
        other.close()
        ports = {"PORT": str(free), "SANDBOX_PORT": str(free)}
        ports[variable] = str(taken.getsockname()[1])
        answer = invoke("demo", GRANDPRO_HOME=str(tmp_path), **ports)
    assert answer.exit_code == 1
    assert f"set {variable} to a free one" in answer.output


def test_the_demo_runs_the_procfile_and_the_carrier():
    lanes = {"worker-urgent", "worker-utility", "worker-bulk"}
    assert set(commands()) == {"sandbox", "web", "scheduler", *lanes}
    assert bound("python -m bot work bulk").endswith(" python -m bot work bulk")


def test_secrets_are_made_up_without_a_word(tmp_path):
    invoke("demo", GRANDPRO_HOME=str(tmp_path), PORT="1", SANDBOX_PORT="x")
    assert json.loads((tmp_path / "secrets.json").read_text()).keys() >= {"secret_key"}


def test_the_dialogues_are_drawn_one_by_name_or_all_into_a_folder(tmp_path):
    assert "flowchart TD" in invoke("flows", "booking").output
    drawn = invoke("flows", "--format", "svg", "--out", str(tmp_path))
    assert drawn.exit_code == 0
    assert (tmp_path / "booking.svg").read_text("utf-8").startswith("<svg")
    assert len(list(tmp_path.glob("*.svg"))) == len(drawn.output.splitlines())


def test_what_is_wrong_with_the_dialogues_is_listed_and_the_command_fails(capsys):
    assert invoke("flows", "--format", "check").exit_code == 0
    assert invoke("flows", "dance").exit_code == 2
    with pytest.raises(SystemExit) as end:
        end_with(["menu.ask: is odd", "menu.told: is odder"])
    assert end.value.code == 1
    assert capsys.readouterr().out == "menu.ask: is odd\nmenu.told: is odder\n"
