"""What runs by itself: how each job went."""

from datetime import datetime

from crm import jobs
from crm.api.kit import Data, Door, Out, call, needs
from crm.kit.permissions import Permission
from crm.models import JobRun, RunStatus

door = Door("jobs", __name__)


class RunOut(Out):
    """The newest run of a job."""

    job: str
    slot: datetime
    status: RunStatus
    started_at: datetime
    finished_at: datetime | None
    counts: dict[str, int]
    error: str | None


@door.get("/jobs")
@needs(Permission.JOBS_READ)
@door.output(Data[list[RunOut]])
def index() -> Data[list[RunOut]]:
    """The newest run of every job that keeps a record."""
    return Data(data=[_out(run) for run in jobs.newest(call.session)])


def _out(run: JobRun) -> RunOut:
    return RunOut.model_validate(run)
