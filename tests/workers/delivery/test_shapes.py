"""What a message looks like on its channel."""

import pytest

from bot.channels.carrier import (
    Channel,
    Option,
    Refused,
)
from crm.models import CarrierContent, MessageStatus
from crm.outbox import Template
from tests.outbox import NOON
from tests.workers.delivery.lanes import LANE, YES_NO
from workers import delivery


def test_an_sms_question_has_numbered_answers(wiring, post, carrier):
    post(text="Will you come? ₦500 is due.", options=YES_NO)
    delivery.deliver(wiring, LANE)

    assert carrier.texts == ["Will you come? NGN500 is due.\n1 Yes\n2 No"]


@pytest.fixture
def contents(wiring):
    account = wiring.settings.twilio_account_sid
    with wiring.sessions.begin() as session:
        for name in ("reply_2", "reminder.en"):
            session.add(CarrierContent(account=account, name=name, content_sid=f"HX-{name}"))


@pytest.mark.usefixtures("contents")
def test_a_whatsapp_question_has_buttons_that_carry_their_answers(wiring, post, carrier):
    options = [Option("v1|7|yes", "Yes"), Option("v1|7|no", "No")]
    post(channel=Channel.WHATSAPP, heard_at=NOON, text="Sure?", options=options)
    delivery.deliver(wiring, LANE)
    [parcel] = carrier.taken

    assert parcel.content_sid == "HX-reply_2"
    assert parcel.content_variables == {
        "1": "Sure?",
        "2": "Yes",
        "3": "v1|7|yes",
        "4": "No",
        "5": "v1|7|no",
    }


def test_where_the_carrier_has_no_buttons_of_ours_the_answers_are_numbered(wiring, post, carrier):
    post(channel=Channel.WHATSAPP, heard_at=NOON, text="Sure?", options=YES_NO, turn=7)
    delivery.deliver(wiring, LANE)

    assert carrier.texts == ["Sure?\n1 Yes\n2 No"]
    assert carrier.taken[0].content_sid is None


@pytest.mark.usefixtures("contents")
def test_outside_the_window_the_template_is_sent(wiring, post, carrier):
    post(channel=Channel.WHATSAPP, template=Template("reminder.en", ("Ada\nObi", "")))
    delivery.deliver(wiring, LANE)

    assert carrier.taken[0].content_sid == "HX-reminder.en"
    assert carrier.taken[0].content_variables == {"1": "Ada Obi", "2": "-"}


@pytest.mark.usefixtures("contents")
def test_a_window_that_closed_at_the_carrier_is_met_with_the_template(wiring, post, carrier, look):
    id_ = post(channel=Channel.WHATSAPP, heard_at=NOON, template=Template("reminder.en"))

    def script(parcel):
        if not parcel.content_sid:
            raise Refused(63016, "the window is closed")

    carrier.script = script
    delivery.deliver(wiring, LANE)

    assert carrier.taken[0].content_sid == "HX-reminder.en"
    assert look(id_).status is MessageStatus.ACCEPTED


def test_a_template_that_is_not_made_yet_is_waited_for(wiring, post, carrier, look):
    id_ = post(channel=Channel.WHATSAPP, template=Template("new.en"))
    delivery.deliver(wiring, LANE)

    assert carrier.taken == []
    assert look(id_).status is MessageStatus.QUEUED
