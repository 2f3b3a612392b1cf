"""The folder where the processes of one machine add up their figures.

`bot.metrics` decides at its first import whether it shares, so this comes before it.
"""

import os
from pathlib import Path

import psutil

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


def share(home: Path) -> Path:
    """Let this process and its children count in the home's folder; returns it."""
    folder = Path(os.environ.setdefault(VARIABLE, str(home / "metrics")))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def tidy(folder: Path) -> None:
    """Remove what processes that are gone have counted: a new start counts from nought."""
    for file in folder.glob("*.db"):
        pid = file.stem.rpartition("_")[2]
        if pid.isdigit() and not psutil.pid_exists(int(pid)):
            file.unlink(missing_ok=True)
