"""Files stay short, speak of the product alone, and tell every setting."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.config import Settings, _variable

ROOT = Path(__file__).parents[2]
PRODUCT = ("bot", "crm", "conversations", "webhooks", "workers")
WRITTEN = {".py", ".md", ".toml", ".txt", ".html", ".css", ".js", ".svg", ".json", ".yml", ".cfg"}
LONGEST = 400

# Spelled so that this file does not find itself.
FORBIDDEN = re.compile(
    r"(?<![\w.])/(?:wor[k]|far[m]|roo[t]|hom[e])/"  # somebody's machine
    r"|\bwor[k]place\b|\bsub-?agen[t]|\bth[i]s session\b|\banother helpe[r]\b|\blead enginee[r]\b",
    re.IGNORECASE,
)

PATCHED = re.compile(
    r"\.(set|del)(att[r]|ite[m])\(|\bunittest\.moc[k]\b|\bmocke[r]\b|object\.__setatt[r]__"
)


def test_no_file_of_the_product_is_longer_than_a_sitting():
    long = [
        f"{path.relative_to(ROOT)}: {count}"
        for folder in PRODUCT
        for path in texts(ROOT / folder)
        # A migration is as long as its schema; a book of texts as what there is to say.
        if path.suffix in {".py", ".js", ".css", ".html"} and "versions" not in path.parts
        if (count := len(path.read_text("utf-8").splitlines())) > LONGEST
    ]
    assert not long, "split at 400"


def test_no_file_tells_where_or_how_it_was_written():
    found = [
        f"{path.relative_to(ROOT)}: {hit[0]}"
        for path in everything()
        for hit in [FORBIDDEN.search(path.read_text("utf-8"))]
        if hit
    ]
    assert not found


def test_no_test_patches_what_it_tests():
    """What a test needs otherwise is a parameter, a setting or a plug of the wiring."""
    found = [
        f"{path.relative_to(ROOT)}: {hit[0]}"
        for path in texts(ROOT / "tests")
        if path.suffix == ".py"
        for hit in [PATCHED.search(path.read_text("utf-8"))]
        if hit
    ]
    assert not found


@pytest.mark.parametrize("field", Settings.model_fields)
def test_every_setting_is_told_to_those_who_run_the_service(field):
    assert f"`{_variable(field)}`" in (ROOT / "docs" / "operations.md").read_text("utf-8")


def everything() -> Iterator[Path]:
    yield from (path for path in ROOT.iterdir() if path.is_file() and is_written(path))
    for folder in (*PRODUCT, "tests", "docs"):
        yield from texts(ROOT / folder)


def texts(folder: Path) -> Iterator[Path]:
    yield from (path for path in sorted(folder.rglob("*")) if path.is_file() and is_written(path))


def is_written(path: Path) -> bool:
    return path.suffix in WRITTEN or path.name in {"Makefile", "Procfile"}
