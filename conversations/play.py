"""The play of one turn: from what was said to the one reply, through as many talks as it takes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.channels.carrier import Channel, Option
from bot.texts import NAMES, as_sentence, knows, say
from conversations import house, misheard, standing, whose
from conversations.desk import Desk
from conversations.desk.identity import patient_of
from conversations.dialogue import Answers, Dialogue
from conversations.dialogues import DIALOGUES
from conversations.hearing import Heard, listen
from conversations.routing import THEIR_WORK, Route, by_intent, home, was_left
from conversations.said import Said
from conversations.understand import command, intent
from crm import owners, patients
from crm.models import Answering

_STEPS = 20
_MISSES = 3
_TRAIL = 8
_DEEPEST = 2  # talks put aside besides the newest
_KNOWN_ONLY = ("menu", "booking", "appointments")
# Where "book" is a word of the answers, or, in danger, less than what is needed.
_BOOK_IS_NO_WISH = ("booking", "registration", "reminder", "distress")
_NEVER_PAUSED = (None, "menu", "sides", "person", "lost", "distress", "resume")


class RanAway(Exception):
    """A talk went round in circles without asking anything."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What is said back; `asks` when an answer is awaited."""

    text: str
    options: Sequence[Option] = ()
    asks: bool = True


@dataclass(slots=True)
class Play:
    """Plays one message at one desk. Changes the talk; the engine saves it."""

    desk: Desk
    said: Said
    spoken: list[str] = field(default_factory=list)

    def take(self, decided: Route) -> Reply | None:
        """Do what routing decided. None is silence."""
        act = getattr(self, f"_take_{decided.to}")
        reply: Reply | None = act(decided)
        return reply

    def _take_silence(self, decided: Route) -> None:
        """The carrier has answered, or a person of the house will."""
        if decided.dialogue in ("stop", "start"):
            standing.heed(self.desk, decided.dialogue, by_carrier=True)

    def _take_stop(self, _: Route) -> Reply:
        standing.heed(self.desk, "stop")
        self._close()
        return Reply(self._text("common", "stopped"), asks=False)

    def _take_start(self, _: Route) -> Reply:
        standing.heed(self.desk, "start")
        self.spoken.append(self._text("common", "started"))
        return self._open("menu", {})

    def _take_help(self, _: Route) -> Reply:
        section = "owner" if home(self.desk.talk) == "owner" else "common"
        self.spoken.append(self._text(section, "help", phone=standing.desk_phone(self.desk)))
        return self._again()

    def _take_menu(self, _: Route) -> Reply:
        self.desk.talk.answering = Answering.BOT
        self.desk.talk.waiting_since = self.desk.talk.waiting_reason = None
        self.desk.talk.context.pop("paused", None)
        whose.forget(self.desk)
        return self._open(home(self.desk.talk), {})

    def _take_handed_back(self, _: Route) -> Reply:
        """A person has answered: the question that was put aside for them, or the menu."""
        self.spoken.append(self._text("person", "handed_back"))
        is_beside = self.desk.talk.dialogue in _NEVER_PAUSED
        talk = self._resumed() if is_beside else self._dialogue()
        return self._reply(talk, talk.state) if talk else self._open(home(self.desk.talk), {})

    def _take_back(self, _: Route) -> Reply:
        trail = self.desk.talk.context.get("trail", [])
        if not trail:
            return self._take_menu(Route("menu"))
        self.desk.talk.state = trail.pop()
        return self._again()

    def _take_speak(self, decided: Route) -> Reply:
        self._speak(decided.answers["language"])
        self.spoken.append(self._text("language", "changed"))
        return self._again()

    def _take_unspoken(self, decided: Route) -> Reply:
        """A language that we do not offer: say so, and which we do."""
        offered = ", ".join(NAMES[code] for code in self.desk.languages)
        wanted = NAMES[decided.answers["language"]]
        self.spoken.append(self._text("language", "not_offered", language=wanted, offered=offered))
        return self._again()

    def _take_again(self, decided: Route) -> Reply:
        """A courtesy is no answer, and no mistake either."""
        if decided.dialogue == "thanks":
            self.spoken.append(self._text("common", "welcome"))
        return self._again()

    def _take_stale(self, _: Route) -> Reply:
        self.spoken.append(self._text("common", "stale"))
        return self._again()

    def _take_open(self, decided: Route) -> Reply:
        answers = dict(decided.answers)
        if decided.dialogue == "distress":
            self._overhear(answers)
            answers = {}
        if decided.keeps:
            self._pause(is_asked=decided.dialogue == "resume")
        if decided.dialogue == "reminder":
            # Answered: the next bare digit is for something else.
            self.desk.talk.reminded_of = self.desk.talk.reminded_at = None
        if decided.dialogue == "resume":
            answers["what"] = self._text("resume", f"what_{answers['what']}")
        return self._open(decided.dialogue, answers)

    def _overhear(self, answered: Answers) -> None:
        """Words of an emergency may be an answer, too: it is kept before help is told."""
        if answered:
            talk: Dialogue | None = self._begin("feedback", answered | {"in_danger": True})
        else:
            talk = self._heard_in_danger()
        if talk is None:
            return
        talk = self._settle(talk)
        kept = self.desk.talk
        kept.dialogue, kept.state = (None, None) if talk.is_over else (talk.name, talk.state)
        kept.context["answers"] = talk.answers

    def _heard_in_danger(self) -> Dialogue | None:
        """The open talk, when its question keeps such words."""
        talk = self._dialogue()
        hears = talk is not None and "distress" in talk.hears[talk.state]
        return talk if talk and hears and talk.fire("distress", self.said.text) else None

    def _take_listen(self, decided: Route) -> Reply:
        """Let the open talk hear it; three times not understood, offer a way out."""
        talk = self._dialogue()
        if talk is None:
            self.spoken.append(self._text("common", "lost_thread"))
            return self._open(home(self.desk.talk), {})
        if talk.name != self.desk.talk.dialogue:  # who they are comes first
            return self._reply(talk, talk.state)
        asked = talk.state
        options = talk.options()
        pressed = decided.press.answer if decided.press else None
        if pressed is not None and pressed not in {option.id for option in options}:
            return self._take_stale(decided)
        kind = listen(talk, self._heard(talk, pressed, self._labelled(options)))
        if kind not in ("anything", "") or talk.state != asked or talk.name == "person":
            return self._carry_on(talk, asked)
        wish = self._wish_besides(talk, options)
        if wish is None:
            return self._answered_beneath(talk) or self._missed(talk)
        if wish.dialogue == "person":
            self._pause()
        if talk.name == "resume":
            self.desk.let_go(wish.dialogue)
        return self._open(wish.dialogue, dict(wish.answers))

    def _wish_besides(self, talk: Dialogue, options: Sequence[Option]) -> Route | None:
        """What they want where it is no answer; a day alone only where a visit is offered."""
        desk = self.desk
        wish = by_intent(desk.talk, self.said, languages=desk.languages, now=desk.now)
        if wish is None or (wish.dialogue == talk.name and not self._is_named(wish)):
            return None
        if wish.dialogue != "booking":
            return wish
        is_said = intent(self.said.text, languages=desk.languages) == "book"
        is_offered = any(option.id == "book" for option in options)
        return wish if talk.name not in _BOOK_IS_NO_WISH and (is_said or is_offered) else None

    def _is_named(self, wish: Route) -> bool:
        """Whether the word of the open talk itself was said: it begins again, with what is now."""
        said = command(self.said.text, languages=self.desk.languages)
        return said == wish.answers["intent"] and wish.dialogue not in _BOOK_IS_NO_WISH

    def _answered_beneath(self, talk: Dialogue) -> Reply | None:
        """They may answer the very question that was put aside; "shall we go on?" leads to it."""
        paused = list(self.desk.paused)
        kept = self._resumed() if talk.name in ("lost", "resume") else None
        if kept is not None:
            asked = kept.state
            heard = self._heard(kept, None, self._labelled(kept.options()))
            if listen(kept, heard) not in ("anything", ""):
                return self._carry_on(kept, asked)
            if talk.name == "resume":
                return self._reply(kept, asked)
        self.desk.talk.context["paused"] = paused
        return None

    def _heard(self, talk: Dialogue, pressed: str | None, options: Sequence[Option]) -> Heard:
        return Heard(
            self.said.text,
            pressed,
            options,
            now=self.desk.now,
            languages=self.desk.languages,
            other_names=talk.other_names(),
            is_numbered=self.desk.channel is Channel.SMS,
        )

    def _missed(self, talk: Dialogue) -> Reply:
        context = self.desk.talk.context
        context["misses"] = context.get("misses", 0) + 1
        misheard.keep(self.desk, f"{talk.name}.{talk.state}", self.said)
        if context["misses"] >= _MISSES and talk.name != "lost":
            context["misses"] = 0
            self._pause()
            return self._open("lost", {})
        if self.said.media:
            self.spoken.append(self._text("common", "only_text"))
        again = f"{talk.state}_again"
        return self._reply(talk, again if knows(talk.name, again) else talk.state)

    def _carry_on(self, talk: Dialogue, asked: str) -> Reply:
        context = self.desk.talk.context
        context["misses"] = 0
        before, is_anew = talk.name, talk.begins_anew
        talk = self._settle(talk)
        if is_anew:
            context["trail"] = []
        elif talk.name == before and talk.state != asked:
            context["trail"] = [*context.get("trail", []), asked][-_TRAIL:]
        return self._reply(talk, talk.state)

    def _open(self, name: str, answers: Answers, at: str = "start") -> Reply:
        talk = self._settle(self._begin(name, answers, at))
        return self._reply(talk, talk.state)

    def _begin(self, name: str, answers: Answers, at: str = "start") -> Dialogue:
        name = whose.meant(self.desk, name, answers)
        if name in _KNOWN_ONLY and not self._is_known():
            answers = {"wants_booking": name == "booking"} | answers
            name = "registration"
        if DIALOGUES[name].is_personal and not patient_of(self.desk, answers):
            answers = answers | {"then": name}
            name = "identity"
        self.desk.talk.context["trail"] = []
        self.desk.talk.context["misses"] = 0
        answers.setdefault("languages", list(self.desk.languages))
        talk = DIALOGUES[name](at, answers, self.desk.now, self.desk.language)
        if at == "start":
            talk.fire("anything", self.said.text)
        return talk

    def _is_known(self) -> bool:
        talk = self.desk.talk
        if talk.patient_id is None:
            held = self.desk.held()
            talk.patient_id = held[0][0].id if held else None
        return talk.patient_id is not None

    def _settle(self, talk: Dialogue) -> Dialogue:
        """Ask the house and follow on until a question for the person, or an end, is reached."""
        for _ in range(_STEPS):
            if talk.state in talk.house:
                house.ask(self.desk, talk)
            elif talk.state in talk.leads_to:
                self._learn(talk)
                self._say_notes(talk)
                talk = self._follow(talk)
            else:
                return talk
        raise RanAway(f"{talk.name}.{talk.state}")

    def _follow(self, talk: Dialogue) -> Dialogue:
        target = talk.leads_to[talk.state]
        if target == "back":
            return self._resumed() or self._begin("menu", {})
        if target == "onward":
            target = talk.answers.pop("then")
        name, _, at = target.partition(".")
        carried = {} if name in ("menu", "person") else dict(talk.answers)
        if name != "person":
            self.desk.talk.context.pop("paused", None)
        return self._begin(name, carried, at or "start")

    def _reply(self, talk: Dialogue, key: str) -> Reply:
        """The text of where the talk stands, after what was said on the way there."""
        self._learn(talk)
        self._say_notes(talk)
        self.spoken.append(self._text(talk.name, key, **talk.facts()))
        kept = self._resumed() if talk.is_over else None
        if kept is not None:
            return self._reply(kept, kept.state)
        self._keep(talk)
        options = self._labelled(talk.options())
        return Reply("\n\n".join(map(as_sentence, self.spoken)), options, asks=not talk.is_over)

    def _again(self) -> Reply:
        """The present question once more, or the menu when there is none."""
        talk = self._dialogue()
        if talk is None and self.desk.talk.dialogue:
            self.spoken.append(self._text("common", "lost_thread"))
        return self._reply(talk, talk.state) if talk else self._open(home(self.desk.talk), {})

    def _learn(self, talk: Dialogue) -> None:
        """A talk may have changed the language we speak."""
        if talk.language != self.desk.language:
            self._speak(talk.language)

    def _speak(self, language: str) -> None:
        self.desk.talk.language = language
        patients.speak(self.desk.session, self.desk.talk.address_id, language)
        if self.desk.talk.owner_id:
            owners.speak(self.desk.session, self.desk.talk.owner_id, language)

    def _say_notes(self, talk: Dialogue) -> None:
        for note in talk.notes:
            self.spoken.append(self._text(talk.name, note.key, **note.facts))
        talk.notes.clear()

    def _text(self, section: str, key: str, /, **facts: Any) -> str:
        return say(section, key, self.desk.language, self.desk.channel, **facts)

    def _labelled(self, options: Sequence[Option]) -> list[Option]:
        return [
            option
            if option.label
            else Option(option.id, self._text("options", option.id), option.description)
            for option in options
        ]

    def _dialogue(self) -> Dialogue | None:
        talk = self.desk.talk
        return self._taken_up(talk.dialogue, talk.state, talk.context.get("answers", {}))

    def _taken_up(self, name: str | None, state: str | None, answers: Answers) -> Dialogue | None:
        """A talk where it stands; anew, when it is not known (any more) about whom it is."""
        talk = self._at(name, state, answers)
        if talk and whose.is_to_be_found(self.desk, talk):
            return self._settle(self._begin(talk.name, answers))
        return talk

    def _at(self, name: str | None, state: str | None, answers: Answers) -> Dialogue | None:
        """A talk taken up at a question; None when there is no such talk or question any more."""
        kind = DIALOGUES.get(name or "")
        if kind is None or state is None or state not in kind.hears or state in kind.house:
            return None
        if name == "owner" and whose.has_lapsed(self.desk):
            state = "ask"
        return kind(state, answers, self.desk.now, self.desk.language)

    def _keep(self, talk: Dialogue) -> None:
        kept = self.desk.talk
        if talk.is_over:
            self._close()
        else:
            kept.dialogue, kept.state = talk.name, talk.state
            kept.context["answers"] = talk.answers

    def _close(self) -> None:
        kept = self.desk.talk
        kept.dialogue = kept.state = None
        for key in ("answers", "trail", "misses", "paused"):
            kept.context.pop(key, None)

    def _pause(self, *, is_asked: bool = False) -> None:
        """Put the open talk aside, to be taken up after what steps in front of it.

        One left alone long ago is let go, unless work of theirs is in it or `resume` asks first.
        """
        kept = self.desk.talk
        is_stale = not is_asked and was_left(kept, self.desk.now)
        paused = [each for each in self.desk.paused if not is_stale or each[0] in THEIR_WORK]
        if kept.dialogue in _NEVER_PAUSED or (kept.dialogue, kept.state) == ("owner", "ask"):
            return
        under = [each for each in paused if each[0] != kept.dialogue]
        if not is_stale or kept.dialogue in THEIR_WORK:
            aside = [kept.dialogue, kept.state, kept.context.get("answers", {})]
            under = [*under[-_DEEPEST:], aside]
        kept.context["paused"] = under

    def _resumed(self) -> Dialogue | None:
        *under, newest = self.desk.paused or [[None, None, {}]]
        self.desk.talk.context["paused"] = under
        return self._taken_up(*newest)
