"""What is asked for is worked on: every lane has a worker, every job can be named in JSON."""

import inspect
import pkgutil
import re
import shlex
import typing
from importlib import import_module
from pathlib import Path

import workers
from crm.models import Lane
from workers import calls

ROOT = Path(__file__).parents[2]
JSON = {str, int, float, bool, type(None), list, dict}


def test_every_lane_has_one_worker_in_the_procfile_and_every_worker_a_lane():
    worked = [words[-1] for words in commands() if words[:-1] == ["python", "-m", "bot", "work"]]
    assert sorted(worked) == sorted(Lane)


def test_the_procfile_beats_the_metronome_and_serves_the_web():
    started = [" ".join(words) for words in commands()]
    assert "python -m bot schedule" in started
    assert "python -m bot web" in started


def test_every_job_takes_the_wiring_and_then_only_what_json_can_say():
    foreign = [
        f"{name}({parameter.name}: {hints.get(parameter.name)})"
        for name, function in jobs().items()
        for hints in [typing.get_type_hints(function)]
        for parameter in list(inspect.signature(function).parameters.values())[1:]
        if (typing.get_origin(hints.get(parameter.name)) or hints.get(parameter.name)) not in JSON
    ]
    assert jobs()
    assert not foreign


def test_every_job_that_code_asks_for_by_name_exists():
    named = {
        name
        for folder in ("bot", "crm", "workers")
        for file in (ROOT / folder).rglob("*.py")
        for name in re.findall(r'"(workers(?:\.\w+){2,})"', file.read_text())
    }
    assert "workers.delivery.deliver" in named
    assert all(calls.find(name) for name in named)


def commands() -> list[list[str]]:
    lines = (ROOT / "Procfile").read_text().splitlines()
    return [shlex.split(line.partition(":")[2]) for line in lines if ":" in line]


def jobs() -> dict[str, typing.Callable[..., object]]:
    for module in pkgutil.walk_packages(workers.__path__, "workers."):
        import_module(module.name)
    return {name: function for name, function in calls._jobs.items() if name.startswith("workers.")}
