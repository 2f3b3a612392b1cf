"""Who may be written to, and when."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from bot.channels.carrier import Channel
from crm import consents, gate, outbox, suppressions
from crm.gate import Facts, Kind
from crm.kit.clock import at_lagos, lagos
from crm.models import AddressHolder, OwnerStatus, PatientStatus, Purpose, SuppressionReason
from tests.outbox import NOON, draft, later, say_yes, somebody

ADA = Facts(channel=Channel.SMS, patient_status=PatientStatus.ACTIVE, consents=["+care"])
EVENING = datetime(2026, 11, 18, 20, 30, tzinfo=UTC)  # 21:30 in Lagos
NIGHT = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)  # 03:00 in Lagos


def facts(**changes) -> Facts:
    return Facts(**{name: getattr(ADA, name) for name in Facts.__slots__} | changes)


def ask(about: Facts = ADA, purpose: Purpose = Purpose.REMINDER, now: datetime = NOON):
    return gate.verdict(about, purpose=purpose, now=now)


def test_a_reminder_goes_at_noon_to_a_patient_who_registered():
    assert ask().kind is Kind.GO


@pytest.mark.parametrize("status", [PatientStatus.ERASED, PatientStatus.DECEASED])
def test_nothing_goes_of_a_person_who_is_gone_but_whoever_writes_is_answered(status):
    gone = facts(patient_status=status)

    assert ask(gone).kind is Kind.STOP
    assert ask(gone, Purpose.REPLY).kind is Kind.GO


def test_the_first_reason_in_the_order_of_the_design_is_the_one_given():
    everything = facts(
        patient_status=PatientStatus.DECEASED,
        channel=None,
        suppressed=SuppressionReason.STOP,
        consents=[],
    )

    assert ask(everything).reason == "the person has died"
    assert ask(facts(channel=None, suppressed=SuppressionReason.STOP)).reason == (
        "there is no such address"
    )
    assert ask(facts(suppressed=SuppressionReason.STOP, consents=[]), now=NIGHT).reason == (
        "the person asked us to stop"
    )
    assert ask(facts(consents=[]), now=NIGHT).reason == "no consent for reminder messages"


def test_who_opted_out_and_writes_again_is_answered():
    assert ask(facts(suppressed=SuppressionReason.STOP), Purpose.REPLY).kind is Kind.GO


def test_not_even_an_answer_goes_by_sms_where_the_carrier_blocks_it():
    blocked = facts(suppressed=SuppressionReason.CARRIER)
    on_whatsapp = facts(
        suppressed=SuppressionReason.CARRIER, channel=Channel.WHATSAPP, heard_at=NOON
    )

    assert ask(blocked, Purpose.REPLY).kind is Kind.STOP
    assert ask(on_whatsapp, Purpose.REPLY).kind is Kind.GO


def test_marketing_needs_a_yes_of_its_own():
    assert ask(purpose=Purpose.MARKETING).kind is Kind.STOP
    assert ask(facts(consents=["+care", "+marketing"]), Purpose.MARKETING).kind is Kind.GO


def test_a_word_about_reminders_outweighs_the_registration():
    assert ask(facts(consents=["+care", "-reminder"])).kind is Kind.STOP
    assert ask(facts(consents=["+care", "-reminder"]), Purpose.NOTICE).kind is Kind.GO
    assert ask(facts(consents=["+reminder"])).kind is Kind.GO


def test_a_withdrawal_of_all_undoes_what_was_said_and_a_start_brings_it_back():
    assert not gate.agreed(["+care", "+marketing", "-all"]).get("care")
    assert gate.agreed(["+care", "-all", "+all"])["care"]
    assert gate.agreed(["+care", "-all", "+care"])["care"]
    assert not gate.agreed(["+care", "-all", "+marketing"]).get("care")


def test_a_reminder_in_the_evening_waits_for_the_morning():
    verdict = ask(now=EVENING)

    assert verdict.kind is Kind.DEFER
    assert lagos(verdict.until).isoformat() == "2026-11-19T07:00:00+01:00"


def test_before_dawn_marketing_waits_for_eight_on_the_same_day():
    willing = facts(consents=["+marketing"])

    assert lagos(ask(willing, Purpose.MARKETING, NIGHT).until).hour == 8
    assert lagos(ask(willing, Purpose.MARKETING, NIGHT).until).day == 18


@pytest.mark.parametrize("purpose", [Purpose.REPLY, Purpose.ALERT])
def test_replies_and_alerts_go_at_any_hour_without_a_form(purpose):
    assert ask(facts(consents=[]), purpose, NIGHT).kind is Kind.GO


def test_whatsapp_takes_free_text_until_a_minute_before_a_day_is_over():
    patient = facts(channel=Channel.WHATSAPP, heard_at=NOON)
    edge = NOON + timedelta(hours=24) - timedelta(seconds=60)

    assert not ask(patient, now=edge - timedelta(seconds=1)).must_use_template
    assert ask(patient, now=edge).must_use_template


def test_outside_the_window_a_message_without_a_template_stops():
    silent = facts(channel=Channel.WHATSAPP, has_template=False)

    assert ask(silent).reason == "the WhatsApp window is closed and there is no template"


# -- each purpose, in a table ---------------------------------------------------------------------

SAID_YES = ["+care"]
SAID_NO = ["+care", "-care"]


@pytest.mark.parametrize(
    ("purpose", "consents", "hour", "kind"),
    [
        (Purpose.CARE, SAID_YES, 12, Kind.GO),
        (Purpose.CARE, SAID_NO, 12, Kind.STOP),
        (Purpose.CARE, SAID_YES, 6, Kind.DEFER),
        (Purpose.NOTICE, SAID_YES, 20, Kind.GO),
        (Purpose.NOTICE, SAID_YES, 21, Kind.DEFER),
        (Purpose.SURVEY, [*SAID_YES, "-survey"], 12, Kind.STOP),
        (Purpose.LOYALTY, SAID_YES, 12, Kind.GO),
        (Purpose.LOYALTY, [*SAID_YES, "-loyalty"], 12, Kind.STOP),
        (Purpose.LOYALTY, SAID_YES, 20, Kind.DEFER),
        (Purpose.MARKETING, SAID_YES, 12, Kind.STOP),
        (Purpose.MARKETING, [*SAID_YES, "+marketing"], 12, Kind.GO),
        (Purpose.MARKETING, [*SAID_YES, "+marketing"], 20, Kind.DEFER),
        (Purpose.REPLY, [], 3, Kind.GO),
        (Purpose.ALERT, [], 3, Kind.GO),
    ],
)
def test_each_purpose_has_its_consent_and_its_hours(purpose, consents, hour, kind):
    now = NOON.replace(hour=hour - 1)  # Lagos is an hour ahead
    assert ask(facts(consents=consents), purpose, now).kind is kind


# -- owners ---------------------------------------------------------------------------------------

OWNER = Facts(channel=Channel.SMS, owner_status=OwnerStatus.ACTIVE)


def owner(**changes) -> Facts:
    return Facts(**{name: getattr(OWNER, name) for name in Facts.__slots__} | changes)


def test_an_owners_contract_is_consent_to_all_but_marketing():
    assert ask(OWNER, Purpose.NOTICE).kind is Kind.GO
    assert ask(OWNER, Purpose.SURVEY).kind is Kind.GO
    assert ask(owner(consents=["-survey"]), Purpose.SURVEY).code == "no_consent"
    assert ask(OWNER, Purpose.MARKETING).code == "no_consent"
    assert ask(owner(consents=["+marketing"]), Purpose.MARKETING).kind is Kind.GO


def test_an_owner_who_stopped_us_or_was_erased_hears_nothing():
    assert ask(owner(suppressed=SuppressionReason.STOP), Purpose.NOTICE).code == "stop"
    assert ask(owner(owner_status=OwnerStatus.ERASED), Purpose.NOTICE).code == "erased"


@pytest.mark.parametrize(
    ("clock", "goes"),
    [
        ("07:59", "08:00"),
        ("08:00", None),
        ("19:59", None),
        ("20:00", "08:00 next day"),
        ("00:05", "08:00"),
    ],
)
def test_notices_to_owners_leave_between_eight_and_eight_in_lagos(clock, goes):
    moment = at_lagos(date(2026, 11, 18), time.fromisoformat(clock))
    until = ask(OWNER, Purpose.NOTICE, moment).until
    day = "" if until is None or lagos(until).day == 18 else " next day"
    assert (until and f"{lagos(until):%H:%M}{day}") == goes


def test_a_patients_notice_and_an_owners_survey_keep_their_wider_hours():
    seven = at_lagos(date(2026, 11, 18), time(7))
    assert ask(facts(), Purpose.NOTICE, seven).kind is Kind.GO
    assert ask(OWNER, Purpose.SURVEY, seven).kind is Kind.GO


# -- how often, and when --------------------------------------------------------------------------


def ago(*days: float) -> list[datetime]:
    return [NOON - timedelta(days=each) for each in days]


@pytest.mark.parametrize(
    ("heard", "is_enough"),
    [
        (ago(1), False),
        (ago(1, 6.9), True),
        (ago(1, 8), False),
        (ago(1, 8, 15), False),
        (ago(1, 8, 15, 29), True),
        (ago(8, 9, 10, 31), False),
    ],
)
def test_marketing_comes_twice_a_week_and_four_times_a_month_at_most(heard, is_enough):
    willing = facts(consents=["+care", "+marketing"], marketing=heard)

    assert (ask(willing, Purpose.MARKETING).code == "frequency_cap") is is_enough
    assert ask(willing, Purpose.NOTICE).kind is Kind.GO


@pytest.mark.parametrize(
    ("quiet", "opens"),
    [
        ((time(11), time(14)), "14:00"),
        ((time(22), time(13)), "13:00"),
        ((time(13), time(14)), None),
        ((time(12), time(22)), "07:00"),
        ((time(6), time(22)), None),
    ],
)
def test_a_persons_own_quiet_hours_are_waited_out_unless_they_leave_no_hour(quiet, opens):
    verdict = ask(facts(quiet=quiet))
    assert (lagos(verdict.until).strftime("%H:%M") if verdict.until else None) == opens


def test_own_quiet_hours_do_not_hold_back_an_answer():
    assert ask(facts(quiet=(time(0), time(23))), Purpose.REPLY).kind is Kind.GO


def test_the_explanation_names_every_question_and_its_first_no_is_the_verdict():
    everything = facts(suppressed=SuppressionReason.STOP, consents=[])

    steps = gate.explain(everything, purpose=Purpose.REMINDER, now=NIGHT)

    assert [(step.name, step.verdict.code) for step in steps if step.verdict.code] == [
        ("suppression", "stop"),
        ("consent", "no_consent"),
        ("quiet_hours", "quiet_hours"),
    ]
    first = next(step.verdict for step in steps if step.verdict.kind is not Kind.GO)
    assert first == ask(everything, now=NIGHT)


def test_every_reason_has_a_code_and_every_code_is_its_own():
    assert gate.code_of("the person asked us to stop") == "stop"
    assert gate.code_of("no consent for survey messages") == "no_consent"
    assert gate.code_of("frequency_cap") == "frequency_cap"
    assert gate.code_of("something else went wrong") == "other"


# -- the facts, read ------------------------------------------------------------------------------


def test_facts_are_read_in_the_order_asked_for_by_one_query(session):
    musa = somebody(session, channel=Channel.WHATSAPP, heard_at=NOON)
    ngozi = somebody(session, agreed="marketing", status=PatientStatus.ERASED)
    say_yes(session, ngozi.address_id, "all", now=NOON, is_granted=False)
    suppressions.suppress(session, ngozi.address_id, SuppressionReason.STOP, now=NOON)

    first, second, third = gate.load(
        session,
        [
            (musa.address_id, musa.patient_id),
            (ngozi.address_id, ngozi.patient_id),
            (musa.patient_id, None),
        ],
    )

    assert first == Facts(Channel.WHATSAPP, PatientStatus.ACTIVE, None, ["+care"], NOON)
    assert second.suppressed is SuppressionReason.STOP
    assert second.consents == ["+marketing", "-all"]
    assert third.channel is None


def test_an_address_is_suppressed_once_and_lifted_once(session):
    musa = somebody(session).address_id

    assert suppressions.suppress(session, musa, SuppressionReason.STOP, now=NOON)
    assert not suppressions.suppress(session, musa, SuppressionReason.CARRIER, now=NOON)
    assert suppressions.is_suppressed(session, musa)
    assert suppressions.lift(session, musa, now=NOON)
    assert not suppressions.lift(session, musa, now=NOON)
    assert not suppressions.is_suppressed(session, musa)


def test_marketing_that_went_or_waits_counts_and_this_one_does_not(session):
    musa = somebody(session, agreed="marketing")
    offers = [draft(musa, f"Offer {n}", purpose=Purpose.MARKETING) for n in range(3)]

    for offer in offers:
        outbox.post_many(session, [offer], now=NOON)
    asked = gate.Asked(musa.address_id, musa.patient_id, None, Purpose.MARKETING)

    assert len(gate.load(session, [asked])[0].marketing) == 2
    claimed = outbox.claim(session, offers[0].lane, now=later(1))
    assert len(claimed) == 2
    assert gate.load(session, [asked._replace(purpose=Purpose.NOTICE)])[0].marketing == ()


def test_on_a_familys_phone_each_speaks_for_themselves(session):
    """One child's no does not silence the other, and a no without a name is said for all."""
    mother, son = somebody(session, agreed="care"), somebody(session, agreed="care")
    phone = mother.address_id
    session.add(AddressHolder(address_id=phone, patient_id=son.patient_id))
    for patient_id, is_granted in ((mother.patient_id, True), (son.patient_id, False)):
        consents.record(
            session,
            address_id=phone,
            patient_id=patient_id,
            purpose="marketing",
            is_granted=is_granted,
            wording="test",
            language="en",
            source="sms",
            now=NOON,
        )
    hers, his = gate.load(
        session,
        [
            gate.Asked(phone, mother.patient_id, purpose=Purpose.MARKETING),
            gate.Asked(phone, son.patient_id, purpose=Purpose.MARKETING),
        ],
    )
    assert ask(hers, Purpose.MARKETING).kind is Kind.GO
    assert ask(his, Purpose.MARKETING).reason == "no consent for marketing messages"
