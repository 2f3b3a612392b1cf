"""Whom a message reaches, by which way, and what stands against it."""

from datetime import date, time, timedelta

import pytest
from sqlalchemy import select

from bot.channels.carrier import Channel
from crm import addresses, communications, gate, outbox, owners
from crm.communications import (
    ChannelUnavailable,
    NeedsTemplate,
    SensitiveContent,
    Suppressed,
    To,
    Wish,
    sensitive_words,
)
from crm.kit.errors import DomainError, NotFound
from crm.kit.permissions import EVERYTHING, Scope
from crm.models import (
    AddressHolder,
    Conversation,
    HolderRole,
    Message,
    MessageStatus,
    Patient,
    PatientStatus,
    Purpose,
    SuppressionReason,
)
from crm.patients import sealed
from crm.suppressions import suppress
from tests.crm.estate import an_owner, hospital
from tests.crm.senders import AMAKA, CARE, a_template, reached
from tests.outbox import NOON, later, say_yes, somebody


def send(session, to: To, *, now=NOON, **how):
    wish = Wish(to=to, **({"purpose": Purpose.CARE, "text": "Please call us."} | how))
    return communications.send(session, wish, scope=EVERYTHING, by=AMAKA, now=now)


def address_of(sent):
    return sent.planned.draft.address_id


def also_at(session, person, channel: Channel, *, heard_at=None):
    """A second way to somebody."""
    other = somebody(session, channel=channel)
    session.add(AddressHolder(address_id=other.address_id, patient_id=person.patient_id))
    if heard_at:
        session.add(Conversation(address_id=other.address_id, heard_at=heard_at))
    session.flush()
    return other.address_id


def test_the_preferred_channel_is_tried_first_and_the_next_when_it_is_closed(session):
    ada = reached(session)
    whatsapp = also_at(session, ada, Channel.WHATSAPP, heard_at=NOON)
    session.get(Patient, ada.patient_id).preferred_channel = Channel.WHATSAPP
    session.flush()
    to = To.patient(ada.patient_id)

    assert address_of(send(session, to)) == whatsapp
    suppress(session, whatsapp, SuppressionReason.STOP, now=NOON)
    assert address_of(send(session, to)) == ada.address_id
    with pytest.raises(Suppressed):
        send(session, to, channel=Channel.WHATSAPP)


def test_free_text_goes_by_whatsapp_only_while_its_window_is_open(session):
    ada = reached(session, channel=Channel.WHATSAPP, heard_at=NOON)
    to = To.patient(ada.patient_id)

    assert send(session, to).planned.draft.channel is Channel.WHATSAPP
    with pytest.raises(NeedsTemplate):
        send(session, to, due_at=later(86_400))
    a_template(session, "water", body=CARE, purpose=Purpose.CARE, channels=(Channel.WHATSAPP,))
    sent = send(session, to, due_at=later(86_400), template="water", text="", purpose=None)
    assert sent.planned.draft.template.name == "water_en_v1"


def test_a_minor_is_written_to_at_the_guardians_number(session):
    mother, child = reached(session), reached(session, name="Chidi")
    record = session.get(Patient, child.patient_id)
    record.guardian_id = mother.patient_id
    sealed.write(session, record, "born_on", date(2015, 1, 1))
    session.flush()

    assert address_of(send(session, To.patient(child.patient_id))) == mother.address_id
    sealed.write(session, record, "born_on", date(1990, 1, 1))
    session.flush()
    assert address_of(send(session, To.patient(child.patient_id))) == child.address_id


def test_the_family_phone_of_a_minor_will_do(session):
    mother, child = reached(session), reached(session, name="Chidi")
    record = session.get(Patient, child.patient_id)
    record.guardian_id = mother.patient_id
    sealed.write(session, record, "born_on", date(2015, 1, 1))
    held = session.get(AddressHolder, (child.address_id, child.patient_id))
    held.role = HolderRole.FAMILY
    suppress(session, mother.address_id, SuppressionReason.INVALID, now=NOON)
    session.flush()

    assert address_of(send(session, To.patient(child.patient_id))) == child.address_id


def test_quiet_hours_of_ones_own_set_a_message_later(session):
    ada = reached(session)
    record = session.get(Patient, ada.patient_id)
    record.quiet_start, record.quiet_end = time(11), time(15)
    session.flush()

    sent = send(session, To.patient(ada.patient_id))

    assert sent.planned.verdict.code == "quiet_hours"
    message = session.get(Message, sent.message_id)
    assert (message.status, message.due_at) == (MessageStatus.QUEUED, later(3 * 3600))


def test_an_owner_hears_notices_without_being_asked_and_offers_only_when(session):
    alhaji = an_owner(session, at=hospital(session, "IKJ"), now=NOON)
    a_template(session, "ready", body=CARE, purpose=Purpose.NOTICE, channels=(Channel.WHATSAPP,))
    a_template(session, "offer", channels=(Channel.WHATSAPP,))
    to = To.owner(alhaji.id)
    as_template = {"text": "", "purpose": None}

    notice = send(session, to, template="ready", **as_template)
    assert session.get(Message, notice.message_id).owner_id == alhaji.id
    with pytest.raises(Suppressed) as refused:
        send(session, to, template="offer", **as_template)
    assert refused.value.facts["reason"] == "no_consent"
    say_yes(session, owners.best_address(session, alhaji.id).id, "marketing", now=NOON)
    assert send(session, to, template="offer", **as_template).message_id


@pytest.mark.parametrize("status", [PatientStatus.DECEASED, PatientStatus.ERASED])
def test_nobody_writes_to_those_who_are_gone(session, status):
    with pytest.raises(Suppressed):
        send(session, To.patient(reached(session, status=status).patient_id))


def test_somebody_elsewhere_is_nobody(session):
    ada = reached(session)
    nowhere = Scope(frozenset({hospital(session, "WUS").id}))
    wish = Wish(to=To.patient(ada.patient_id), purpose=Purpose.CARE, text="Hello")

    with pytest.raises(NotFound):
        communications.send(session, wish, scope=nowhere, by=AMAKA, now=NOON)


def test_whoever_has_no_address_there_is_not_reached_there(session):
    with pytest.raises(ChannelUnavailable):
        send(session, To.patient(reached(session).patient_id), channel=Channel.WHATSAPP)


def test_a_dry_run_writes_nothing_not_even_an_address(session):
    wish = Wish(to=To(address=(Channel.SMS, "+2349140000777")), purpose=Purpose.CARE, text="Hello")
    outcome = communications.send_many(
        session, [wish], scope=EVERYTHING, by=AMAKA, now=NOON, dry_run=True
    )

    assert isinstance(outcome[0].refusal, DomainError)
    assert addresses.find(session, Channel.SMS, "+2349140000777") is None
    assert session.scalar(select(Message.id)) is None


def test_what_is_explained_is_what_happens(session):
    """For each standing a person may have, the answer and the deed agree."""
    for change in ("nothing", "stop", "no", "gone", "night"):
        ada = reached(session, status=_status(change))
        if change == "stop":
            suppress(session, ada.address_id, SuppressionReason.STOP, now=NOON)
        if change == "no":
            say_yes(session, ada.address_id, "care", now=NOON, is_granted=False)
        now = NOON + timedelta(hours=10 if change == "night" else 0)
        to = To.patient(ada.patient_id)

        said = communications.explain(
            session, to, channel=None, purpose=Purpose.CARE, scope=EVERYTHING, now=now
        )[0].verdict
        wish = Wish(to=to, purpose=Purpose.CARE, text="Please call us.")
        (outcome,) = communications.send_many(session, [wish], scope=EVERYTHING, by=AMAKA, now=now)

        if said.kind is gate.Kind.STOP:
            assert outcome.refusal.facts["reason"] == said.code
        else:
            assert session.get(Message, outcome.message_id).due_at == (said.until or now)


def _status(change: str) -> PatientStatus:
    return PatientStatus.DECEASED if change == "gone" else PatientStatus.ACTIVE


# -- sensitive words ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        "Your HIV result is here",
        "your h\u200bi\u200bv test",
        "ANTENATAL clinic on Friday",
        "Come for your TB drugs",
        "ＨＩＶ",
        "Tarin fuka",
        "Oyún rẹ",
        "the psychiatrist will see you",
    ],
)
def test_words_that_bystanders_should_not_read_are_found(words):
    assert sensitive_words(words)


@pytest.mark.parametrize(
    "words", ["Your visit is tomorrow at 10", "Please bring your card", "We were closed", "TBC"]
)
def test_plain_words_are_not(words):
    assert not sensitive_words(words)


def test_sensitive_words_are_for_patients_phones_alone(session):
    to = To.patient(reached(session).patient_id)
    with pytest.raises(SensitiveContent):
        send(session, to, text="Your HIV result is here")
    assert send(session, to, text="Your HIV result is here", override_reason="asked").message_id
    mailed = To.patient(reached(session, channel=Channel.EMAIL).patient_id)
    by_mail = {"text": "Your HIV result is here", "channel": Channel.EMAIL, "subject": "Results"}
    assert send(session, mailed, **by_mail).message_id


# -- later ----------------------------------------------------------------------------------------


def test_what_is_too_late_ends_and_what_is_due_wakes_its_lane(session):
    ada = reached(session)
    to = To.patient(ada.patient_id)
    for keeps_s in (60, 6_000):
        send(session, to, due_at=later(60), expires_at=later(60 + keeps_s))

    assert communications.look(session, now=NOON).due == 0
    found = communications.look(session, now=later(300))
    assert (found.due, found.expired, found.oldest_due_at) == (1, 1, later(60))
    assert communications.expire(session, now=later(300)) == 1
    session.info.pop("lanes", None)
    communications.wake(session, found)
    assert session.info["lanes"] == {"utility"}
    assert len(outbox.claim(session, "utility", now=later(300))) == 1
