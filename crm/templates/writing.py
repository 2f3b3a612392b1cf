"""Writing templates: a draft, submitted, approved by somebody else; then its words stay."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bot.channels.carrier import Channel
from bot.channels.content import LONGEST_BODY
from crm.kit.ids import uuid7
from crm.kit.permissions import Actor
from crm.kit.violations import meaning
from crm.models import Purpose, Template, TemplateCategory, TemplateStatus, TemplateVersion
from crm.templates.finding import get, get_version
from crm.templates.refusals import SameAuthor, Taken, Unrenderable, WrongStatus
from crm.templates.rendering import PLACEHOLDER, TYPES, placeholders, render

LONGEST = {Channel.WHATSAPP: LONGEST_BODY, Channel.SMS: 1_600, Channel.EMAIL: 50_000}
_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")
# WhatsApp takes no template whose variables touch each other or stand at an end.
_ON_THE_EDGE = re.compile(r"^\s*\{|\}\s*$|\}\s*\{")
_STOP = re.compile(r"\bSTOP\b")


@dataclass(frozen=True, slots=True)
class Words:
    """What a version says."""

    body: str
    variables: Sequence[Mapping[str, Any]] = ()
    subject: str = ""


def create(
    session: Session,
    *,
    code: str,
    channel: Channel,
    language: str,
    category: TemplateCategory,
    purpose: Purpose,
    words: Words,
    by: Actor,
    now: datetime,
) -> TemplateVersion:
    """Write the first version of a new template. Raises Taken, Unrenderable."""
    template = Template(
        id=uuid7(),
        code=code,
        channel=channel,
        language=language,
        category=category,
        purpose=purpose,
        created_at=now,
        updated_at=now,
    )
    if (category is TemplateCategory.MARKETING) != (purpose is Purpose.MARKETING):
        raise Unrenderable("category", "Marketing is marketing, in category and in purpose.")
    with meaning(session, {"uq_templates_once": Taken(f"{code} exists in {language}.")}):
        session.add(template)
    return _write(session, template, words, number=1, by=by, now=now)


def revise(
    session: Session, template_id: UUID, words: Words, *, by: Actor, now: datetime
) -> TemplateVersion:
    """Write the next version; the one in use stays until this one is approved."""
    template = get(session, template_id, lock=True)
    newest = select(func.max(TemplateVersion.version))
    number = session.scalar(newest.where(TemplateVersion.template_id == template.id)) or 0
    return _write(session, template, words, number=number + 1, by=by, now=now)


def submit(session: Session, version_id: UUID) -> TemplateVersion:
    """Ask for approval. Raises WrongStatus, Unrenderable when marketing does not offer a STOP."""
    version = _expect(session, version_id, TemplateStatus.SUBMITTED, TemplateStatus.DRAFT)
    template = get(session, version.template_id)
    is_marketing = template.category is TemplateCategory.MARKETING
    if is_marketing and template.channel is not Channel.EMAIL and not _STOP.search(version.body):
        raise Unrenderable("body", "Marketing says how to end it: with the word STOP.")
    version.status = TemplateStatus.SUBMITTED
    session.flush()
    return version


def approve(session: Session, version_id: UUID, *, by: Actor, now: datetime) -> TemplateVersion:
    """Let the words be sent from now on, in place of the version before. Raises SameAuthor."""
    version = _expect(session, version_id, TemplateStatus.APPROVED, TemplateStatus.SUBMITTED)
    if by.id is None or by.id == version.created_by:
        raise SameAuthor("Somebody else approves what you wrote.")
    session.execute(
        update(TemplateVersion)
        .where(TemplateVersion.template_id == version.template_id)
        .where(TemplateVersion.status == TemplateStatus.APPROVED)
        .values(status=TemplateStatus.ARCHIVED)
        .execution_options(synchronize_session="fetch")
    )
    version.status = TemplateStatus.APPROVED
    version.approved_by, version.approved_at = by.id, now
    session.flush()
    return version


def reject(session: Session, version_id: UUID, *, reason: str, by: Actor) -> TemplateVersion:
    """Send the words back with the reason. Raises WrongStatus, SameAuthor."""
    version = _expect(session, version_id, TemplateStatus.REJECTED, TemplateStatus.SUBMITTED)
    if by.id is None or by.id == version.created_by:
        raise SameAuthor("Somebody else judges what you wrote.")
    version.status, version.rejection_reason = TemplateStatus.REJECTED, reason
    session.flush()
    return version


def archive(session: Session, version_id: UUID) -> TemplateVersion:
    """Use the words no more. Raises WrongStatus when they are out of use already."""
    in_use = set(TemplateStatus) - {TemplateStatus.ARCHIVED}
    version = _expect(session, version_id, TemplateStatus.ARCHIVED, *in_use)
    version.status = TemplateStatus.ARCHIVED
    session.flush()
    return version


def _expect(
    session: Session, version_id: UUID, to: TemplateStatus, *allowed: TemplateStatus
) -> TemplateVersion:
    """The version, locked, when it may become what is asked. Raises WrongStatus."""
    version = get_version(session, version_id, lock=True)
    if version.status not in allowed:
        raise WrongStatus(f"This version is {version.status}.", state=version.status, wanted=to)
    return version


def _write(
    session: Session,
    template: Template,
    words: Words,
    *,
    number: int,
    by: Actor,
    now: datetime,
) -> TemplateVersion:
    _check(template.channel, words)
    version = TemplateVersion(
        id=uuid7(),
        template_id=template.id,
        version=number,
        subject=words.subject,
        body=words.body,
        variables=[dict(each) for each in words.variables],
        status=TemplateStatus.DRAFT,
        created_by=by.id,
        created_at=now,
    )
    render(version, {each["name"]: each["example"] for each in version.variables})
    session.add(version)
    session.flush()
    return version


def _check(channel: Channel, words: Words) -> None:
    """Refuse words that could not be sent, or variables that do not fit them."""
    if len(words.body) > LONGEST[channel]:
        raise Unrenderable("body", f"Longer than the {LONGEST[channel]} letters {channel} takes.")
    if (channel is Channel.EMAIL) != bool(words.subject):
        raise Unrenderable("subject", "An e-mail has a subject, and nothing else has one.")
    if channel is Channel.WHATSAPP and _ON_THE_EDGE.search(words.body):
        raise Unrenderable("body", "On WhatsApp, words stand before, between and after variables.")
    for field, text in (("body", words.body), ("subject", words.subject)):
        if re.search(r"[{}]", PLACEHOLDER.sub("", text)):
            raise Unrenderable(field, "A brace holds the name of a variable, and nothing else.")
    _check_variables(words)


def _check_variables(words: Words) -> None:
    names = [each["name"] for each in words.variables]
    used = placeholders(f"{words.subject}\n{words.body}")
    if len(set(names)) != len(names) or set(names) != set(used):
        raise Unrenderable(
            "variables",
            "Declare each variable of the words once, and no other.",
            code="variables",
            used=used,
        )
    for each in words.variables:
        if not _NAME.fullmatch(each["name"]) or each["type"] not in TYPES:
            raise Unrenderable("variables", f"{each['name']}: no such name or type.")
