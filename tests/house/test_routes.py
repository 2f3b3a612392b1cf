"""Every way into the web application is known, with what guards it."""

import pytest
from sqlalchemy import create_engine

from bot.app import create_app
from tests.outbox import settings, wired

SIGNED, TOKEN, PUBLIC, DEMO = (
    "by the carrier's signature over the whole request",
    "by a signed token in its path, made by us",
    "open: tells nothing of anybody",
    "only outside production",
)
API = "/api/crm/"
ROUTES = {
    "POST /webhooks/twilio/inbound": SIGNED,
    "POST /webhooks/twilio/status": SIGNED,
    "POST /webhooks/sendgrid/events": SIGNED,
    "GET /calendar/<token>.ics": TOKEN,
    "GET /f/<token>": TOKEN,
    "POST /f/<token>": TOKEN,
    "GET /static/<path:filename>": PUBLIC,
    "GET /my-data/<token>": TOKEN,
    "POST /my-data/<token>": TOKEN,
    "GET /statements/<token>.pdf": TOKEN,
    "GET /unsubscribe/<token>": TOKEN,
    "POST /unsubscribe/<token>": TOKEN,
    "GET /healthz": PUBLIC,
    "GET /readyz": PUBLIC,
    "GET /metrics": PUBLIC,
    "GET /openapi.json": PUBLIC,
    "GET /docs": PUBLIC,
    "GET /docs/start.js": PUBLIC,
    "GET /docs/<any('swagger-ui.css', 'swagger-ui-bundle.js'):name>": PUBLIC,
    "GET /": DEMO,
    "GET /phone": DEMO,
    "POST /demo/clock": DEMO,
}
PRODUCTION = {
    "ENVIRONMENT": "production",
    "SECRET_KEY": "k3" * 20,
    "ENCRYPTION_KEYS": "k1:" + "Q" * 43 + "=",
    "TWILIO_ACCOUNT_SID": "AC" + "1f" * 16,
    "TWILIO_AUTH_TOKEN": "9f" * 16,
    "TWILIO_PHONE_NUMBER": "+2348139990000",
    "TWILIO_WHATSAPP_NUMBER": "+2348139990001",
    "SENDGRID_API_KEY": "SG.9f9f9f9f",
    "SENDGRID_FROM_EMAIL": "care@hospital.ng",
}


def test_every_route_is_known_with_its_guard():
    assert {route for route in routes(app()) if API not in route} == set(ROUTES)


def test_every_route_of_the_api_names_its_permission_or_says_why_it_needs_none():
    web = app()
    views = {
        rule.rule: web.view_functions[rule.endpoint]
        for rule in web.url_map.iter_rules()
        if API in rule.rule
    }
    unguarded = [rule for rule, view in views.items() if not guard_of(view)]
    assert len(views) > 30
    assert not unguarded


def guard_of(view) -> object:
    return getattr(view, "needs", None) or getattr(view, "public", None)


def test_production_has_no_demo_routes():
    found = {route for route in routes(app(**PRODUCTION)) if API not in route}
    assert found == {route for route in ROUTES if ROUTES[route] != DEMO}


@pytest.mark.parametrize("route", [route for route in ROUTES if ROUTES[route] == SIGNED])
def test_what_is_signed_refuses_everyone_else(route):
    method, path = route.split()
    assert app().test_client().open(path, method=method).status_code == 403


@pytest.mark.parametrize("route", [route for route in ROUTES if ROUTES[route] == TOKEN])
def test_what_takes_a_token_takes_only_ours(route):
    method, path = route.replace("<token>", "0" * 32 + ".AAAA").split()
    assert app().test_client().open(path, method=method).status_code == 404


def app(**changes: str):
    wiring = wired(create_engine("postgresql+psycopg://nobody@127.0.0.1:1/none"), "redis://a", None)
    wiring.settings = settings(**changes)
    return create_app(wiring)


def routes(web) -> set[str]:
    return {
        f"{method} {rule.rule}"
        for each in (web, web.extensions["carriers"])
        for rule in each.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
