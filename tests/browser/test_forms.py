"""The forms behind text messages' links in a real browser, on a phone's narrow screen."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from crm.models import Appointment, AppointmentStatus, PatientFeedback
from tests.browser.conftest import WATCH
from tests.browser.test_phone_page import RULES
from tests.console import forms
from tests.console.forms import link_to, one_way
from tests.conversations.clinics import fill, free
from tests.conversations.test_waitlist_talk import TUESDAY
from tests.people import MUSA
from tests.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture
def visit_link(stack: Stack) -> str:
    return forms.visit_link(stack)


@pytest.fixture
def feedback_link(stack: Stack) -> str:
    return forms.feedback_link(stack)


@pytest.fixture
def survey_link(stack: Stack) -> str:
    return forms.survey_link(stack)


@pytest.fixture
def offer_link(stack: Stack) -> str:
    stack.register(MUSA, "Musa Bello")
    full = fill(stack, "Eye", TUESDAY)
    for words in ("book eye tuesday", "8"):
        stack.say(MUSA, words)
    one_way(stack)
    free(stack, full[0])
    return link_to(stack, MUSA)


@pytest.fixture(params=[True, False], ids=["script", "no script"])
def phone(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A narrow page, with and without scripts, that must end without a violation."""
    context = browser.new_context(
        viewport={"width": 320, "height": 640}, java_script_enabled=request.param
    )
    context.add_init_script(WATCH)
    page = context.new_page()
    yield page
    if request.param:
        assert page.evaluate("window.violations") == []
    context.close()


def row(stack: Stack, kind):
    with stack.wiring.sessions() as session:
        return session.scalars(select(kind)).one_or_none()


def test_a_visit_is_cancelled_after_asking_twice(phone: Page, stack: Stack, visit_link) -> None:
    phone.goto(visit_link)
    phone.get_by_role("button", name="Cancel visit").click()
    phone.get_by_role("button", name="Yes, cancel the visit").click()
    expect(phone.get_by_role("status")).to_contain_text("is cancelled")
    assert row(stack, Appointment).status is AppointmentStatus.CANCELLED


def test_feedback_is_given_with_the_thumb(phone: Page, stack: Stack, feedback_link) -> None:
    phone.goto(feedback_link)
    phone.get_by_text("2 Poor").click()
    phone.get_by_text("Waiting time").click()
    phone.get_by_label("Would you like to tell us more?").fill("Two hours")
    phone.get_by_role("button", name="Send").click()
    expect(phone.get_by_role("status")).to_contain_text("We are sorry")
    assert row(stack, PatientFeedback).rating == 2


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("form", ["visit", "feedback", "survey", "offer"])
def test_everybody_can_use_a_form_at_any_width(browser, request, form: str, width: int) -> None:
    link = request.getfixturevalue(f"{form}_link")
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.goto(link)
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}})
    assert found.response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()
