"""The link under an e-mail: looking changes nothing, pressing does."""

import pytest
from sqlalchemy import select

from bot.channels.carrier import Channel
from crm import gate, patients
from crm.kit.ids import uuid7
from crm.models import Consent, Patient
from tests.outbox import NOON, say_yes, somebody


@pytest.fixture
def reader(session):
    """Somebody who gets our news by e-mail."""
    person = somebody(session, channel=Channel.EMAIL)
    say_yes(session, person.address_id, "marketing", now=NOON)
    session.commit()
    return person


@pytest.fixture
def link(wiring, reader) -> str:
    return wiring.links.unsubscribe(reader.address_id).removeprefix("https://bot.example")


def gets_news(session, reader) -> bool:
    session.expire_all()
    [facts] = gate.load(session, [(reader.address_id, None)])
    return gate.agreed(facts.consents).get("marketing", False)


def test_looking_changes_nothing(client, link, session, reader):
    page = client.get(link)
    assert page.status_code == 200
    assert '<form method="post">' in page.text
    assert client.head(link).status_code == 200
    assert gets_news(session, reader)


def test_it_speaks_the_language_of_who_reads_it(client, link, session, reader):
    patients.hold(session, reader.patient_id, reader.channel, reader.value, now=NOON)
    session.get_one(Patient, reader.patient_id).language = "pcm"
    session.commit()
    assert "Make we stop news and offers" in client.get(link).text
    assert "We don stop am" in client.post(link).text


def test_pressing_stops_the_news_and_only_them(client, link, session, reader):
    page = client.post(link, data={"List-Unsubscribe": "One-Click"})
    assert "You are unsubscribed" in page.text
    assert not gets_news(session, reader)
    [facts] = gate.load(session, [(reader.address_id, None)])
    assert gate.agreed(facts.consents)["care"]


def test_a_mail_program_may_press_without_a_form_and_twice(client, link, session, reader):
    assert client.post(link, data=b"List-Unsubscribe=One-Click").status_code == 200
    assert client.post(link).status_code == 200
    said = select(Consent).where(Consent.address_id == reader.address_id, ~Consent.is_granted)
    [only] = session.scalars(said).all()
    assert (only.purpose, only.source) == ("marketing", "unsubscribe link")


def test_the_page_loads_nothing_and_leads_nowhere(client, link):
    page = client.get(link)
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "http" not in page.text.replace("https://", "http://").split("<body>")[1]


def test_a_link_for_another_purpose_does_not_open(client, wiring, reader):
    calendar = wiring.links.calendar(reader.address_id).rpartition("/")[2].removesuffix(".ics")
    assert client.post(f"/unsubscribe/{calendar}").status_code == 404
    assert client.get("/unsubscribe/x").status_code == 404


def test_an_address_that_is_gone_is_unsubscribed_all_the_same(client, wiring):
    link = wiring.links.unsubscribe(uuid7()).removeprefix("https://bot.example")
    assert client.post(link).status_code == 200
