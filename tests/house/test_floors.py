"""The floors of the house hold, and every module stands on one of them."""

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Here each module has its own floor; the other packages stand on one as a whole.
HOUSES = ("bot", "crm")


def test_calls_go_down_and_the_doors_do_not_know_each_other():
    lint = Path(sys.executable).with_name("lint-imports")
    checked = subprocess.run([lint], cwd=ROOT, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


def test_every_module_stands_on_a_floor():
    homeless = modules() - named_in_the_contract()
    assert not homeless, "give them a floor in pyproject.toml, [tool.importlinter]"


def modules() -> set[str]:
    files = [file for house in HOUSES for file in (ROOT / house).iterdir()]
    named = [file for file in files if not file.name.startswith("__") and is_module(file)]
    return {f"{file.parent.name}.{file.stem}" for file in named}


def is_module(path: Path) -> bool:
    return path.suffix == ".py" or (path / "__init__.py").exists()


def named_in_the_contract() -> set[str]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contract = settings["tool"]["importlinter"]["contracts"][0]
    words = " ".join(contract["layers"]).replace("(", " ").replace(")", " ").split()
    return {word for word in words if word not in {":", "|"}}
