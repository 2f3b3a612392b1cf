"""What is well and what is not, with the way to mend it beside each."""

import shutil
from pathlib import Path

import click

from bot import health
from bot.texts import AWAIT_REVIEW, NAMES
from bot.wiring import Wiring

_LEAST_FREE_GIB = 1.0
_GIB = 1024**3

_MENDS = {
    "database": "start PostgreSQL, or mend DATABASE_URL",
    "migrations": "python -m bot migrate",
    "queue": "start Valkey, or mend REDIS_URL",
    "scheduler": "python -m bot schedule",
    "worker-urgent": "python -m bot work urgent",
    "worker-utility": "python -m bot work utility",
    "worker-bulk": "python -m bot work bulk",
    "disk": f"make room: less than {_LEAST_FREE_GIB:.0f} GiB is free",
}


def examine(wiring: Wiring) -> bool:
    """Print each check; True when all are well."""
    checks = health.examine(wiring) | {"disk": _has_room(wiring.settings.home)}
    for name, is_well in checks.items():
        click.echo(_line(name, is_well=is_well))
    for language in filter(AWAIT_REVIEW.__contains__, wiring.settings.languages):
        click.echo(_note(f"{NAMES[language]} is offered; no native speaker has reviewed it yet"))
    return all(checks.values())


def _has_room(home: Path) -> bool:
    place = next(folder for folder in (home, *home.parents) if folder.exists())
    return shutil.disk_usage(place).free >= _LEAST_FREE_GIB * _GIB


def _line(name: str, *, is_well: bool) -> str:
    if is_well:
        return f"{click.style('ok ', fg='green')}  {name}"
    return f"{click.style('BAD', fg='red')}  {name:<15} ->  {_MENDS.get(name, 'see the log')}"


def _note(words: str) -> str:
    return f"{click.style('note', fg='yellow')} {words}"
