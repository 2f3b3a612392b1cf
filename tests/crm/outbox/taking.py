"""Claims and looks that tests of the outbox share."""

from hypothesis import HealthCheck, settings
from sqlalchemy import event
from sqlalchemy.orm import Session

from bot.channels.carrier import Channel
from crm import outbox
from crm.models import Lane
from tests.outbox import (
    NOON,
    VAULT,
    message,
)

CLOSED = 63016
# Every example takes its own work back; how long that takes is the machine's matter.
ONE_DATABASE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
IN_THE_WINDOW = {"channel": Channel.WHATSAPP, "heard_at": NOON}


def claim_one(session, *, now=NOON):
    [claimed] = outbox.claim(session, Lane.UTILITY, now=now)
    return claimed


def status(session, id_):
    return message(session, id_).status


class counted:  # noqa: N801 -- reads as a word in `with counted(session)`
    """The statements that a session sends."""

    def __init__(self, session: Session) -> None:
        self.engine, self.statements = session.get_bind(), []
        session.flush()

    def __enter__(self) -> list[str]:
        event.listen(self.engine, "before_cursor_execute", self._note)
        return self.statements

    def __exit__(self, *_: object) -> None:
        event.remove(self.engine, "before_cursor_execute", self._note)

    def _note(self, _connection, _cursor, statement, *_: object) -> None:
        self.statements.append(statement)


def claim_and_commit(engine):
    with Session(engine, info={"vault": VAULT}) as session:
        claimed = outbox.claim(session, Lane.UTILITY, now=NOON, limit=3)
        session.commit()
        return claimed
