"""An entry of the table and the arithmetic of its slots."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from crontab import CronTab

from crm.kit.clock import LAGOS

# Below the quarter of an hour after which a run counts as abandoned.
JOB_TIMEOUT_S = 600
_SECOND = timedelta(seconds=1)
_RECORDED_FROM_S = 60


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happens by itself. A slot is a moment at which it is due, to the second."""

    name: str
    when: int | str
    job: str
    lane: str
    why: str
    args: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """What the entry is called in Valkey; RQ allows letters, digits, `_` and `-`."""
        return f"cron-{self.name}"

    @property
    def is_recorded(self) -> bool:
        """True when each slot runs once and leaves a row in `job_runs`.

        The faster beats leave none: they ask "is there anything to do?", and the rows they find
        are the record; theirs would be a hundred thousand a day that say no.
        """
        return isinstance(self.when, str) or self.when >= _RECORDED_FROM_S

    def slot_id(self, slot: datetime) -> str:
        """Return the name of one slot's job; two of the same name cannot be queued."""
        return f"{self.id}-{slot:%Y%m%dT%H%M%SZ}"

    def after(self, moment: datetime) -> datetime:
        """Return the first slot after the moment, in UTC."""
        if isinstance(self.when, int):
            return self.newest(moment) + timedelta(seconds=self.when)
        # An aware moment: with a naive one crontab would follow the process's TZ.
        found = CronTab(self.when).next(now=moment.astimezone(LAGOS), return_datetime=True)
        return _utc(found)

    def newest(self, moment: datetime) -> datetime:
        """Return the last slot up to and including the moment, in UTC."""
        if isinstance(self.when, int):
            whole = int(moment.timestamp())
            return datetime.fromtimestamp(whole - whole % self.when, UTC)
        later = moment.astimezone(LAGOS).replace(microsecond=0) + _SECOND
        return _utc(CronTab(self.when).previous(now=later, return_datetime=True))

    def has_slot(self, moment: datetime) -> bool:
        """True when the moment is one of this entry's slots."""
        return self.newest(moment) == moment


def _utc(found: datetime) -> datetime:
    return found.astimezone(UTC)
