"""Approved WhatsApp words as the carrier knows them: a content of their own for each version."""

from collections.abc import Mapping

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from bot.channels.carrier import Channel, Shape
from bot.channels.content import template as content
from crm.models import CarrierContent, Template, TemplateStatus, TemplateVersion
from crm.templates.rendering import PLACEHOLDER, render

_JUDGED = {"approved", "rejected"}


def content_name(template: Template, version: TemplateVersion) -> str:
    """What the carrier calls the version: content cannot be altered, so a version is a new name."""
    return f"{template.code}_{template.language}_v{version.version}".lower()


def shapes(session: Session, account: str, *, undecided: bool = False) -> list[Shape]:
    """The contents that the carrier must have: each approved version for WhatsApp.

    `undecided` are those that it does not have yet, or of which WhatsApp has not judged.
    """
    rows = session.execute(_approved()).all()
    known = _known(session, account) if undecided else set()
    return [
        _shape(template, version)
        for template, version in rows
        if not undecided
        or version.provider_status not in _JUDGED
        or content_name(template, version) not in known
    ]


def note_provider_status(session: Session, statuses: Mapping[str, str]) -> int:
    """Keep WhatsApp's word on each content by its name. Returns how many words were new."""
    told = 0
    for template, version in session.execute(_approved()).all():
        status = statuses.get(content_name(template, version))
        if status is not None and status != version.provider_status:
            version.provider_status = status
            told += 1
    session.flush()
    return told


def _approved() -> Select[Template, TemplateVersion]:
    return (
        select(Template, TemplateVersion)
        .join(TemplateVersion, TemplateVersion.template_id == Template.id)
        .where(Template.channel == Channel.WHATSAPP)
        .where(TemplateVersion.status == TemplateStatus.APPROVED)
    )


def _known(session: Session, account: str) -> set[str]:
    return set(
        session.scalars(select(CarrierContent.name).where(CarrierContent.account == account))
    )


def _shape(template: Template, version: TemplateVersion) -> Shape:
    """`{name}` becomes `{{n}}`, numbered as declared; the examples are what the reviewer sees."""
    numbers = {each["name"]: n for n, each in enumerate(version.variables, start=1)}
    examples = render(version, {each["name"]: each["example"] for each in version.variables})
    return content(
        content_name(template, version),
        language=template.language,
        body=PLACEHOLDER.sub(lambda found: f"{{{{{numbers[found[1]]}}}}}", version.body),
        samples={str(n): value for n, value in enumerate(examples.values, start=1)},
        category=template.category.upper(),
    )
