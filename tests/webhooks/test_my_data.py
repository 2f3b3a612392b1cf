"""The link to one's data: looking gives nothing, a code to the same phone gives the file."""

import json
import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bot.channels.carrier import Channel
from crm import patients, privacy
from crm.kit.ids import uuid7
from crm.kit.permissions import EVERYTHING, Actor
from crm.models import AuditEvent, DataRequest, Message, OneTimeCode, Patient, RequestKind
from crm.outbox import unseal
from crm.privacy import requests
from tests.outbox import NOON, VAULT, somebody

WEEK = timedelta(days=7)


@pytest.fixture
def person(session):
    """Somebody on WhatsApp who asked for everything we keep."""
    person = somebody(session, channel=Channel.WHATSAPP)
    patients.hold(session, person.patient_id, person.channel, person.value, now=NOON)
    patient = session.get_one(Patient, person.patient_id)
    requests.ask(session, patient, RequestKind.EXPORT, by=Actor.system(), now=NOON)
    session.commit()
    return person


@pytest.fixture
def link(wiring, session, person) -> str:
    return link_of(wiring, session, person.address_id)


def link_of(wiring, session, address_id, *, until=WEEK) -> str:
    request = session.scalars(select(DataRequest)).one()
    link = wiring.links.data(request.id, address_id, until=wiring.now() + until)
    return link.removeprefix("https://bot.example")


def challenge_in(page) -> str:
    return re.search(r'name="challenge" value="([^"]+)"', page.text)[1]


def code_sent(session) -> str:
    """The newest message of all."""
    session.expire_all()
    message = session.scalars(select(Message).order_by(Message.id.desc())).first()
    return unseal(VAULT, message.body_sealed, row=message.id).text[:6]


def codes(session) -> int:
    return session.scalar(select(func.count()).select_from(OneTimeCode))


def test_looking_sends_nothing_and_gives_nothing(client, link, session):
    page = client.get(link)
    assert (page.status_code, codes(session)) == (200, 0)
    assert "/static/page.css" in page.text
    assert "Send me a code" in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


def test_it_speaks_the_language_of_whom_it_is_about(client, link, session, person):
    session.get_one(Patient, person.patient_id).language = "pcm"
    session.commit()
    page = client.get(link)
    assert "Send me code" in page.text
    assert '<html lang="pcm">' in page.text
    assert "We don send six numbers" in client.post(link).text


def test_the_code_gives_the_file_once(client, link, session, person):
    challenge = challenge_in(client.post(link))
    form = {"challenge": challenge, "code": code_sent(session)}
    file = client.post(link, data=form)
    assert file.headers["Content-Disposition"].startswith("attachment")
    assert file.headers["Cache-Control"] == "private, no-store"
    assert json.loads(file.data)["person"]["id"] == str(person.patient_id)
    assert client.post(link, data=form).status_code == 401
    session.expire_all()
    acts = session.scalars(select(AuditEvent.action)).all()
    assert "my_data.export" in acts
    assert session.scalars(select(DataRequest)).one().closed_at is not None


def test_a_wrong_code_counts_and_the_fifth_is_the_last(client, link, session):
    challenge = challenge_in(client.post(link))
    code = code_sent(session)
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    for _ in range(5):
        page = client.post(link, data={"challenge": challenge, "code": wrong})
        assert (page.status_code, "not right" in page.text) == (401, True)
    assert client.post(link, data={"challenge": challenge, "code": code}).status_code == 401


def test_a_code_that_went_to_another_phone_is_worth_nothing(client, wiring, session, person, link):
    other = patients.hold(session, person.patient_id, Channel.SMS, "+2349140000099", now=NOON)
    session.commit()
    others = link_of(wiring, session, other.id)
    challenge = challenge_in(client.post(others))
    form = {"challenge": challenge, "code": code_sent(session)}
    assert client.post(link, data=form).status_code == 401
    assert client.post(others, data=form).status_code == 200


def test_a_phone_that_speaks_for_them_no_more_gets_no_code(client, session, person, link):
    patients.hold(session, person.patient_id, Channel.SMS, "+2349140000099", now=NOON)
    patients.release(session, person.patient_id, person.address_id)
    session.commit()
    assert (client.post(link).status_code, codes(session)) == (410, 0)


def test_who_was_erased_has_nothing_left_to_give(client, session, person, link):
    privacy.erase(session, person.patient_id, scope=EVERYTHING, by=Actor.system(), now=NOON)
    session.commit()
    assert client.post(link).status_code == 410


def test_a_link_that_ended_or_that_we_did_not_make(client, wiring, session, person):
    ended = link_of(wiring, session, person.address_id, until=timedelta(0))
    assert client.get(ended).status_code == client.post(ended).status_code == 410
    assert client.get(f"{ended[:-4]}abcd").status_code == 404
    assert client.post("/my-data/x").status_code == 404
    unknown = wiring.links.data(uuid7(), person.address_id, until=wiring.now() + WEEK)
    assert client.post(unknown.removeprefix("https://bot.example")).status_code == 404


def test_what_is_no_challenge_is_a_bad_request(client, link):
    assert client.post(link, data={"challenge": "'; --", "code": "1"}).status_code == 400


@pytest.mark.parametrize(
    "path", ["/my-data/x", "/f/x", "/unsubscribe/x", "/statements/x.pdf", "/calendar/x.ics"]
)
def test_a_link_that_was_cut_off_is_explained_to_a_person(client, path):
    page = client.get(path)
    assert (page.status_code, page.mimetype) == (404, "text/html")
    assert "This link leads nowhere" in page.text
    in_pidgin = client.get(path, headers={"Accept-Language": "pcm, en;q=0.8"})
    assert "This link no lead anywhere" in in_pidgin.text
