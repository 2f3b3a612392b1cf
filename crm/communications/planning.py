"""From wishes to drafts: the first way that the gate lets through, and the words it will carry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from bot.channels import segments
from bot.channels.carrier import Channel
from crm import addresses, gate, outbox, templates
from crm.communications.people import Person, Way, people_of
from crm.communications.refusals import SensitiveContent, refusal_of
from crm.communications.screen import sensitive_words
from crm.communications.wishes import SENDABLE, To, Wish
from crm.kit.errors import DomainError, Invalid, NotFound
from crm.kit.permissions import Scope
from crm.models import Lane, Purpose
from crm.outbox import Draft
from crm.templates import Prices, Rendered, Texts
from crm.templates.writing import LONGEST

_NO_WAY = gate.Facts(channel=None)


@dataclass(frozen=True, slots=True)
class Planned:
    """A message that may go, ready for the outbox."""

    wish: Wish
    draft: Draft
    verdict: gate.Verdict
    segments: int
    cost_kobo: int

    @property
    def send_after(self) -> datetime | None:
        """When it goes at the earliest; None is at once."""
        return self.verdict.until or self.draft.due_at


class _Chosen(NamedTuple):
    """A way, and what the gate says to it; no way when there is none."""

    way: Way | None
    facts: gate.Facts
    verdict: gate.Verdict


def plan(
    session: Session,
    wishes: Sequence[Wish],
    *,
    scope: Scope,
    now: datetime,
    may_write: bool = True,
) -> list[Planned | DomainError]:
    """What would become of each wish, in order: a draft, or why not.

    Seven statements, however many wishes of our people. A bare address that is new is written
    down only when it `may_write`.
    """
    plans = _Plans.load(session, wishes, scope=scope, now=now, may_write=may_write)
    return [plans.of(wish) for wish in wishes]


@dataclass(frozen=True, slots=True)
class _Plans:
    """What the plans of many wishes are made of, read at once."""

    now: datetime
    people: Mapping[To, Person]
    texts: Mapping[str, Texts]
    prices: Prices
    facts: Mapping[gate.Asked, gate.Facts]

    @classmethod
    def load(
        cls,
        session: Session,
        wishes: Sequence[Wish],
        *,
        scope: Scope,
        now: datetime,
        may_write: bool,
    ) -> "_Plans":
        people = people_of(session, [wish.to for wish in wishes], scope=scope, now=now)
        for to in {wish.to for wish in wishes if wish.to.address}:
            people[to] = _somebody(session, to, now=now, may_write=may_write)
        codes = sorted({wish.template for wish in wishes if wish.template})
        texts = templates.in_use(session, codes) if codes else {}
        plans = cls(now, people, texts, Prices.on(session, now), {})
        asked = list(dict.fromkeys(each for wish in wishes for _, each in plans._asked(wish)))
        facts = dict(zip(asked, gate.load(session, asked), strict=True)) if asked else {}
        return replace(plans, facts=facts)

    def of(self, wish: Wish) -> Planned | DomainError:
        try:
            return self._plan(wish)
        except DomainError as error:
            return error

    def _plan(self, wish: Wish) -> Planned:
        person = self.people.get(wish.to)
        if person is None:
            raise NotFound(f"There is no such {wish.to.kind}.")
        purpose = self._purpose(wish)
        chosen = self._choose(wish, person, purpose)
        if chosen.way is None or chosen.verdict.kind is gate.Kind.STOP:
            raise refusal_of(chosen.verdict)
        return self._draft(wish, person, purpose, chosen.way, chosen)

    def _purpose(self, wish: Wish) -> Purpose:
        """The template's, which the sender may repeat but not change."""
        own = self._template_purpose(wish)
        if own and wish.purpose and own is not wish.purpose:
            raise Invalid("purpose", f"This template is for {own} messages.", code="purpose")
        purpose = own or wish.purpose
        if purpose not in SENDABLE:
            raise Invalid("purpose", "Say what the message is for.", code="missing")
        return purpose

    def _template_purpose(self, wish: Wish) -> Purpose | None:
        if wish.template is None:
            return None
        texts = self.texts.get(wish.template)
        if texts is None:
            raise templates.NotApproved(f"No version of {wish.template} is approved.")
        return next(template.purpose for template, _ in texts.versions.values())

    def _asked(self, wish: Wish) -> list[tuple[Way, gate.Asked]]:
        """The ways to try, in order, as questions to the gate."""
        person = self.people.get(wish.to)
        if person is None:
            return []
        purpose = wish.purpose
        texts = self.texts.get(wish.template) if wish.template else None
        if texts is not None:
            purpose = next(template.purpose for template, _ in texts.versions.values())
        return [
            (way, gate.Asked(way.address_id, person.patient_id, person.owner_id, purpose))
            for way in person.ways
            if wish.channel in {None, way.channel}
            and (texts is None or texts.of(way.channel, person.language))
            and (texts is not None or wish.channel or way.channel is not Channel.EMAIL)
        ]

    def _choose(self, wish: Wish, person: Person, purpose: Purpose) -> _Chosen:
        """The first way that may be gone; else the best one, with the reason why not."""
        when = max(wish.due_at or self.now, self.now)
        tried: list[_Chosen] = []
        for way, asked in self._asked(wish):
            facts = replace(self.facts[asked], has_template=wish.template is not None)
            verdict = gate.verdict(facts, purpose=purpose, now=when)
            tried.append(_Chosen(way, facts, verdict))
            if verdict.kind is not gate.Kind.STOP:
                return tried[-1]
        if tried:
            return tried[0]
        self._refuse_channel(wish, person)
        return _Chosen(None, _NO_WAY, gate.verdict(_NO_WAY, purpose=purpose, now=when))

    def _refuse_channel(self, wish: Wish, person: Person) -> None:
        """Say so when the person could be reached there, but the template has no such words."""
        if wish.template and any(wish.channel in {None, way.channel} for way in person.ways):
            raise templates.NotApproved(f"{wish.template} is not approved for this channel.")

    def _draft(
        self, wish: Wish, person: Person, purpose: Purpose, way: Way, chosen: _Chosen
    ) -> Planned:
        rendered, template, version_id = self._words(wish, person, way.channel)
        _check_length(way.channel, rendered)
        if person.patient_id and way.channel is not Channel.EMAIL:
            _screen(wish, rendered)
        draft = Draft(
            address_id=way.address_id,
            channel=way.channel,
            text=rendered.text,
            subject=rendered.subject,
            purpose=purpose,
            lane=wish.lane or (Lane.BULK if purpose is Purpose.MARKETING else Lane.UTILITY),
            template=template,
            conversation_id=way.conversation_id,
            patient_id=person.patient_id,
            owner_id=person.owner_id,
            about_id=wish.about_id,
            due_at=wish.due_at,
            expires_at=wish.expires_at,
            facts=chosen.facts,
            template_version_id=version_id,
            is_test=wish.is_test,
        )
        parts = _segments(rendered.text) if way.channel is Channel.SMS else 1
        return Planned(
            wish, draft, chosen.verdict, parts, self.prices.of(way.channel, purpose, parts)
        )

    def _words(
        self, wish: Wish, person: Person, channel: Channel
    ) -> tuple[Rendered, outbox.Template | None, UUID | None]:
        if wish.template is None:
            _check_subject(channel, wish)
            return Rendered(wish.subject, wish.text, ()), None, None
        found = self.texts[wish.template].of(channel, person.language)
        if found is None:
            raise templates.NotApproved(f"{wish.template} is not approved for {channel}.")
        template, version = found
        templates.refuse_unknown(version, wish.variables)
        rendered = templates.render(version, {**person.values, **wish.variables})
        if channel is not Channel.WHATSAPP:
            return rendered, None, version.id
        content = outbox.Template(templates.content_name(template, version), rendered.values)
        return rendered, content, version.id


def _somebody(session: Session, to: To, *, now: datetime, may_write: bool) -> Person:
    """Whoever is behind a bare address."""
    assert to.address is not None  # noqa: S101 -- asked for above
    channel, value = to.address
    make = addresses.find_or_make(session, channel, value, now=now) if may_write else None
    address = make or addresses.find(session, channel, value)
    return Person(to, ways=[Way(address.id, channel)] if address else [])


def _check_length(channel: Channel, rendered: Rendered) -> None:
    if len(rendered.text) > LONGEST[channel]:
        most = LONGEST[channel]
        raise Invalid("body", f"Longer than the {most} letters of {channel}.", code="too_long")


def _check_subject(channel: Channel, wish: Wish) -> None:
    if channel is Channel.EMAIL and not wish.subject:
        raise Invalid("subject", "An e-mail needs a subject.", code="missing")


def _screen(wish: Wish, rendered: Rendered) -> None:
    found = sensitive_words(rendered.text)
    if found and not wish.override_reason:
        raise SensitiveContent(
            "body",
            "These words may be read by others. Say it differently, or give a reason.",
            code="sensitive_content",
            words=list(found),
        )


def _segments(text: str) -> int:
    return segments.count(segments.gsm(text)).segments
