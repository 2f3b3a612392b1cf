"""A question in the form its channel can show."""

import pytest

from bot.channels.capabilities import Rendered, capabilities_of, render
from bot.channels.carrier import Channel, Option

YES_NO = [Option("v1|7|yes", "Yes"), Option("v1|7|no", "Ó tì", "another day")]


def shown(
    channel: Channel,
    options: list[Option] = YES_NO,
    text: str = "Will you come?",
    *,
    sms_two_way: bool = True,
) -> Rendered:
    can = capabilities_of(channel, sms_two_way=sms_two_way)
    return render(text, options, channel=channel, can=can)


def test_whatsapp_shows_buttons_or_a_list() -> None:
    three = [Option(str(n), f"Day {n}") for n in range(3)]
    assert shown(Channel.WHATSAPP, three).shape == "reply_3"
    assert shown(Channel.WHATSAPP, three * 3).shape == "list_9"


def test_more_than_a_list_holds_is_numbered() -> None:
    eleven = [Option(str(n), f"Day {n}") for n in range(1, 12)]
    rendered = shown(Channel.WHATSAPP, eleven)
    assert rendered.shape is None
    assert rendered.text.splitlines()[-1] == "11 Day 11"


def test_a_text_too_long_for_buttons_keeps_its_words() -> None:
    assert (
        shown(Channel.WHATSAPP, text="a" * 1100).text
        == "a" * 1100 + "\n1 Yes\n2 Ó tì - another day"
    )


def test_an_sms_is_numbered_in_plain_letters() -> None:
    assert shown(Channel.SMS) == Rendered("Will you come?\n1 Yes\n2 O ti - another day")


def test_a_sender_that_cannot_hear_asks_for_no_answer() -> None:
    assert shown(Channel.SMS, sms_two_way=False) == Rendered("Will you come?")


def test_a_statement_is_just_its_words() -> None:
    assert shown(Channel.WHATSAPP, []) == Rendered("Will you come?")


@pytest.mark.parametrize(
    ("channel", "hears", "windowed"),
    [(Channel.WHATSAPP, True, True), (Channel.SMS, False, False), (Channel.EMAIL, False, False)],
)
def test_each_channel_says_what_it_can(channel: Channel, hears: bool, windowed: bool) -> None:
    can = capabilities_of(channel, sms_two_way=False)
    assert (can.two_way, can.windowed) == (hears, windowed)
