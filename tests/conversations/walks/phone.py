"""A person with a phone in a house: what they say, and a look at everything after each turn."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from uuid import uuid4

from bot.channels.carrier import Channel, Option
from crm.models import Answering
from tests.conversations.walks import rules
from tests.conversations.walks.house import Form, Phone, WalkedHouse
from tests.conversations.walks.rules import Seen, Watch
from tests.conversations.walks.words import ANSWERS, BANTER, WAYS, misspelt

GAPS = [timedelta(minutes=m) for m in (2, 11, 31, 40, 180, 13 * 60, 20 * 60)]
GAPS += [timedelta(days=days) for days in (3, 9)]
STOOD_AT: Counter[str] = Counter()
"""How often a turn left the talk at which question."""
_LATELY = timedelta(seconds=30)
_USUAL = ("MessageSid", "From", "Body")


class Talker:
    """Says one thing after another, writes it all down, and stops where a rule does not hold."""

    def __init__(self, house: WalkedHouse, chance: random.Random) -> None:
        self.house, self.chance = house, chance
        self.went: list[str] = []
        """The steps, as one would tell them."""

    def take(self, phone: Phone) -> None:
        """Speak from this phone from now on."""
        self.phone = phone
        self.watch = Watch(phone, self.house.eye, self.house.wiring.vault)
        self.last: Form | None = None
        self.shown: list[str] = []
        self.newest: list[Option] = []
        self.codes: list[str] = []
        self.went.append(f"-- a phone with {phone.channel} --")

    # -- what is said ------------------------------------------------------------------------------

    def lead_on(self) -> None:
        """An answer that fits the question."""
        state = self.seen.state or ""
        fitting = ANSWERS.get(state, ())
        if state == "ask_code" and self.codes and self.chance.random() < 0.6:
            self.say(self.codes[-1])
        elif fitting and (not self.newest or self.chance.random() < 0.4):
            self.say_one_of(fitting)
        elif self.newest:
            self.pick(self.chance.choice(self.newest))
        else:
            self.say_one_of(self.chance.choice(list(WAYS.values())))

    def pick(self, option: Option) -> None:
        """Press an option, or write its number or its name, with a slip now and then."""
        how = self.chance.random()
        if self.phone.channel is Channel.WHATSAPP and how < 0.6:
            self.press(option.id, option.label)
        elif how < 0.8 and option in self.newest:
            self.say(str(self.newest.index(option) + 1))
        else:
            self.say(option.label if how < 0.93 else misspelt(self.chance, option.label))

    def say(self, words: str) -> None:
        """In words."""
        self._turn(self._form(words))

    def say_one_of(self, words: Sequence[str]) -> None:
        """Any of these."""
        self.say(self.chance.choice(words))

    def press(self, payload: str, label: str = "") -> None:
        """A button or the row of a list."""
        field = self.chance.choice(("ButtonPayload", "ListId"))
        self._turn(self._form(label) | {field: payload})

    def opt_out(self, word: str) -> None:
        """A word that the carrier has answered by itself."""
        self._turn(self._form(word) | {"OptOutType": word})

    def send_media(self, kind: str) -> None:
        """A picture, a voice note, a place."""
        if kind == "location":
            self._turn(self._form("") | {"Latitude": "6.6", "Longitude": "3.35"})
        else:
            self._turn(self._form("") | {"NumMedia": "1", "MediaContentType0": kind})

    def repeat(self) -> None:
        """The carrier brings the last message again."""
        if self.last is None:
            return
        self.went.append(f"(again) {_spoken(self.last)}")
        self._bring([self.last], messages=0, answers={0})

    def two_at_once(self) -> None:
        """The same message twice, a double tap, or two answers, in the same instant."""
        first = self._form(self.chance.choice(("1", "yes", "2", self.chance.choice(BANTER))))
        if self.newest and self.phone.channel is Channel.WHATSAPP:
            first["ButtonPayload"] = self.chance.choice(self.newest).id
        kind = self.chance.choice(("duplicate", "double tap", "two answers"))
        second = first if kind == "duplicate" else first | {"MessageSid": _sid()}
        if kind == "two answers":
            second = self._form(self.chance.choice(("2", "no", "menu", "stop")))
        self.went.append(f"(at once, {kind}) {_spoken(first)} + {_spoken(second)}")
        new = [first] if kind == "duplicate" else [first, second]
        self._bring([first, second], messages=len(new), answers=self._allowed(new))
        self.last = second

    def _form(self, words: str) -> Form:
        prefix = "whatsapp:" if self.phone.channel is Channel.WHATSAPP else ""
        sender = f"{prefix}{self.phone.number}"
        return {"MessageSid": _sid(), "From": sender, "Body": words, "NumMedia": "0"}

    # -- turns -------------------------------------------------------------------------------------

    def _turn(self, form: Form) -> None:
        self.went.append(_spoken(form))
        self._bring([form], messages=1, answers=self._allowed([form]))
        self.last = form

    def _allowed(self, forms: list[Form]) -> set[int]:
        """How many replies may come: silence is for people, and for what the carrier answered."""
        most = sum("OptOutType" not in form for form in forms)
        least = 0 if self.seen.answering == Answering.PERSON else most
        return set(range(least, most + 1))

    def _bring(self, forms: list[Form], *, messages: int, answers: set[int]) -> None:
        """Bring it to the door, and look whether everything is in order."""
        since = rules.just_now()
        came = [self.house.bring(forms[0])] if len(forms) == 1 else self.house.bring_at_once(*forms)
        assert set(came) == {200}, came
        before, self.seen = self.seen, self.watch.look(since=since)
        self._note(self.seen)
        sessions = self.house.wiring.sessions
        rules.check(sessions, before, self.seen, messages=messages, answers=answers)

    def _note(self, seen: Seen) -> None:
        """Keep what was heard for the story and for later presses."""
        STOOD_AT[seen.stands_at] += bool(seen.heard)
        for body in seen.replies:
            self.newest = list(body.options)
            self.shown += [option.id for option in body.options]
            labels = " ".join(f"[{option.label}]" for option in body.options)
            self.went.append(f"    Bot: {body.text} {labels}")
        self.codes += seen.codes
        self.went.append(f"    ({seen.stands_at}, {seen.answering})")

    # -- beside the talk ---------------------------------------------------------------------------

    def wait(self, gap: timedelta) -> None:
        """Let time pass."""
        self.happen(f"{gap} later", self.house.later, gap)

    def happen(self, what: str, happen: Callable, *args: object) -> None:
        """Something happens in the house."""
        self.went.append(f"-- {what} --")
        happen(*args)
        self.look()

    def look(self) -> None:
        """What happened beside the talk is seen, not checked."""
        self.seen = self.watch.look(since=rules.just_now() - _LATELY)
        self._note(self.seen)
        if self.seen.address_id:
            self.house.collect(self.seen.address_id)


def _sid() -> str:
    return f"SM{uuid4().hex}"


def _spoken(form: Form) -> str:
    more = {key: value for key, value in form.items() if key not in _USUAL and value != "0"}
    return f"{form['Body'][:300]!r} {more or ''}"
