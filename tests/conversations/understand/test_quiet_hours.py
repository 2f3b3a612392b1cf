"""Hours of quiet as people say them."""

import pytest

from conversations.understand import quiet_hours

NOT_BEFORE_9, NIGHT = ("21:00", "09:00"), ("21:00", "07:00")


@pytest.mark.parametrize(
    ("said", "quiet"),
    [
        ("not before 9", NOT_BEFORE_9),
        ("not before nine abeg", NOT_BEFORE_9),
        ("only after 9", NOT_BEFORE_9),
        ("till 9", NOT_BEFORE_9),
        ("don't text me before 8:30am", ("21:00", "08:30")),
        ("before noon", ("21:00", "12:00")),
        ("from 9pm to 7am", NIGHT),
        ("9pm - 7am", NIGHT),
        ("9 to 7", NIGHT),
        ("I sleep from 9 till 6", ("21:00", "06:00")),
        ("between 10 and 6", ("22:00", "06:00")),
        ("22:00-06:30", ("22:00", "06:30")),
        ("no messages at night", NIGHT),
        ("No dey message me for night", NIGHT),
        ("after 8pm no message", ("20:00", "07:00")),
        ("not after 8", ("20:00", "07:00")),
        ("only between 9am and 5pm", ("17:00", "09:00")),
        ("write me only from 9 to 6", ("18:00", "09:00")),
    ],
)
def test_an_hour_without_am_or_pm_begins_in_the_evening_and_ends_in_the_morning(said, quiet):
    assert [f"{at:%H:%M}" for at in quiet_hours(said)] == list(quiet)


@pytest.mark.parametrize("said", ["none", "any time", "no quiet hours", "off"])
def test_none_at_all(said):
    assert quiet_hours(said) == "none"


@pytest.mark.parametrize(
    "said", ["", "1", "blue", "25/11/1990", "news", "my data", "from 9pm to 9pm", "from 25 to 99"]
)
def test_what_says_no_hours(said):
    assert quiet_hours(said) is None
