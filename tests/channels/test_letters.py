"""An e-mail's subject and its two bodies."""

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.letters import LONGEST_SUBJECT, html, plain, subject_of

LINK = "https://bot.hospital.ng/unsubscribe/abc"


@pytest.mark.parametrize(
    ("subject", "text", "expected"),
    [
        ("Your statement", "Dear Ada", "Your statement"),
        ("", "Dear Ada,\nyour visit is tomorrow.", "Dear Ada, your visit is tomorrow."),
        ("Hello\r\nBcc: all@hospital.ng", "", "Hello Bcc: all@hospital.ng"),
        ("", "", "-"),
        ("word " * 30, "", "word " * 14 + "word…"),
        ("w" * 90, "", "w" * 77 + "…"),
    ],
)
def test_a_subject_is_one_short_line(subject, text, expected):
    assert subject_of(subject, text) == expected


@given(subject=st.text(), text=st.text())
def test_any_subject_fits_a_header(subject, text):
    found = subject_of(subject, text)
    assert 0 < len(found) <= LONGEST_SUBJECT
    assert not {"\r", "\n"} & set(found)


def test_paragraphs_and_links_are_drawn_and_nothing_else():
    page = html("Dear <Ada> & co\n\nSee https://a.ng/?x=1&y=2.\nThank you", None)
    assert "<p>Dear &lt;Ada&gt; &amp; co</p>" in page
    assert '<a href="https://a.ng/?x=1&amp;y=2">https://a.ng/?x=1&amp;y=2</a>.<br>Thank' in page


def test_marketing_says_in_both_bodies_how_to_stop_it():
    assert plain("Free checks", LINK).endswith(f"Unsubscribe: {LINK}")
    assert f'<a href="{LINK}">Unsubscribe</a>' in html("Free checks", LINK)
    assert plain("Your visit", None) == "Your visit"


@given(st.text())
def test_no_text_becomes_markup(text):
    page = html(text, None)
    tags = set(re.findall(r"<(/?\w+)", page))
    assert tags <= {"html", "/html", "head", "/head", "meta", "body", "/body", "p", "/p", "br"} | {
        "a",
        "/a",
    }
    assert "".join(text.split()) == "".join(unescape(re.sub(r"<[^>]*>", "", page)).split())
