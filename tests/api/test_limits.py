"""How often one may ask, and that the queue's absence closes no door."""

from pathlib import Path

import pytest

from bot.app import create_app
from bot.build import build_wiring
from tests.api.caller import PREFIX
from tests.stack import settings_for


@pytest.fixture
def strict(database_url: str, redis_url: str, tmp_path: Path):
    """The application with three tries to sign in, and five requests for each account."""
    there = "http://127.0.0.1:1"
    settings = settings_for(database_url, redis_url, tmp_path, there, there)
    return settings.model_copy(update={"rate_of_sign_in": 3, "rate_per_account": 5})


def statuses(settings, path: str, times: int, **more) -> list:
    wiring = build_wiring(settings)
    client = create_app(wiring).test_client()
    answers = [client.open(f"{PREFIX}{path}", **more) for _ in range(times)]
    wiring.disconnect()
    wiring.redis.close()
    return answers


def test_guessing_passwords_is_slowed_down_and_told_when_to_come_again(strict):
    guess = {"email": "ada@example.com", "password": "x"}
    answers = statuses(strict, "/auth/sign-in", 4, method="POST", json=guess)
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429]
    assert answers[-1].json["code"] == "too_many_requests"
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 61


def test_one_account_may_ask_so_often_a_minute(strict):
    answers = statuses(strict, "/me", 6, headers={"Authorization": "Bearer x"})
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]


def test_without_the_queue_the_api_still_answers(strict):
    away = strict.model_copy(update={"redis_url": "redis://127.0.0.1:1"})
    (answer,) = statuses(away, "/me", 1)
    assert answer.status_code == 401
