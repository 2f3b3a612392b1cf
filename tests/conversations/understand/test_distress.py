"""The alarm: what raises it and what must not."""

import pytest

from conversations.understand import distress
from tests.conversations.understand.phrases import table

SAID = table("distress")


@pytest.mark.parametrize("text", SAID["alarm"])
def test_danger_to_life_raises_the_alarm(text):
    assert distress(text)


@pytest.mark.parametrize("text", SAID["calm"])
def test_an_ordinary_errand_raises_no_alarm(text):
    assert not distress(text)
