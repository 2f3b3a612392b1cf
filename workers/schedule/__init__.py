"""When things happen by themselves: the table, the metronome that reads it, and the runs."""

from workers.schedule.entries import Entry
from workers.schedule.metronome import Metronome, scheduler_alive, serve
from workers.schedule.runs import NoDryRun, UnknownJob, run_now, run_slot
from workers.schedule.table import SCHEDULE

__all__ = [
    "SCHEDULE",
    "Entry",
    "Metronome",
    "NoDryRun",
    "UnknownJob",
    "run_now",
    "run_slot",
    "scheduler_alive",
    "serve",
]
