"""A lane is woken once for many messages, whatever becomes of the connection in between."""

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as Lost

from bot.build import bounded_redis
from bot.wakes import Wakes
from tests.at_once import at_once


@pytest.fixture
def wakes(redis_url):
    return Wakes(bounded_redis(redis_url))


def test_a_lane_is_claimed_once_until_it_has_looked(wakes, redis_url):
    assert [wakes.claim("urgent"), wakes.claim("urgent"), wakes.claim("bulk")] == [
        True,
        False,
        True,
    ]
    Redis.from_url(redis_url).delete("wake:urgent")
    assert wakes.claim("urgent")


def test_a_claim_that_nobody_answers_ends_by_itself(wakes, redis_url):
    wakes.claim("urgent")
    assert 0 < Redis.from_url(redis_url).pttl("wake:urgent") <= 5_000


def test_of_eight_at_once_one_claims_it(wakes):
    assert sorted(at_once([lambda: wakes.claim("urgent")] * 8)) == [False] * 7 + [True]


def test_a_connection_that_was_ended_is_made_again(wakes, redis_url):
    wakes.claim("urgent")
    queue = Redis.from_url(redis_url)
    ours = queue.client_info()["db"]  # other tests use the same server
    for client in queue.client_list():
        if client["db"] == str(ours):
            queue.client_kill_filter(_id=client["id"], skipme=True)
    queue.delete("wake:urgent")
    assert wakes.claim("urgent")


def test_without_a_server_it_says_so(tmp_path):
    with pytest.raises(Lost):
        Wakes(bounded_redis(f"unix://{tmp_path}/nobody")).claim("urgent")
