"""Campaigns are approved by a second person, and started once."""

import pytest
from sqlalchemy import select

from crm import campaigns, templates
from crm.campaigns import (
    ApprovalRequired,
    AudienceChanged,
    BudgetExceeded,
    EmptyAudience,
    SameApprover,
)
from crm.kit.permissions import EVERYTHING
from crm.models import (
    CampaignRecipient,
    CampaignStatus,
    Template,
)
from crm.templates.writing import Words
from tests.crm.campaigns.recipients import texts_of
from tests.crm.senders import (
    AMAKA,
    FIRST_NAME,
    HOSPITAL,
    TUNDE,
    a_campaign,
    begin,
    reached,
)
from tests.outbox import NOON, later


def test_nobody_runs_what_no_second_person_has_approved(session, eyes):
    reached(session)
    made = a_campaign(session, approved=False)

    with pytest.raises(ApprovalRequired):
        campaigns.execute(session, made.id, confirm_audience=1, scope=EVERYTHING, now=NOON)
    with pytest.raises(SameApprover):
        campaigns.approve(session, made.id, scope=EVERYTHING, by=AMAKA, now=NOON)


def test_the_audience_that_was_seen_is_the_audience_that_hears_it(session, eyes):
    for _ in range(3):
        reached(session)
    made = a_campaign(session)

    with pytest.raises(AudienceChanged) as refused:
        campaigns.execute(session, made.id, confirm_audience=2, scope=EVERYTHING, now=NOON)
    assert refused.value.facts == {"old": 2, "new": 3}


def test_a_campaign_for_nobody_or_beyond_its_budget_does_not_start(session, eyes):
    made = a_campaign(session)
    with pytest.raises(EmptyAudience):
        campaigns.execute(session, made.id, confirm_audience=0, scope=EVERYTHING, now=NOON)
    reached(session)
    poor = a_campaign(session, budget_kobo=599)
    with pytest.raises(BudgetExceeded):
        campaigns.execute(session, poor.id, confirm_audience=1, scope=EVERYTHING, now=NOON)


def test_a_dry_run_changes_nothing(session, eyes):
    reached(session)
    made = a_campaign(session)

    _, seen = campaigns.execute(
        session, made.id, confirm_audience=1, scope=EVERYTHING, now=NOON, dry_run=True
    )

    assert (seen.eligible, seen.estimated_cost_kobo) == (1, 600)
    assert made.status is CampaignStatus.APPROVED
    assert campaigns.start_due(session, now=NOON) is None
    assert session.scalar(select(CampaignRecipient.id)) is None


def test_a_campaign_set_for_later_starts_then(session, eyes):
    reached(session)
    made = a_campaign(session)
    campaigns.execute(
        session, made.id, confirm_audience=1, scope=EVERYTHING, now=NOON, at=later(60)
    )

    assert campaigns.start_due(session, now=NOON) is None
    assert campaigns.start_due(session, now=later(60)) == made.id
    assert made.status is CampaignStatus.RUNNING


def test_its_words_stay_those_that_were_approved(session, eyes):
    reached(session)
    made = begin(session, a_campaign(session))
    other = a_template_version(session, "Changed, {first_name} of {hospital}. STOP ends this.")
    assert other.status == "approved"

    campaigns.fan_out(session, made.id, now=NOON)

    assert texts_of(session, made)[0].startswith("Hello Ada, free eye tests")


def a_template_version(session, body):
    template = session.scalars(select(Template).where(Template.code == "eyes")).one()
    words = Words(body, (FIRST_NAME, HOSPITAL))
    version = templates.revise(session, template.id, words, by=AMAKA, now=NOON)
    templates.submit(session, version.id)
    return templates.approve(session, version.id, by=TUNDE, now=NOON)
