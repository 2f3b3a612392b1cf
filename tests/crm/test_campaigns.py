"""Campaigns: who hears them, who does not and why, and that the counts are true."""

from collections import Counter

import pytest
from sqlalchemy import select, text

from bot.channels.carrier import Channel
from crm import campaigns, gate, outbox, suppressions, templates
from crm.campaigns import (
    ApprovalRequired,
    AudienceChanged,
    BudgetExceeded,
    EmptyAudience,
    InvalidState,
    SameApprover,
)
from crm.gate import Asked
from crm.kit.errors import Denied, Invalid, NotFound
from crm.kit.permissions import EVERYTHING, Scope
from crm.models import (
    CampaignRecipient,
    CampaignStatus,
    Hospital,
    Lane,
    Message,
    MessageStatus,
    Patient,
    PatientStatus,
    Purpose,
    RecipientState,
    SuppressionReason,
    Template,
)
from crm.outbox import Outcome
from crm.templates.writing import Words
from tests.crm.senders import (
    AMAKA,
    CARE,
    FIRST_NAME,
    HOSPITAL,
    OFFER,
    TUNDE,
    a_campaign,
    a_template,
    begin,
    reached,
)
from tests.outbox import NOON, draft, later, say_yes

S = RecipientState


@pytest.fixture
def eyes(session):
    a_template(session)


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


# -- approval and start ---------------------------------------------------------------------------


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


# -- who hears it ---------------------------------------------------------------------------------


def make_everybody(session) -> dict[str, object]:
    """One of each kind of person that the gate knows."""
    people = {
        "willing": reached(session),
        "stopped": reached(session),
        "unasked": reached(session),
        "withdrawn": reached(session),
        "back": reached(session),
        "dead": reached(session, status=PatientStatus.DECEASED),
        "often": reached(session),
        "nowhere": reached(session, channel=Channel.EMAIL),
    }
    suppressions.suppress(session, people["stopped"].address_id, SuppressionReason.STOP, now=NOON)
    say_yes(session, people["unasked"].address_id, "marketing", now=NOON, is_granted=False)
    say_yes(session, people["withdrawn"].address_id, "all", now=NOON, is_granted=False)
    say_yes(session, people["back"].address_id, "all", now=NOON, is_granted=False)
    say_yes(session, people["back"].address_id, "all", now=NOON)
    for _ in range(2):
        offer = draft(people["often"], "Offer", purpose=Purpose.MARKETING)
        outbox.post_many(session, [offer], now=NOON)
    return people


def test_everybody_is_written_down_with_the_reason_that_the_gate_would_give(session, eyes):
    people = make_everybody(session)

    made = begin(session, a_campaign(session))

    for name, person in people.items():
        asked = Asked(person.address_id, person.patient_id, None, Purpose.MARKETING)
        facts = gate.load(session, [asked])[0]
        expected = gate.verdict(facts, purpose=Purpose.MARKETING, now=NOON).code
        if name == "nowhere":
            expected = "no_address"
        assert recipient(session, made, person).reason == expected, name
    assert states(session, made) == {"planned": 2, "excluded": 6}


def test_the_preview_counts_what_the_start_writes_down(session, eyes):
    make_everybody(session)
    made = a_campaign(session)

    seen = campaigns.preview(session, made, now=NOON)
    begin(session, made)

    assert seen.suppressed == campaigns.reasons(session, made)
    assert (seen.audience, seen.eligible) == (8, made.planned)
    assert {sample.text for sample in seen.samples} == {
        "Hello Ada, free eye tests at GrandPro this week. Reply STOP to end this."
    }


def test_the_first_channel_of_the_plan_that_reaches_somebody_is_taken(session):
    a_template(session, channels=(Channel.WHATSAPP, Channel.SMS))
    on_whatsapp = reached(session, channel=Channel.WHATSAPP)
    by_sms = reached(session)

    made = begin(session, a_campaign(session, channels=[Channel.WHATSAPP, Channel.SMS]))

    assert recipient(session, made, on_whatsapp).channel is Channel.WHATSAPP
    assert recipient(session, made, by_sms).channel is Channel.SMS


def test_a_minor_is_spoken_to_through_the_guardian(session):
    a_template(session, code="water", body=CARE, purpose=Purpose.CARE)
    mother, child = reached(session, state="Ogun"), reached(session, name="Chidi Obi")
    patient = session.get(Patient, child.patient_id)
    patient.guardian_id, patient.birth_year = mother.patient_id, 2020
    session.flush()

    made = begin(session, a_campaign(session, kind="screening", template_code="water"))

    assert recipient(session, made, child).address_id == mother.address_id


def test_a_hospital_speaks_to_its_own_patients_alone(session, eyes):
    ikeja, wuse = (
        session.scalars(select(Hospital).where(Hospital.code == code)).one()
        for code in ("IKJ", "WUS")
    )
    ours, theirs = reached(session), reached(session)
    session.get(Patient, ours.patient_id).home_hospital_id = ikeja.id
    session.get(Patient, theirs.patient_id).home_hospital_id = wuse.id
    session.flush()

    made = begin(session, a_campaign(session, hospital_id=ikeja.id))

    assert states(session, made) == {"planned": 1}
    assert recipient(session, made, ours)
    with pytest.raises(NotFound):
        campaigns.get(session, made.id, scope=Scope(frozenset({wuse.id})))
    with pytest.raises(Denied):
        a_campaign(session, scope=Scope(frozenset({wuse.id})), hospital_id=ikeja.id)


# -- fan-out --------------------------------------------------------------------------------------


def test_each_recipient_becomes_one_message_and_a_second_run_finds_nobody(session, eyes):
    for _ in range(5):
        reached(session)
    made = begin(session, a_campaign(session))

    posted = [campaigns.fan_out(session, made.id, now=NOON, limit=3) for _ in range(3)]

    assert posted == [3, 2, 0]
    assert states(session, made) == {"queued": 5}
    assert len(texts_of(session, made)) == 5


def test_whoever_withdraws_between_the_start_and_the_fan_out_hears_nothing(session, eyes):
    ada = reached(session)
    made = begin(session, a_campaign(session))
    say_yes(session, ada.address_id, "all", now=NOON, is_granted=False)

    campaigns.fan_out(session, made.id, now=NOON)

    assert states(session, made) == {"excluded": 1}
    assert campaigns.reasons(session, made) == {"no_consent": 1}


def test_a_throttle_lets_so_many_go_a_minute(session, eyes):
    for _ in range(5):
        reached(session)
    made = begin(session, a_campaign(session, throttle_per_min=2))

    counts = [campaigns.fan_out(session, made.id, now=later(s)) for s in (0, 30, 30, 60, 600)]

    assert counts == [0, 1, 0, 1, 2]


def test_names_that_look_like_commands_arrive_as_names(session, eyes):
    nasty = "{hospital} {{7*7}} %s ${jndi:x} <b>'; drop table messages; --"
    reached(session, name=nasty)
    made = begin(session, a_campaign(session))

    campaigns.fan_out(session, made.id, now=NOON)

    assert texts_of(session, made) == [OFFER.format(first_name="{hospital}", hospital="GrandPro")]


# -- outcomes -------------------------------------------------------------------------------------


def deliver(session, *, now=NOON, end=Outcome.accepted):
    claimed = outbox.claim(session, Lane.BULK, now=now, limit=100)
    outcomes = [end(each.id, each.n, f"SM{each.id.hex}"[:34]) for each in claimed]
    outbox.settle(session, outcomes, now=now)
    return claimed


def failing(code):
    return lambda id_, n, _sid: Outcome.refused(id_, n, code, "said the carrier")


def test_recipients_follow_their_messages_and_the_counters_follow_them(session, eyes):
    for _ in range(4):
        reached(session)
    made = begin(session, a_campaign(session))
    campaigns.fan_out(session, made.id, now=NOON)
    claimed = deliver(session)
    ends = [MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.READ]
    for message, status in zip(claimed, ends, strict=False):
        outbox.receipt(session, message.id, 1, status, "SM1", now=NOON)

    assert campaigns.follow(session, now=NOON) == 4
    assert states(session, made) == {"sent": 2, "delivered": 1, "read": 1}
    assert campaigns.follow(session, now=NOON) == 0
    assert campaigns.finish(session, made.id, now=NOON)
    assert made.status is CampaignStatus.COMPLETED


def test_a_campaign_is_not_over_while_a_message_waits(session, eyes):
    reached(session)
    made = begin(session, a_campaign(session))
    assert not campaigns.finish(session, made.id, now=NOON)
    campaigns.fan_out(session, made.id, now=NOON)
    assert not campaigns.finish(session, made.id, now=NOON)


def test_only_failures_that_may_pass_are_tried_again(session, eyes):
    people = [reached(session) for _ in range(2)]
    made = begin(session, a_campaign(session))
    campaigns.fan_out(session, made.id, now=NOON, limit=1)
    deliver(session, end=failing(30003))
    campaigns.fan_out(session, made.id, now=NOON, limit=1)
    deliver(session, end=failing(21614))
    campaigns.follow(session, now=NOON)
    assert states(session, made) == {"failed_temporary": 1, "failed_permanent": 1}
    assert campaigns.finish(session, made.id, now=NOON)

    _, planned = campaigns.retry_failed(session, made.id, scope=EVERYTHING, now=NOON)
    campaigns.fan_out(session, made.id, now=NOON)
    deliver(session, now=later(1))
    campaigns.follow(session, now=later(1))

    assert planned == 1
    assert states(session, made) == {"sent": 1, "failed_permanent": 1}
    assert len(people) == 2


# -- pause, resume, cancel ------------------------------------------------------------------------


def test_a_pause_takes_back_what_waits_and_resuming_goes_on(session, eyes):
    for _ in range(4):
        reached(session)
    made = begin(session, a_campaign(session))
    campaigns.fan_out(session, made.id, now=NOON, limit=3)
    outbox.claim(session, Lane.BULK, now=NOON, limit=1)

    campaigns.pause(session, made.id, reason="a wrong date", scope=EVERYTHING, now=NOON)

    assert states(session, made) == {"planned": 3, "queued": 1}
    assert outbox.claim(session, Lane.BULK, now=NOON) == []
    assert campaigns.fan_out(session, made.id, now=NOON) == 0
    campaigns.resume(session, made.id, scope=EVERYTHING, now=NOON)
    assert campaigns.fan_out(session, made.id, now=NOON) == 3
    assert states(session, made) == {"queued": 4}
    assert len(outbox.claim(session, Lane.BULK, now=NOON)) == 3


def test_a_cancelled_campaign_leaves_what_was_sent_and_cancels_the_rest(session, eyes):
    for _ in range(5):
        reached(session)
    made = begin(session, a_campaign(session))
    campaigns.fan_out(session, made.id, now=NOON, limit=3)
    claimed = outbox.claim(session, Lane.BULK, now=NOON, limit=1)
    outbox.settle(session, [Outcome.accepted(claimed[0].id, 1, "SM1")], now=NOON)

    campaigns.cancel(session, made.id, reason="called off", scope=EVERYTHING, now=NOON)
    campaigns.follow(session, now=NOON)

    assert states(session, made) == {"sent": 1, "cancelled": 4}
    with pytest.raises(InvalidState):
        campaigns.resume(session, made.id, scope=EVERYTHING, now=NOON)
    statuses = Counter(session.scalars(text("select status from messages")).all())
    assert statuses == {"accepted": 1, "cancelled": 2}


# -- filters --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"field": "password", "op": "in", "value": ["x"]}, "filter.password"),
        ({"field": "state", "op": "before", "value": "x"}, "filter.state"),
        ({"field": "state", "op": "in", "value": []}, "filter.state"),
        ({"field": "hospital", "op": "in", "value": ["1 or 1=1"]}, "filter.hospital"),
        ({"field": "age", "op": "between", "value": [40, 20]}, "filter.age"),
        ({"field": "last_visit", "op": "before", "value": "soon"}, "filter.last_visit"),
        ({"sql": "1=1"}, "filter"),
        ({"all": []}, "filter"),
        ({"not": {"not": {"not": {"not": {"not": {"field": "state"}}}}}}, "filter"),
    ],
)
def test_a_filter_that_is_not_understood_is_refused(session, eyes, given, field):
    with pytest.raises(Invalid) as refused:
        a_campaign(session, filter=given)
    assert refused.value.field == field


def test_filters_combine(session, eyes):
    ada, musa, ngozi = (reached(session, state=state) for state in ("Lagos", "Kano", "Ogun"))
    for person, year in ((ada, 1990), (musa, 1950), (ngozi, None)):
        session.get(Patient, person.patient_id).birth_year = year
    session.flush()

    def found(given):
        made = a_campaign(session, filter=given)
        return campaigns.preview(session, made, now=NOON).eligible

    old = {"field": "age", "op": "between", "value": [60, 120]}
    lagos = {"field": "state", "op": "in", "value": ["Lagos"]}
    assert found({}) == 3
    assert found({"any": [old, lagos]}) == 2
    assert found({"not": old}) == 2
    assert found({"all": [lagos, {"not": old}, {"field": "last_visit", "op": "never"}]}) == 1
    assert found({"field": "channel", "op": "in", "value": ["whatsapp"]}) == 0
    assert found({"field": "tier", "op": "in", "value": ["gold"]}) == 0


def test_a_merged_record_is_nobody(session, eyes):
    ada, twice = reached(session), reached(session)
    record = session.get(Patient, twice.patient_id)
    record.status, record.merged_into = PatientStatus.MERGED, ada.patient_id
    session.flush()

    assert campaigns.preview(session, a_campaign(session), now=NOON).audience == 1
