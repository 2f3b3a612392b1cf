"""The mailbox in a real browser: what came by e-mail, read, stopped and reported."""

from uuid import UUID

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from bot.channels.carrier import Channel, Parcel
from bot.channels.pool import CarrierPool
from bot.channels.sendgrid import SendGridCarrier
from tests.browser.test_phone_page import RULES
from tests.sandbox.world import MAIL_KEY, World

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def send(world: World, subject: str, to: str = "ada@mail.ng") -> None:
    pool = CarrierPool(read_s=5)
    carrier = SendGridCarrier(
        api_key=MAIL_KEY, sender="care@hospital.ng", base_url=world.url, pool=pool
    )
    parcel = Parcel(
        message_id=UUID(int=7),
        attempt=1,
        channel=Channel.EMAIL,
        to=to,
        text="Dear Ada,\n\nsee https://bot.example/docs for more.",
        subject=subject,
        unsubscribe_url=f"{world.product.url}/unsubscribe/x",
    )
    carrier.send(parcel)


def test_an_email_comes_by_itself_and_can_be_read(page: Page, world: World) -> None:
    page.goto("/phone")
    page.get_by_role("link", name="Mailbox").click()
    expect(page.get_by_text("No e-mail yet.")).to_be_visible()
    send(world, "Free <b>checks</b>")
    letter = page.get_by_role("listitem").filter(has_text="Free <b>checks</b>")
    letter.get_by_text("to ada@mail.ng").click()
    expect(letter.get_by_text("Dear Ada,")).to_be_visible()
    expect(letter.get_by_role("link", name="https://bot.example/docs")).to_be_visible()


def test_its_buttons_do_what_those_of_mail_programs_do(page: Page, world: World) -> None:
    send(world, "News")
    world.sandbox.settle()
    page.goto("/phone/mail")
    letter = page.get_by_role("listitem").filter(has_text="News")
    letter.get_by_text("to ada@mail.ng").click()
    letter.get_by_role("button", name="Report spam").click()
    expect(letter.get_by_text("reported as spam")).to_be_visible()


@pytest.mark.parametrize("width", [320, 1280])
def test_everybody_can_use_it_at_any_width(page: Page, world: World, width: int) -> None:
    send(world, "A subject of some length that has to wrap on narrow screens")
    send(world, "Lost", "bounce@mail.ng")
    world.sandbox.settle()
    page.set_viewport_size({"width": width, "height": 800})
    page.goto("/phone/mail")
    page.get_by_text("to ada@mail.ng").click()
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}})
    assert found.response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
