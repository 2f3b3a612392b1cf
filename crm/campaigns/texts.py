"""The words of a campaign: a template's versions, frozen when it is approved."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.channels.carrier import Channel
from crm import outbox, templates
from crm.campaigns.refusals import TemplateUnfit
from crm.models import Campaign, CampaignText, Purpose
from crm.templates import Rendered, Texts


def usable(session: Session, campaign: Campaign) -> Texts:
    """The versions in use, when they fit the campaign. Raises TemplateUnfit."""
    texts = templates.in_use(session, [campaign.template_code]).get(campaign.template_code)
    missing = [each for each in campaign.channels if not texts or each not in texts.channels]
    if texts is None or missing:
        raise TemplateUnfit(
            "template_code",
            f"No approved English version for {', '.join(missing)}.",
            code="template_not_approved",
        )
    for template, version in texts.versions.values():
        _check_purpose(campaign, template.purpose)
        _check_variables(campaign, version.variables)
    return texts


def freeze(session: Session, campaign: Campaign) -> None:
    """Keep the versions that are approved now, whatever is approved later."""
    texts = usable(session, campaign)
    rows = [
        {
            "campaign_id": campaign.id,
            "variant": 0,
            "channel": channel,
            "language": language,
            "template_version_id": version.id,
        }
        for (channel, language), (_, version) in texts.versions.items()
        if channel in campaign.channels
    ]
    session.execute(insert(CampaignText).values(rows).on_conflict_do_nothing())


def frozen(session: Session, campaign: Campaign) -> Texts:
    """What the campaign says."""
    ids = select(CampaignText.template_version_id).where(CampaignText.campaign_id == campaign.id)
    return templates.by_versions(session, session.scalars(ids).all())[0]


@dataclass(frozen=True, slots=True)
class Words:
    """What one person reads."""

    rendered: Rendered
    content: outbox.Template | None
    version_id: UUID


def words_for(
    campaign: Campaign, texts: Texts, channel: Channel, language: str, values: Mapping[str, str]
) -> Words:
    """Fill the text of this channel and language. Raises VariableMissing."""
    found = texts.of(channel, language)
    assert found is not None  # noqa: S101 -- every channel of the plan has English words
    template, version = found
    rendered = templates.render(version, {**values, **campaign.variables})
    content = None
    if channel is Channel.WHATSAPP:
        content = outbox.Template(templates.content_name(template, version), rendered.values)
    return Words(rendered, content, version.id)


def _check_purpose(campaign: Campaign, purpose: Purpose) -> None:
    if purpose is not campaign.purpose:
        raise TemplateUnfit(
            "template_code",
            f"The template is for {purpose} messages, the campaign for {campaign.purpose}.",
            code="purpose",
        )


def _check_variables(campaign: Campaign, variables: list[dict[str, object]]) -> None:
    """Every variable is either known of the person or given for all."""
    for each in variables:
        name = str(each["name"])
        if name not in templates.PERSONAL and name not in campaign.variables:
            raise TemplateUnfit(f"variables.{name}", f"A value for {name} is missing.")
