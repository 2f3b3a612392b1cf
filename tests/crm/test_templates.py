"""Words that stay as they were approved, and values that stay values."""

from datetime import timedelta

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import IntegrityError

from bot.channels.carrier import Channel
from crm import templates
from crm.models import MessagePrice, Purpose, TemplateVersion
from crm.templates import Prices, VariableMissing
from tests.crm.senders import CARE, a_template
from tests.outbox import NOON

NASTY = [
    "{hospital}",
    "{{ 7*7 }}",
    "${jndi:ldap://x}",
    "%(name)s %s",
    "{0.__class__.__mro__}",
    "<script>alert(1)</script>",
    "'; drop table messages; --",
    "=HYPERLINK(1)",
    "Ṣadé Ọláyẹmí",
    "\u202edlrow",
]


@pytest.mark.parametrize(
    "change", [{"body": "Other words"}, {"variables": []}, {"approved_by": None}]
)
def test_approved_words_cannot_be_changed_even_by_sql(session, change):
    version = a_template(session)
    change = update(TemplateVersion).where(TemplateVersion.id == version.id).values(change)

    with pytest.raises(IntegrityError, match="keeps its words"), session.begin_nested():
        session.execute(change)
    with pytest.raises(IntegrityError, match="keeps its words"), session.begin_nested():
        session.execute(text("delete from template_versions"))


@pytest.mark.parametrize("name", NASTY)
def test_whatever_a_value_looks_like_it_arrives_as_text(session, name):
    version = a_template(session)

    filled = templates.render(version, {"first_name": name, "hospital": "GrandPro"})

    assert filled.text.startswith(f"Hello {name}, free eye tests at GrandPro")


def test_a_value_is_one_line_so_that_no_subject_grows_a_header(session):
    version = a_template(
        session, body="Hello {first_name} at {hospital}", subject="For {first_name}",
        channels=(Channel.EMAIL,),
    )  # fmt: skip

    filled = templates.render(version, {"first_name": "Ada\r\nBcc: all@x.ng", "hospital": "G"})

    assert filled.subject == "For Ada Bcc: all@x.ng"
    assert "\n" not in filled.text


@pytest.mark.parametrize("given", [{}, {"first_name": ""}, {"first_name": "   "}])
def test_a_gap_is_refused_not_sent(session, given):
    with pytest.raises(VariableMissing):
        templates.render(a_template(session), {"hospital": "GrandPro", **given})


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("number", 12_500, "12,500"),
        ("money", 1_250_050, "₦12,500.50"),
        ("money", -500, "-₦5"),
        ("date", "2026-11-24", "Tue 24 Nov"),
        ("moment", "2026-11-24T14:00:00+00:00", "Tue 24 Nov, 3pm"),
    ],
)
def test_values_are_spelt_by_their_type(session, kind, value, shown):
    what = {"name": "what", "type": kind, "example": value}
    version = a_template(session, body="It is {what}. STOP ends this.", variables=[what])
    assert templates.render(version, {"what": value}).values == (shown,)


def test_a_language_without_words_of_its_own_falls_back_to_english(session):
    a_template(session)
    a_template(session, body="How far {first_name}? {hospital}. STOP ends am.", language="pcm")
    texts = templates.in_use(session, ["eyes"])["eyes"]

    spoken = {lang: texts.of(Channel.SMS, lang)[0].language for lang in ("en", "pcm", "ha")}

    assert spoken == {"en": "en", "pcm": "pcm", "ha": "en"}
    assert texts.of(Channel.WHATSAPP, "en") is None


def test_a_version_for_whatsapp_is_a_content_of_its_own_at_the_carrier(session):
    a_template(session, "water", body=CARE, purpose=Purpose.CARE, channels=(Channel.WHATSAPP,))

    (shape,) = templates.shapes(session, "AC1")

    assert (shape.name, shape.category) == ("water_en_v1", "UTILITY")
    assert shape.types == {
        "twilio/text": {"body": "Hello {{1}}, drink water in the heat. {{2}} wishes you well."}
    }
    assert shape.samples == {"1": "Ada", "2": "GrandPro Ikeja"}
    assert templates.note_provider_status(session, {"water_en_v1": "approved"}) == 1
    assert templates.note_provider_status(session, {"water_en_v1": "approved"}) == 0


def test_a_message_costs_what_its_day_says(session):
    tomorrow = NOON + timedelta(days=1)
    session.add(
        MessagePrice(channel=Channel.SMS, is_marketing=False, since=tomorrow.date(), price_kobo=700)
    )
    session.flush()

    today, then = Prices.on(session, NOON), Prices.on(session, tomorrow)

    assert today.of(Channel.SMS, Purpose.CARE, 2) == 1_200
    assert then.of(Channel.SMS, Purpose.CARE, 2) == 1_400
    assert today.of(Channel.WHATSAPP, Purpose.MARKETING, 9) == 7_800
