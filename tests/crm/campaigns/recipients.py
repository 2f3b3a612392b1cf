"""How the recipients of a campaign stand."""

from sqlalchemy import select

from crm import campaigns, outbox
from crm.models import (
    CampaignRecipient,
    Message,
    RecipientState,
)

S = RecipientState


def states(session, campaign) -> dict[str, int]:
    session.refresh(campaign)
    assert campaigns.counted(session, campaign.id) == dict(campaign.progress)
    return {state.value: n for state, n in campaign.progress.items() if n}


def recipient(session, campaign, person) -> CampaignRecipient:
    query = select(CampaignRecipient).where(
        CampaignRecipient.campaign_id == campaign.id,
        CampaignRecipient.person_id == person.patient_id,
    )
    return session.scalars(query.execution_options(populate_existing=True)).one()


def texts_of(session, campaign) -> list[str]:
    rows = session.scalars(
        select(Message)
        .join(CampaignRecipient, CampaignRecipient.id == Message.campaign_recipient_id)
        .where(CampaignRecipient.campaign_id == campaign.id)
        .order_by(Message.id)
    ).all()
    vault = session.info["vault"]
    return [outbox.unseal(vault, row.body_sealed, row=row.id).text for row in rows]
