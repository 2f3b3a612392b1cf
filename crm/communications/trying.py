"""Trying a channel: to testers only, a few a minute, and counted nowhere."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm.kit.errors import Denied, DomainError
from crm.kit.permissions import Actor
from crm.models import Message

MOST_A_MINUTE = 5
_MINUTE = timedelta(minutes=1)


class NotOnAllowList(Denied):
    """Only the addresses of the setting TEST_RECIPIENTS are written to."""

    code = "not_on_allow_list"


class TooManyTests(DomainError):
    """Five a minute are enough to see whether a channel works."""

    code = "too_many_requests"
    status = 429


def check_tester(
    session: Session, value: str, *, testers: Sequence[str], by: Actor, now: datetime
) -> None:
    """Refuse an address that is no tester's, and the sixth test within a minute."""
    if value not in testers:
        raise NotOnAllowList("This address is not on the list of testers.")
    lately = select(func.count()).where(
        Message.is_test, Message.sent_by == by.id, Message.due_at > now - _MINUTE
    )
    if (session.scalar(lately) or 0) >= MOST_A_MINUTE:
        raise TooManyTests("Five tests a minute are enough.", retry_after_s=60)
