"""A process that drafts one chunk of a month, begins the next, and waits to be killed.

`python -m tests.crm.dying_run URL NOW`; says `waiting` when it stands in the middle.
"""

import sys
import time
from datetime import datetime

from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from crm.kit.permissions import Actor
from crm.payouts import running, runs
from tests.crm.payroll import OCTOBER


def main(url: str, at: str) -> None:
    by, now = Actor.system(), datetime.fromisoformat(at)
    engine = create_engine(url)
    with Session(engine) as session:
        run, _ = runs.begin(session, runs.Wish(), period=OCTOBER, by=by, now=now)
        after = running.advance(session, run, by=by, now=now, size=1)
        session.commit()
        held = runs.take(session, run.id)
        running.advance(session, held, by=by, now=now, after=after, size=1)
        print("waiting", flush=True)  # noqa: T201 -- its parent reads it
        time.sleep(60)


if __name__ == "__main__":
    main(*sys.argv[1:])
