"""The phone page in a real browser: what a newcomer sees, types and presses."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from tests.sandbox.world import ADAEZE, MUSA, World

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
QUICK = {
    "body": "Welcome to *Alafia Hospitals*. What can we do for you?",
    "actions": [{"title": "Book", "id": "v1|1|book"}, {"title": "Points", "id": "v1|1|points"}],
}
DAYS = {
    "body": "Ọjọ́ wo ni ẹ fẹ́ wá?",
    "button": "See the days",
    "items": [
        {"id": "v1|2|a", "item": "Tue 25 Nov, 10:30", "description": "Dr Okafor, Ikeja"},
        {"id": "v1|2|b", "item": "Wed 26 Nov, 09:00", "description": "Dr Bello, Ikeja"},
    ],
}
TO_ADAEZE = f"whatsapp:{ADAEZE}"


def thread(page: Page, name: str = "Adaeze") -> Locator:
    return page.get_by_role("log", name=f"{name}’s conversation")


def a_busy_day(world: World) -> None:
    """Both phones with everything a bubble can be."""
    world.sandbox.say("whatsapp", ADAEZE, "Hello")
    world.send(TO_ADAEZE, "", content_sid=world.content("twilio/quick-reply", QUICK))
    yoruba = world.content("twilio/list-picker", DAYS, language="yo")
    world.send(TO_ADAEZE, "", content_sid=yoruba)
    world.sandbox.faults.set("window_closed", value=True, times=1)
    world.send(TO_ADAEZE, "See https://example.org/visit and smile")
    world.sandbox.say("sms", MUSA, "Hi")
    world.send(MUSA, "Your visit is on Tuesday. Reply 1 to confirm.")
    world.product.answers[:] = [500] * 4
    world.sandbox.say("sms", MUSA, "1")
    world.sandbox.settle()


def test_the_root_leads_to_two_phones_and_says_it_is_a_sandbox(page: Page) -> None:
    page.goto("/", wait_until="domcontentloaded")
    expect(page).to_have_url(re.compile("/phone$"))
    expect(page.get_by_role("log")).to_have_count(2)
    expect(page.get_by_text("Sandbox: no real message leaves this machine")).to_be_visible()


def test_what_is_typed_arrives_and_the_answer_appears_by_itself(page: Page, world: World) -> None:
    page.goto("/phone", wait_until="domcontentloaded")
    page.get_by_label("Message from Adaeze").fill("Good morning")
    page.keyboard.press("Enter")
    mine = thread(page).get_by_role("listitem").filter(has_text="Good morning")
    expect(mine).to_contain_text("received")
    expect(page.get_by_label("Message from Adaeze")).to_have_value("")
    assert world.product.inbound()[0].params["Body"] == "Good morning"
    world.send(TO_ADAEZE, "Welcome, Adaeze")
    answer = thread(page).get_by_role("listitem").filter(has_text="Welcome, Adaeze")
    expect(answer).to_contain_text("read")
    expect(page.get_by_text("window 23:59")).to_be_visible()


def test_buttons_and_lists_send_their_payload(page: Page, world: World) -> None:
    a_busy_day(world)
    page.goto("/phone", wait_until="domcontentloaded")
    page.get_by_role("button", name="Book", exact=True).click()
    expect(thread(page).locator(".mine").last).to_contain_text("Book")
    page.get_by_text("See the days").click()
    page.get_by_role("button", name="Wed 26 Nov, 09:00").click()
    expect(thread(page).locator(".mine").last).to_contain_text("Wed 26 Nov")
    button, row = (post.params for post in world.product.inbound()[-2:])
    assert (button["ButtonPayload"], row["ListId"]) == ("v1|1|book", "v1|2|b")


def test_failures_say_why_and_sms_shows_its_parts(page: Page, world: World) -> None:
    a_busy_day(world)
    page.goto("/phone", wait_until="domcontentloaded")
    expect(thread(page)).to_contain_text("Not delivered: the 24-hour window is closed")
    expect(thread(page, "Musa")).to_contain_text("Not received: the hospital's webhook")
    expect(thread(page, "Musa").locator(".theirs")).to_contain_text("1 part")
    expect(thread(page, "Musa").locator(".theirs")).to_contain_text("delivered")
    expect(page.locator('[lang="yo"]')).to_have_text("Ọjọ́ wo ni ẹ fẹ́ wá?")
    expect(thread(page).locator("strong")).to_have_text("Alafia Hospitals")


def test_an_open_list_stays_open_while_news_come_in(page: Page, world: World) -> None:
    a_busy_day(world)
    page.goto("/phone", wait_until="domcontentloaded")
    page.get_by_text("See the days").click()
    world.send(TO_ADAEZE, "One more thing")
    expect(thread(page)).to_contain_text("One more thing")
    expect(page.get_by_role("button", name="Tue 25 Nov, 10:30")).to_be_visible()


def test_switches_and_the_clock(page: Page, world: World) -> None:
    page.goto("/phone", wait_until="domcontentloaded")
    page.get_by_role("button", name="Lost response").click()
    expect(page.get_by_role("button", name="Lost response on")).to_have_attribute(
        "aria-pressed", "true"
    )
    assert world.sandbox.faults.is_on("lost_response")
    page.get_by_role("button", name="+24 h").click()
    expect(page.get_by_text("moved by +24 h", exact=True)).to_be_visible()
    expect(page.get_by_text("product moved too")).to_be_visible()


def test_a_family_phone_can_be_added_and_a_thread_forgotten(page: Page, world: World) -> None:
    a_busy_day(world)
    page.goto("/phone", wait_until="domcontentloaded")
    page.get_by_text("+ New person").click()
    expect(page.get_by_label("Number")).to_have_value("+2349140000003")
    page.get_by_label("Name").fill("Bello family")
    page.get_by_role("button", name="Add phone").click()
    expect(page).to_have_url(re.compile("/phone/bello-family$"))
    expect(page.get_by_role("heading", name="Bello family")).to_be_visible()
    page.goto("/phone", wait_until="domcontentloaded")
    page.get_by_role("button", name="Clear Adaeze’s phone").click()
    expect(thread(page)).to_contain_text("Nothing here yet")


def test_a_number_that_cannot_be_is_explained(page: Page) -> None:
    page.goto("/phone", wait_until="domcontentloaded")
    page.get_by_text("+ New person").click()
    page.get_by_label("Name").fill("Nobody")
    page.get_by_label("Number").fill("080312")
    page.get_by_role("button", name="Add phone").click()
    expect(page.get_by_role("alert")).to_contain_text("must be a mobile number")
    expect(page.get_by_label("Name")).to_have_value("Nobody")


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("path", ["/phone", "/phone/musa"])
@pytest.mark.parametrize("busy", [False, True])
def test_everybody_can_use_it_at_any_width(
    page: Page, world: World, width: int, path: str, busy: bool
) -> None:
    if busy:
        a_busy_day(world)
        world.sandbox.faults.set("no_receipts", value=True)
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(path, wait_until="domcontentloaded")
    for summary in page.locator("summary:visible").all():
        summary.click()
    page.wait_for_timeout(250)  # colours are judged when the fade is over
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}})
    assert found.response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_narrow_screen_shows_one_phone_and_the_log_below(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto("/phone/musa", wait_until="domcontentloaded")
    expect(thread(page, "Musa")).to_be_visible()
    expect(thread(page)).to_be_hidden()
    page.get_by_role("link", name="Adaeze").click()
    expect(thread(page)).to_be_visible()


def test_the_keyboard_does_everything(page: Page, world: World) -> None:
    a_busy_day(world)
    page.goto("/phone", wait_until="domcontentloaded")
    page.get_by_role("button", name="Points").focus()
    page.keyboard.press("Enter")
    expect(thread(page).locator(".mine").last).to_contain_text("Points")
    page.locator("summary", has_text="See the days").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(thread(page).locator(".mine").last).to_contain_text("Tue 25 Nov")


def test_it_goes_on_by_asking_when_no_stream_is_left(page: Page, world: World) -> None:
    page.route("**/phone/live*", lambda route: route.fulfill(status=204))
    page.goto("/phone", wait_until="domcontentloaded")
    world.sandbox.say("sms", MUSA, "Hello from elsewhere")
    expect(thread(page, "Musa")).to_contain_text("Hello from elsewhere")


@pytest.fixture
def plain_page(browser: Browser, world: World) -> Iterator[Page]:
    context = browser.new_context(base_url=world.url, java_script_enabled=False)
    yield context.new_page()
    context.close()


def test_without_javascript_a_message_is_sent_and_shown(plain_page: Page, world: World) -> None:
    a_busy_day(world)
    plain_page.goto("/phone/adaeze")
    plain_page.get_by_label("Message from Adaeze").fill("No script here")
    plain_page.get_by_role("button", name="Send as Adaeze").click()
    expect(thread(plain_page).locator(".mine").last).to_contain_text("No script here")
    plain_page.get_by_role("button", name="Book", exact=True).click()
    assert world.product.inbound()[-1].params["ButtonPayload"] == "v1|1|book"
    plain_page.get_by_role("button", name="Carrier down").click()
    expect(plain_page.get_by_role("button", name="Carrier down on")).to_be_visible()


def test_the_page_is_light_and_keeps_its_own_rules() -> None:
    home = Path(__file__).parents[2] / "bot" / "sandbox"
    html = "".join(path.read_text() for path in (home / "templates").glob("*.html"))
    assert (home / "static" / "phone.css").stat().st_size <= 15 * 1024
    assert (home / "static" / "phone.js").stat().st_size <= 8 * 1024
    assert not re.search(r"\sstyle=|\son[a-z]+=|src=\"http|<script>", html)
