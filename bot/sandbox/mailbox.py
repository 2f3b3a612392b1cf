"""The mailbox beside the phones: every e-mail of the house, with the buttons mail programs have."""

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, abort, redirect, render_template, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response as Redirect

from bot.sandbox import mails, people, view
from bot.sandbox.door import sandbox
from bot.sandbox.mails import Mail
from bot.sandbox.markup import drawn
from bot.sandbox.phone import protect

pages = Blueprint("mailbox", __name__, url_prefix="/phone/mail")
pages.after_request(protect)

SHOWN = 60
WORDS = {
    "accepted": "on its way",
    "processed": "on its way",
    "open": "opened",
    "bounce": "bounced: no such mailbox",
    "blocked": "refused by the mail server",
    "dropped": "dropped: the carrier did not try",
    "spamreport": "reported as spam",
    "unsubscribe": "unsubscribed",
}


@dataclass(frozen=True, slots=True)
class Letter:
    """One e-mail as drawn."""

    mail: Mail
    text: Markup
    time: str
    word: str
    is_bad: bool


@pages.get("")
def show() -> str:
    """Show the newest e-mails."""
    box = sandbox()
    return render_template(
        "mailbox.html",
        people=people.everyone(box.store),
        letters=[_letter(mail) for mail in mails.newest(box.store, limit=SHOWN)],
        last=box.events.last(),
    )


@pages.post("/<int:seq>/unsubscribe")
def press_unsubscribe(seq: int) -> Redirect:
    """Press the unsubscribe button that the mail program draws."""
    sandbox().mailroom.press_unsubscribe(_found(seq))
    return redirect(url_for("mailbox.show"), code=303)


@pages.post("/<int:seq>/spam")
def report_spam(seq: int) -> Redirect:
    """Report an e-mail as spam."""
    sandbox().mailroom.report_spam(_found(seq))
    return redirect(url_for("mailbox.show"), code=303)


def _found(seq: int) -> Mail:
    return mails.get(sandbox().store, seq) or abort(404)


def _letter(mail: Mail) -> Letter:
    at = datetime.fromtimestamp(mail.created_at, view.LAGOS)
    return Letter(
        mail=mail,
        text=drawn(mail.text, channel="sms"),
        time=at.strftime("%a %-d %b, %H:%M"),
        word=WORDS.get(mail.status, mail.status),
        is_bad=mail.status in {"bounce", "blocked", "dropped", "spamreport"},
    )
