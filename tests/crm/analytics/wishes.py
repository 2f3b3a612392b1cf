"""What reports are asked for."""

from datetime import timedelta

from sqlalchemy import update

from crm import outbox
from crm.analytics import Wanted
from crm.kit.permissions import Scope
from crm.kit.windows import Window
from crm.models import (
    Lane,
    Message,
    MessageStatus,
    PayoutStatus,
    Purpose,
)

DAY = timedelta(days=1)


S = PayoutStatus


def wanted(now, **narrowed) -> Wanted:
    days = {name: narrowed.pop(name, None) for name in ("since", "until")}
    return Wanted(Window.of(days["since"], days["until"], now=now), **narrowed)


def counts(rate) -> tuple[int, int, dict[str, int]]:
    return rate.numerator, rate.denominator, dict(rate.excluded)


def only(hospital_id) -> Scope:
    return Scope(frozenset({hospital_id}))


def a_message(session, address, now, *, status=MessageStatus.DELIVERED, **more) -> Message:
    id_ = outbox.post(
        session,
        address_id=address.id,
        channel=address.channel,
        text="Paid.",
        purpose=Purpose.NOTICE,
        lane=Lane.UTILITY,
        now=now,
        template=outbox.Template("payout"),
        owner_id=more.pop("owner_id", None),
        patient_id=more.pop("patient_id", None),
    )
    values = {"status": status, "due_at": now} | more
    session.execute(update(Message).where(Message.id == id_).values(**values))
    return session.get(Message, id_, populate_existing=True)
