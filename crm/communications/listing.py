"""What was said with one person, newest first; read through the views of the brief's names."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    TIMESTAMP,
    Row,
    Select,
    TableClause,
    Uuid,
    column,
    exists,
    or_,
    select,
    table,
)
from sqlalchemy.orm import Session

from bot.channels.carrier import Channel
from crm.kit import paging
from crm.kit.crypto import CannotOpen, Vault
from crm.kit.paging import Found, PageRequest
from crm.kit.permissions import Scope
from crm.models import (
    Appointment,
    CampaignRecipient,
    Direction,
    MessageAttempt,
    MessageStatus,
    PersonKind,
    Purpose,
    Template,
    TemplateVersion,
)

_BODY = "messages.body"
_KINDS: dict[str, Any] = {
    "id": Uuid(),
    "address_id": Uuid(),
    "conversation_id": Uuid(),
    "about_id": Uuid(),
    "template_version_id": Uuid(),
    "sent_by": Uuid(),
    "due_at": TIMESTAMP(timezone=True),
    "expires_at": TIMESTAMP(timezone=True),
    "status_at": TIMESTAMP(timezone=True),
}
_PLAIN = (
    "direction", "channel", "purpose", "status", "body_sealed", "segments", "attempts",
    "error_code", "reason", "campaign_recipient_id", "is_test",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which of the person's messages."""

    channel: Channel | None = None
    direction: Direction | None = None
    statuses: Sequence[MessageStatus] = ()
    purpose: Purpose | None = None
    campaign_id: UUID | None = None
    conversation_id: UUID | None = None
    template: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One message of a list; `text` is None where the reader may not open it, or it is gone."""

    row: Row[Any]
    text: str | None
    subject: str | None


def search(
    session: Session,
    kind: PersonKind,
    person_id: UUID,
    wanted: Wanted,
    *,
    scope: Scope,
    page: PageRequest,
    opens_bodies: bool,
) -> Found[Line]:
    """The person's messages, newest first; those about a visit elsewhere are out of scope."""
    view = _view(kind)
    query = _columns(view).where(view.c[f"{kind}_id"] == person_id, *_conditions(view, wanted))
    if scope.is_staff and scope.hospitals is not None:
        elsewhere = exists().where(
            Appointment.id == view.c.about_id, ~scope.where(Appointment.hospital_id)
        )
        query = query.where(or_(view.c.about_id.is_(None), ~elsewhere))
    if page.cursor:
        query = query.where(view.c.id < paging.read(page.cursor, 1)[0])
    rows = session.execute(query.order_by(view.c.id.desc()).limit(page.limit + 1)).all()
    shown = rows[: page.limit]
    cursor = paging.write([shown[-1].id]) if len(rows) > page.limit else None
    vault: Vault = session.info["vault"]
    return Found([_line(vault, row, opens_bodies=opens_bodies) for row in shown], cursor)


def timelines(session: Session, message_ids: Sequence[UUID]) -> dict[UUID, datetime]:
    """When each message was handed to the carrier, as far as it was."""
    rows = session.execute(
        select(MessageAttempt.message_id, MessageAttempt.finished_at)
        .where(MessageAttempt.message_id.in_(message_ids))
        .where(MessageAttempt.outcome.in_(("accepted", "found")))
        .order_by(MessageAttempt.n)
    )
    return {message_id: at for message_id, at in rows if at is not None}


def _view(kind: PersonKind) -> TableClause:
    names = [f"{kind}_id", *_KINDS, *_PLAIN]
    kinds = {f"{kind}_id": Uuid(), **_KINDS}
    return table(f"{kind}_communications", *(column(name, kinds.get(name)) for name in names))


def _columns(view: TableClause) -> Select[Any]:
    return (
        select(*view.c, Template.code.label("template"), CampaignRecipient.campaign_id)
        .select_from(view)
        .outerjoin(TemplateVersion, TemplateVersion.id == view.c.template_version_id)
        .outerjoin(Template, Template.id == TemplateVersion.template_id)
        .outerjoin(CampaignRecipient, CampaignRecipient.id == view.c.campaign_recipient_id)
    )


def _conditions(view: TableClause, wanted: Wanted) -> list[Any]:
    same = [
        (view.c.channel, wanted.channel),
        (view.c.direction, wanted.direction),
        (view.c.purpose, wanted.purpose),
        (view.c.conversation_id, wanted.conversation_id),
        (CampaignRecipient.campaign_id, wanted.campaign_id),
        (Template.code, wanted.template),
    ]
    conditions: list[Any] = [column_ == value for column_, value in same if value is not None]
    if wanted.statuses:
        conditions.append(view.c.status.in_([str(each) for each in wanted.statuses]))
    if wanted.since:
        conditions.append(view.c.due_at >= wanted.since)
    if wanted.until:
        conditions.append(view.c.due_at < wanted.until)
    return conditions


def _line(vault: Vault, row: Row[Any], *, opens_bodies: bool) -> Line:
    if not opens_bodies or row.body_sealed is None:
        return Line(row, None, None)
    try:
        body = vault.open_json(row.body_sealed, where=_BODY, row=row.id)
    except CannotOpen:
        return Line(row, None, None)
    return Line(row, body.get("text", ""), body.get("subject"))
