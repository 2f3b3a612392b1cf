"""What tells that somebody must call: a low score, or words that cannot wait until tomorrow."""

import re
import unicodedata

from crm.models import Severity

LOW = 2
_MIDDLING, _DETRACTOR = 3, 6

# English and Pidgin. A needless call costs minutes; a missed one may cost a life.
_URGENT = re.compile(
    r"""\b(
        bleed(ing|s)? | blood\ (dey|still|no\ dey) | haemorrhag\w* | hemorrhag\w*
        | (wrong|expired|fake)\ (drugs?|medicines?|medication|injections?|dose|dosage|blood
            |treatment|patient|operation|surgery|result|results)
        | overdos\w* | allergic | reaction\ to | poison\w*
        | unconscious | collapsed? | faint(ed|ing)? | convuls\w* | seizure
        | cannot\ breathe | can'?t\ breathe | no\ fit\ breathe
        | (nearly|almost|wan)\ (died?|kill\w*|lose) | died | dead | suicid\w* | kill\ (me|my|us)
        | brib\w* | kick\s?back | (asked|collect(ed)?|demand(ed)?)\ (for\ )?(a\ )?(tip|bribe|egunje)
        | egunje | under\ the\ table
        | abus\w* | assault\w* | harass\w* | molest\w* | rap(e|ed|ing) | touch(ed)?\ my\ body
        | slap(ped)? | beat\ (me|my|her|him) | hit\ (me|my|her|him) | flog(ged)? | threaten\w*
    )\b""",
    re.VERBOSE,
)


def severity(*, rating: int, nps: int | None, comment: str) -> Severity | None:
    """How urgent this feedback is; None when it asks for no call.

    Low is a rating of two or less, or a middling one from somebody who would not recommend us.
    """
    if is_urgent(comment):
        return Severity.URGENT
    is_detractor = nps is not None and nps <= _DETRACTOR
    if rating <= LOW or (rating == _MIDDLING and is_detractor):
        return Severity.LOW_SCORE
    return None


def is_urgent(comment: str) -> bool:
    """True when the words speak of danger, wrong treatment, violence or bribes."""
    return _URGENT.search(_folded(comment)) is not None


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.replace("’", "'")).casefold()
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).split())
