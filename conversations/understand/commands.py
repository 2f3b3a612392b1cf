"""What a person asks the bot for outside the question at hand: the words that work everywhere."""

import re
from collections.abc import Sequence
from functools import lru_cache

from conversations.understand.fold import fold, remembered, tokens
from conversations.understand.words import LANGUAGES, Phrases, alternatives, forms, meanings

_POLITE = "polite"
_NOTS = {"no", "not", "dont", "never", "wont"}
_COURTESIES = {_POLITE, "greeting", "thanks"}
_DEFAULT = ("en", "pcm")


def command(text: str, *, languages: Sequence[str] = _DEFAULT) -> str | None:
    """The global or menu word that is the whole message but for courtesies.

    Words of English and of the languages given count; STOP is obeyed in all.
    """
    return _command(text, tuple(languages))


@remembered
def _command(text: str, languages: tuple[str, ...]) -> str | None:
    spoken = [word for word in tokens(fold(text)) if word.isalnum()]
    concepts = _table(languages).segment(spoken)
    said = set(concepts or ()) - {_POLITE}
    meant = said - _COURTESIES or said
    return meant.pop() if len(meant) == 1 else None


def wants_to_move(text: str) -> bool:
    """Whether a longer message is about another day for a visit, and not about giving it up."""
    said = set(tokens(fold(text)))
    return not said.isdisjoint(_MOVING) and "cancel" not in said


def gives_up(text: str) -> bool:
    """Whether a longer message asks to cancel: "cancel my appointment for tomorrow"."""
    said = set(tokens(fold(text)))
    return "cancel" in said and said.isdisjoint(_NOTS)


def ways_to_say(meaning: str) -> list[str]:
    """Every form of a command, in all languages."""
    return sorted(form for form, meant in meanings("commands").items() if meant == meaning)


def intent(text: str, *, languages: Sequence[str] = _DEFAULT) -> str | None:
    """What an opening message is after: book, appointments, person, or a command said outright."""
    return _intent(text, tuple(languages))


@remembered
def _intent(text: str, languages: tuple[str, ...]) -> str | None:
    said = command(text, languages=languages)
    if said and said not in _COURTESIES:
        return _AS_INTENT.get(said, said)
    spoken = " ".join(tokens(fold(text)))
    return _by_rule(spoken) or _by_phrase(spoken, languages) or said


def _by_rule(spoken: str) -> str | None:
    if _NEGATED.search(spoken):
        return None
    if _OPENS_WITH_DOCTOR.match(spoken):
        return "book"
    found = next((meant for meant, rule in _RULES if rule.search(spoken)), None)
    return found or ("book" if _is_all_about_care(spoken) else None)


def _is_all_about_care(spoken: str) -> bool:
    """A kind of care with nothing around it but courtesies: "antenatal pls", "I need eye test"."""
    words = spoken.split()
    said = _CARE.segment(words) if len(words) <= _CARE_AT_MOST else None
    return said is not None and "care" in said


def _by_phrase(spoken: str, languages: tuple[str, ...]) -> str | None:
    """A phrase of Hausa, Yoruba or Igbo said inside a longer message."""
    found = {meant for phrase, meant in _phrases(languages) if f" {phrase} " in f" {spoken} "}
    return found.pop() if len(found) == 1 else None


@lru_cache(maxsize=32)
def _table(languages: tuple[str, ...]) -> Phrases:
    known = _known(languages)
    polite = dict.fromkeys(forms("polite", known), _POLITE)
    return Phrases(polite | _STOPS | meanings("commands", known))


@lru_cache(maxsize=32)
def _phrases(languages: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    local = [language for language in _known(languages) if language not in _DEFAULT]
    return tuple(
        (phrase, _AS_INTENT.get(concept, concept))
        for phrase, concept in meanings("commands", local).items()
        if concept in _INTENTS and len(phrase) >= _PHRASE_FROM
    )


def _known(languages: tuple[str, ...]) -> list[str]:
    """English, then the languages asked for, in the order of the vocabulary."""
    return [language for language in LANGUAGES if language == "en" or language in languages]


# Heard whatever the languages in use: no one is kept on a list for want of a language.
_STOPS = {form: "stop" for form, meant in meanings("commands").items() if meant == "stop"}
_AS_INTENT = {"cancel": "appointments", "change": "appointments"}
_INTENTS = {"book", "appointments", "cancel", "change", "person"}
_PHRASE_FROM = 6  # letters; shorter words mean too many things inside a sentence


def _one_of(concept: str) -> str:
    """The words of a concept as a regular expression."""
    return f"(?:{alternatives(form for form, meant in _BLOCKS.items() if meant == concept)})"


_BLOCKS = meanings("intent")
_VISIT, _DOCTOR, _SOMEONE = _one_of("visit"), _one_of("doctor"), _one_of("someone")
_WISH, _CHANGING, _MAKING = _one_of("wish"), _one_of("changing"), _one_of("making")
_DATA, _POINTS, _WRITING = _one_of("data"), _one_of("points"), _one_of("writing")
_FRIEND, _COMPLAINT = _one_of("friend"), _one_of("complaint")
_NEAR = r"(?: \w+){0,3} "

_NEGATED = re.compile(r"\b(?:dont|do not|no|not|never) (?:need|want|wan)\b")
_MOVING = {form for form in ways_to_say("change") if " " not in form} | {"shift", "instead"}
_RULES = [
    (meant, re.compile(rf"\b(?:{pattern})\b"))
    for meant, pattern in (
        ("erase", rf"(?:delete|erase|forget|wipe|clear|remove){_NEAR}my {_DATA}"),
        ("data", rf"(?:see|get|send|show|download|copy|have|know){_NEAR}(?:my {_DATA}|about me)"),
        ("why", rf"(?:why|how come|who give|how (?:did|una)){_NEAR}{_WRITING}"),
        ("invite", rf"(?:refer|invite|bring|introduce){_NEAR}(?:{_FRIEND}|{_SOMEONE})"),
        ("codes", r"my(?: \w+){0,2} (?:codes?|vouchers?)"),
        ("rewards", rf"(?:use|spend|redeem|exchange|convert|claim){_NEAR}{_POINTS}"),
        ("points", rf"(?:how many|how much|check|see|my|show|what are){_NEAR}{_POINTS}"),
        ("preferences", rf"(?:change|set|update){_NEAR}(?:settings?|preferences?|quiet hours)"),
        (
            "preferences",
            rf"(?:dont|do not|stop|no){_NEAR}(?:call|text|messag|writ)\w*{_NEAR}(?:at )?night",
        ),
        ("feedback", rf"(?:make|lodge|give|leave|have|get|drop|file){_NEAR}{_COMPLAINT}"),
        ("feedback", r"(?:i|we|to) (?:want to |wan |would like to )?(?:complain|report)"),
        ("person", rf"(?:talk|speak|chat|connect|transfer|yarn){_NEAR}{_SOMEONE}"),
        ("person", "real (?:person|human)"),
        ("appointments", rf"{_CHANGING}{_NEAR}{_VISIT}"),
        ("appointments", rf"my (?:next )?{_VISIT}"),
        ("appointments", "(?:cant|cannot|no fit|no go fit) (?:come|make it|attend)"),
        ("book", rf"(?:{_MAKING}|need|want|wan){_NEAR}{_VISIT}"),
        ("book", rf"(?:{_WISH}|to){_NEAR}(?:see|consult|meet|visit){_NEAR}{_DOCTOR}"),
        ("book", rf"book{_NEAR}{_DOCTOR}"),
        ("book", rf"{_WISH}(?: (?:to|i|me|a))* (?:book|schedule|register)"),
        ("book", "book me"),
        ("book", "^book"),
    )
]
_CARE = Phrases(
    dict.fromkeys(forms("fillers") | forms("polite") | {"need"}, "around")
    | dict.fromkeys(meanings("care"), "care")
    | {form: "care" for form, meant in _BLOCKS.items() if meant == "doctor"}
)
_CARE_AT_MOST = 8  # words
_OPENS_WITH_DOCTOR = re.compile(rf"(?:see|need|want|wan)(?: \w+){{0,2}} {_DOCTOR}\b")
