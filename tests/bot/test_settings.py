import base64
import stat

import pytest

from bot.config import Settings, SettingsError

KEY = base64.b64encode(bytes(range(32))).decode()

PRODUCTION = {
    "ENVIRONMENT": "production",
    "DATABASE_URL": "postgres://app:s3same@db.internal/grandpro",
    "REDIS_URL": "rediss://queue.internal:6379/0",
    "PUBLIC_BASE_URL": "https://bot.hospital.ng/",
    "SECRET_KEY": "k3" * 32,
    "ENCRYPTION_KEYS": f"k2026:{KEY},k2025:{KEY}",
    "TWILIO_ACCOUNT_SID": "AC" + "0123456789abcdef" * 2,
    "TWILIO_AUTH_TOKEN": "f0" * 16,
    "TWILIO_PHONE_NUMBER": "+2347000000001",
    "TWILIO_WHATSAPP_NUMBER": "+2347000000002",
    "SENDGRID_API_KEY": "SG.9f8e7d",
    "SENDGRID_FROM_EMAIL": "care@hospital.ng",
}


def problems(**changes):
    with pytest.raises(SettingsError) as caught:
        Settings.from_env({**PRODUCTION, **changes})
    return str(caught.value).splitlines()


def test_production_runs_with_real_values():
    settings = Settings.from_env(PRODUCTION)
    assert settings.twilio_base_url is None
    assert settings.public_base_url == "https://bot.hospital.ng"
    assert settings.languages == ("en", "pcm")


def test_everything_that_is_missing_is_named_at_once():
    with pytest.raises(SettingsError) as caught:
        Settings.from_env({"ENVIRONMENT": "production", "PORT": "eighty"})
    lines = str(caught.value).splitlines()
    required = PRODUCTION.keys() - {"ENVIRONMENT"}
    assert {f"{name} is missing" for name in required} <= set(lines)
    assert any(line.startswith("PORT: ") for line in lines)


def test_an_empty_value_is_a_missing_one():
    assert problems(TWILIO_AUTH_TOKEN="  ") == ["TWILIO_AUTH_TOKEN is missing"]


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [
        ("SECRET_KEY", "change-me" * 8, "made up"),
        ("SECRET_KEY", "k3k3k3", "short"),
        ("TWILIO_AUTH_TOKEN", "demo-0123456789abcdef", "made up"),
        ("ENCRYPTION_KEYS", f"demo:{KEY}", "made up"),
        ("ENCRYPTION_KEYS", "k2026:c2hvcnQ=", "32 bytes"),
        ("ENCRYPTION_KEYS", "no colon", "32 bytes"),
        ("PUBLIC_BASE_URL", "http://bot.hospital.ng", "https://"),
        ("TWILIO_BASE_URL", "https://sandbox.internal", "sandbox"),
        ("TWILIO_ACCOUNT_SID", "AC123", "32 hexadecimal"),
        ("TWILIO_ACCOUNT_SID", "AC" + "de" * 16, "demo"),
        ("DATABASE_URL", "sqlite:///grandpro.db", "postgresql://"),
        ("REDIS_URL", "http://queue", "redis://"),
    ],
)
def test_production_refuses(name, value, word):
    [line] = {line.partition(" DIRECT")[0] for line in problems(**{name: value}) if name in line}
    assert word in line
    assert KEY not in line


def test_a_secret_that_happens_to_contain_a_word_is_no_example():
    Settings.from_env({**PRODUCTION, "SECRET_KEY": "9x" * 20 + "demo" + "xxx"})


def test_the_demo_makes_up_what_it_needs_and_keeps_it(tmp_path):
    environ = {"GRANDPRO_HOME": str(tmp_path / "home"), "PORT": "9100"}
    first, second = Settings.from_env(environ), Settings.from_env(environ)
    assert first == second
    assert first.sandbox_port == 9101
    assert first.twilio_base_url == "http://127.0.0.1:9101"
    assert first.public_base_url == "http://127.0.0.1:9100"
    kept = tmp_path / "home" / "secrets.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_two_homes_have_two_secrets(tmp_path):
    one, other = (Settings.from_env({"GRANDPRO_HOME": str(tmp_path / name)}) for name in "ab")
    assert one.secret_key != other.secret_key


def test_production_refuses_what_the_demo_made_up(tmp_path):
    demo = Settings.from_env({"GRANDPRO_HOME": str(tmp_path)})
    lines = problems(**{**demo.environ(), "ENVIRONMENT": "production"})
    assert sum("made up" in line for line in lines) == 4


def test_a_child_process_reads_the_same_settings(tmp_path):
    settings = Settings.from_env({"GRANDPRO_HOME": str(tmp_path), "LANGUAGES": "en, ha"})
    assert Settings.from_env(settings.environ()) == settings


def test_secrets_are_not_in_what_a_log_would_print():
    shown = repr(Settings.from_env(PRODUCTION))
    for name in ("SECRET_KEY", "TWILIO_AUTH_TOKEN", "DATABASE_URL", "ENCRYPTION_KEYS"):
        assert PRODUCTION[name] not in shown


def test_sqlalchemy_is_told_the_driver_and_the_way_round_a_pooler():
    settings = Settings.from_env(
        {**PRODUCTION, "PGBOUNCER": "true", "DIRECT_URL": "postgresql://app@direct/grandpro"}
    )
    assert settings.sqlalchemy_url() == "postgresql+psycopg://app:s3same@db.internal/grandpro"
    assert settings.sqlalchemy_url(direct=True) == "postgresql+psycopg://app@direct/grandpro"
    assert settings.connect_args() == {"prepare_threshold": None}
