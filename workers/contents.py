"""Our buttons, lists and templates at the carrier: made there, and their ids remembered."""

from collections.abc import Iterator

import structlog
from sqlalchemy.dialects.postgresql import insert

from bot.channels.carrier import Channel, Option, Shape
from bot.channels.content import session_shapes, template
from bot.texts import say
from bot.wiring import Wiring
from crm.appointments import notices as visit_notices
from crm.loyalty import notices as points_notices
from crm.models import CarrierContent
from crm.payouts import notices as payout_notices
from crm.waitlist import notices as waitlist_notices
from workers.runtime import Counts, job

log = structlog.get_logger()

_ANSWERS = ("confirm", "move", "cancel")
_SAMPLE_VISIT = "0" * 32


@job
def ensure(wiring: Wiring) -> Counts:
    """Make what is missing at the carrier and keep the ids; safe to repeat."""
    sids = wiring.carrier.ensure_contents(list(shapes(wiring.settings.languages)))
    account = wiring.settings.twilio_account_sid
    rows = [{"account": account, "name": name, "content_sid": sid} for name, sid in sids.items()]
    statement = insert(CarrierContent)
    with wiring.transaction() as session:
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["account", "name"],
                set_={"content_sid": statement.excluded.content_sid},
            ),
            rows,
        )
    return {"contents": len(rows)}


def shapes(languages: tuple[str, ...]) -> Iterator[Shape]:
    """All that must exist at the carrier, in these languages."""
    yield from session_shapes()
    for language in languages:
        yield from (_reminder(kind, language) for kind in ("day_before", "same_day"))
        yield from (_visit(key, language) for key in visit_notices.SAID)
        yield _waitlist_offer(language)
        yield from (_payout(*said, language) for said in payout_notices.SAID.items())
        yield _points_expiring(language)
        yield _survey("feedback", "invitation", language, ("first_name", "place", "day"))
        yield from (
            _survey("survey", key, language, ("hospital",)) for key in ("invitation", "nudge")
        )
        yield _owner_notice("bank_account_changed", language, ("first_name", "last4", "phone"))
        yield _owner_notice("address_removed", language, ("first_name", "phone"))


def _reminder(kind: str, language: str) -> Shape:
    """A reminder that may open a conversation; its buttons name the visit in variable 4.

    Its words are those of the free text, so that either is recognised at the carrier.
    """
    words = {"first_name": "{{1}}", "place": "{{2}}", "when": "{{3}}"}
    return template(
        f"appointment_reminder_{kind}_{language}",
        language=language,
        body=say("reminder", kind, language, Channel.WHATSAPP, **words),
        samples={"1": "Ada", "2": "GrandPro Ikeja", "3": "Tue 24 Nov, 3pm", "4": _SAMPLE_VISIT},
        buttons=[
            Option(
                f"v1|reminder|{{{{4}}}}|{answer}",
                say("options", answer, language, Channel.WHATSAPP),
            )
            for answer in _ANSWERS
        ],
    )


_SURVEY_SAMPLES = {
    "first_name": "Ada",
    "place": "GrandPro Ikeja",
    "day": "Tue 24 Nov",
    "hospital": "GrandPro Ikeja",
}


def _survey(section: str, key: str, language: str, facts: tuple[str, ...]) -> Shape:
    """A question with five answers; its buttons name the invitation in the last variable."""
    numbers = {fact: f"{{{{{n}}}}}" for n, fact in enumerate(facts, start=1)}
    last = len(facts) + 1
    samples = {str(n): _SURVEY_SAMPLES[fact] for n, fact in enumerate(facts, start=1)}
    return template(
        f"{section}_{key}_{language}",
        language=language,
        body=say(section, key, language, Channel.WHATSAPP, **numbers),
        samples=samples | {str(last): _SAMPLE_VISIT},
        buttons=[
            Option(
                f"v1|{section}|{{{{{last}}}}}|{score}",
                say("options", f"rate_{score}", language, Channel.WHATSAPP),
            )
            for score in range(1, 6)
        ],
    )


_VISIT_SAMPLES = {
    "first_name": "Ada",
    "when": "Tue 24 Nov, 3pm",
    "place": "GrandPro Ikeja",
    "phone": "+2349140000100",
    "number": "12",
    "reference": "IKJ-7KQ2M",
    "calendar": "https://bot.grandpro.example/calendar/0.ics",
    "time": "3:30pm",
}


def _visit(key: str, language: str) -> Shape:
    """What a patient is told when others change a visit; its words are those of the free text."""
    facts = visit_notices.SAID[key]
    numbers = {fact: f"{{{{{n}}}}}" for n, fact in enumerate(facts, start=1)}
    return template(
        visit_notices.template_name(key, language),
        language=language,
        body=say("visit", key, language, Channel.WHATSAPP, **numbers),
        samples={str(n): _VISIT_SAMPLES[fact] for n, fact in enumerate(facts, start=1)},
    )


def _waitlist_offer(language: str) -> Shape:
    """A time that became free; its buttons name the offer in the last variable."""
    facts = waitlist_notices.FACTS
    numbers = {fact: f"{{{{{n}}}}}" for n, fact in enumerate(facts, start=1)}
    samples = {str(n): _VISIT_SAMPLES[fact] for n, fact in enumerate(facts, start=1)}
    last = len(facts) + 1
    return template(
        waitlist_notices.template_name(language),
        language=language,
        body=say("waitlist", "offer", language, Channel.WHATSAPP, **numbers),
        samples=samples | {str(last): _SAMPLE_VISIT},
        buttons=[
            Option(
                f"v1|waitlist|{{{{{last}}}}}|{answer}",
                say("options", answer, language, Channel.WHATSAPP),
            )
            for answer in waitlist_notices.ANSWERS
        ],
    )


_PAYOUT_SAMPLES = {
    "period": "October 2026",
    "net": "NGN 1,250,000.00",
    "day": "10 Nov 2026",
    "reference": "PO2610-7KQ2M9XA",
    "phone": "+2349140000100",
}


def _payout(key: str, facts: tuple[str, ...], language: str) -> Shape:
    """A notice to an owner; its words are those of the free text."""
    numbers = {fact: f"{{{{{n}}}}}" for n, fact in enumerate(facts, start=1)}
    return template(
        payout_notices.template_name(key, language),
        language=language,
        body=say("payout", key, language, Channel.WHATSAPP, **numbers),
        samples={str(n): _PAYOUT_SAMPLES[fact] for n, fact in enumerate(facts, start=1)},
    )


_OWNER_SAMPLES = {"first_name": "Alhaji Danladi", "last4": "4321", "phone": "+234 914 000 0100"}


def _owner_notice(key: str, language: str, facts: tuple[str, ...]) -> Shape:
    """What an owner is told about their account with us; its facts in the order given."""
    numbers = {fact: f"{{{{{n}}}}}" for n, fact in enumerate(facts, start=1)}
    return template(
        f"owner_notice_{key}_{language}",
        language=language,
        body=say("owner_notice", key, language, Channel.WHATSAPP, **numbers),
        samples={str(n): _OWNER_SAMPLES[fact] for n, fact in enumerate(facts, start=1)},
    )


def _points_expiring(language: str) -> Shape:
    """What a member is told before points end; its words are those of the free text."""
    numbers = {fact: f"{{{{{n}}}}}" for n, fact in enumerate(points_notices.FACTS, start=1)}
    return template(
        points_notices.template_name(language),
        language=language,
        body=say("loyalty", "expiring", language, Channel.WHATSAPP, **numbers),
        samples={"1": "Ada", "2": "250", "3": "Mon 30 Nov"},
    )
