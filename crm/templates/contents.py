"""Approved WhatsApp words as the carrier knows them: a content of their own for each version."""

from collections.abc import Iterator, Mapping

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.channels.carrier import Channel, Shape
from bot.channels.content import template as content
from crm.models import Template, TemplateStatus, TemplateVersion
from crm.templates.rendering import PLACEHOLDER, render


def content_name(template: Template, version: TemplateVersion) -> str:
    """What the carrier calls the version: content cannot be altered, so a version is a new name."""
    return f"{template.code}_{template.language}_v{version.version}".lower()


def shapes(session: Session) -> Iterator[Shape]:
    """The contents that the carrier must have: every approved version for WhatsApp."""
    rows = session.execute(
        select(Template, TemplateVersion)
        .join(TemplateVersion, TemplateVersion.template_id == Template.id)
        .where(Template.channel == Channel.WHATSAPP)
        .where(TemplateVersion.status == TemplateStatus.APPROVED)
    )
    for template, version in rows:
        yield _shape(template, version)


def note_provider_status(session: Session, statuses: Mapping[str, str]) -> int:
    """Keep WhatsApp's word on each content by its name. Returns how many versions were told."""
    told = 0
    rows = session.execute(
        select(Template, TemplateVersion)
        .join(TemplateVersion, TemplateVersion.template_id == Template.id)
        .where(Template.channel == Channel.WHATSAPP)
        .where(TemplateVersion.status == TemplateStatus.APPROVED)
    ).all()
    for template, version in rows:
        status = statuses.get(content_name(template, version))
        if status is not None and status != version.provider_status:
            session.execute(
                update(TemplateVersion)
                .where(TemplateVersion.id == version.id)
                .values(provider_status=status)
            )
            told += 1
    return told


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
