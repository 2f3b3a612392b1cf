"""Whatever people write or press, and whenever: an answer, a known question, nothing twice."""

from contextlib import contextmanager

import pytest

from conversations.dialogues import DIALOGUES
from tests.conversations.walks import house, walk


@pytest.fixture
def houses(databases, redis_url, tmp_path) -> walk.Houses:
    """Opens a house for a walk."""

    @contextmanager
    def opened(chance):
        with databases() as url, house.opened(url, redis_url, tmp_path, chance) as opened:
            yield opened

    return opened


@pytest.mark.parametrize("dialogue", sorted(DIALOGUES))
def test_any_words_are_answered_and_nothing_is_done_twice(houses, dialogue):
    walk.through(dialogue, houses)
