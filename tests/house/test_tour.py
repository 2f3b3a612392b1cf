"""The tour's walk through the API does what it says: each line is run, each status compared."""

import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import Databases
from tests.stack import Stack

TOUR = Path(__file__).parents[2] / "docs" / "tour.md"
_BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)
_PROMISE = re.compile(r"  +# (\d{3})$", re.MULTILINE)
_WALK = "## The API by curl"
_PATH = "/usr/local/bin:/usr/bin:/bin"
_LONGEST_S = 300


@pytest.fixture
def database_url(copies: Databases) -> Iterator[str]:
    """The demo with its two years."""
    with copies.lived_in() as url:
        yield url


def test_every_line_of_the_walk_answers_as_it_says(stack: Stack, tmp_path: Path):
    """Takes its time: it asks some eighty things by curl."""
    walk = "".join(_BLOCK.findall(TOUR.read_text().partition(_WALK)[2]))
    places = {"B": stack.url, "SANDBOX": str(stack.wiring.settings.twilio_base_url)}
    said, complaints = run(walk, stack, tmp_path, places | {"TOKEN": "", "PATH": _PATH})
    answered = [line for line in said.splitlines() if re.match(r"\d{3}\b", line)]
    promised = _PROMISE.findall(walk)
    wrong = [
        f"promised {status}: {line}"
        for status, line in zip(promised, answered, strict=False)
        if not line.startswith(status)
    ]
    assert not wrong
    assert not complaints
    assert len(answered) == len(promised) > 70


def run(walk: str, stack: Stack, folder: Path, environment: dict[str, str]) -> tuple[str, str]:
    """Play the walk in a shell, and do the workers' part while it goes on."""
    with (folder / "said").open("w+") as said, (folder / "complaints").open("w+") as complaints:
        shell = subprocess.Popen(
            ["/bin/bash", "-c", walk], cwd=folder, env=environment, stdout=said, stderr=complaints
        )
        until = time.monotonic() + _LONGEST_S
        while shell.poll() is None:
            assert time.monotonic() < until or shell.kill(), "the walk does not end"
            stack.work()
            time.sleep(0.2)
        return (folder / "said").read_text(), (folder / "complaints").read_text()
