"""The phrase tables these tests read."""

import tomllib
from pathlib import Path
from typing import Any

_DATA = Path(__file__).parents[2] / "data"


def table(name: str) -> dict[str, Any]:
    """One table of phrases with what they mean."""
    return tomllib.loads((_DATA / f"{name}_phrases.toml").read_text(encoding="utf-8"))
