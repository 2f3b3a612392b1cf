"""Finding templates, and the version of one that may be sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from bot.channels.carrier import Channel
from crm.kit.errors import NotFound
from crm.kit.ids import uuid7_floor
from crm.kit.paging import Found, PageRequest, keyset
from crm.models import (
    Message,
    MessageStatus,
    Purpose,
    Template,
    TemplateCategory,
    TemplateStatus,
    TemplateVersion,
)

ENGLISH = "en"
_DELIVERED = (MessageStatus.DELIVERED, MessageStatus.READ)
_MONTH = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Texts:
    """The versions in use of one template, by channel and language."""

    code: str
    versions: Mapping[tuple[Channel, str], tuple[Template, TemplateVersion]]

    def of(self, channel: Channel, language: str) -> tuple[Template, TemplateVersion] | None:
        """The words for this channel in this language, else in English; None when in neither."""
        return self.versions.get((channel, language)) or self.versions.get((channel, ENGLISH))

    @property
    def channels(self) -> set[Channel]:
        """Where it can be sent to everybody: English is what every language falls back on."""
        return {channel for channel, language in self.versions if language == ENGLISH}


def get(session: Session, template_id: UUID, *, lock: bool = False) -> Template:
    """The template. Raises NotFound."""
    template = session.get(Template, template_id, with_for_update=lock or None)
    if template is None:
        raise NotFound("There is no such template.")
    return template


def get_version(session: Session, version_id: UUID, *, lock: bool = False) -> TemplateVersion:
    """The version. Raises NotFound."""
    version = session.get(TemplateVersion, version_id, with_for_update=lock or None)
    if version is None:
        raise NotFound("There is no such version.")
    return version


def in_use(session: Session, codes: Sequence[str]) -> dict[str, Texts]:
    """The approved versions of these templates, by one query; a code without any is missing."""
    rows = session.execute(_pairs().where(Template.code.in_(codes), _IN_USE)).all()
    return {
        code: _texts(code, [row for row in rows if row[0].code == code]) for code in _codes(rows)
    }


def by_versions(session: Session, version_ids: Sequence[UUID]) -> list[Texts]:
    """Templates with just these versions, whatever their status: what a campaign froze."""
    rows = session.execute(_pairs().where(TemplateVersion.id.in_(version_ids))).all()
    return [_texts(code, [row for row in rows if row[0].code == code]) for code in _codes(rows)]


def search(
    session: Session,
    page: PageRequest,
    *,
    channel: Channel | None = None,
    category: TemplateCategory | None = None,
    language: str | None = None,
    status: TemplateStatus | None = None,
    purpose: Purpose | None = None,
    code: str | None = None,
    version: int | None = None,
) -> Found[TemplateVersion]:
    """The newest version of each template, or that of a number; newest written first."""
    newest = (
        select(func.max(TemplateVersion.version))
        .where(TemplateVersion.template_id == Template.id)
        .correlate(Template)
        .scalar_subquery()
    )
    if status is not None and version is None:
        newest_so = select(func.max(TemplateVersion.version)).where(
            TemplateVersion.template_id == Template.id, TemplateVersion.status == status
        )
        newest = newest_so.correlate(Template).scalar_subquery()
    found = (
        select(TemplateVersion)
        .join(Template, Template.id == TemplateVersion.template_id)
        .where(TemplateVersion.version == (version or newest))
    )
    if code is not None:
        found = found.where(Template.code.icontains(code, autoescape=True))
    for column, wanted in (
        (Template.channel, channel),
        (Template.category, category),
        (Template.language, language),
        (Template.purpose, purpose),
        (TemplateVersion.status, status),
    ):
        if wanted is not None:
            found = found.where(column == wanted)
    return keyset(session, found, page, TemplateVersion.id.desc())


def templates_of(session: Session, versions: Sequence[TemplateVersion]) -> dict[UUID, Template]:
    """The templates of these versions by their ids."""
    ids = {version.template_id for version in versions}
    return {each.id: each for each in session.scalars(select(Template).where(Template.id.in_(ids)))}


def usage(
    session: Session, version_ids: Sequence[UUID], *, now: datetime
) -> dict[UUID, tuple[int, int]]:
    """How often each version was handed over in the last 30 days, and how often it arrived."""
    sent = Message.status.in_(
        (MessageStatus.ACCEPTED, MessageStatus.SENT, MessageStatus.UNDELIVERED, *_DELIVERED)
    )
    rows = session.execute(
        select(
            Message.template_version_id,
            func.count(),
            func.count().filter(Message.status.in_(_DELIVERED)),
        )
        .where(Message.template_version_id.in_(version_ids), sent, ~Message.is_test)
        .where(Message.id >= uuid7_floor(now - 2 * _MONTH), Message.due_at >= now - _MONTH)
        .group_by(Message.template_version_id)
    )
    return {
        version_id: (used, arrived) for version_id, used, arrived in rows if version_id is not None
    }


_IN_USE = TemplateVersion.status == TemplateStatus.APPROVED


def _pairs() -> Select[Template, TemplateVersion]:
    return select(Template, TemplateVersion).join(
        TemplateVersion, TemplateVersion.template_id == Template.id
    )


def _codes(rows: Sequence[Row[Template, TemplateVersion]]) -> list[str]:
    return list(dict.fromkeys(row[0].code for row in rows))


def _texts(code: str, rows: Sequence[Row[Template, TemplateVersion]]) -> Texts:
    return Texts(code, {(row[0].channel, row[0].language): (row[0], row[1]) for row in rows})
