"""Whose talk it is, where one phone is an owner's and perhaps a patient's too."""

from uuid import UUID

from bot.texts import spoken
from conversations.desk import Desk
from conversations.desk.identity import patient_of
from conversations.desk.proof import KNOWN_FOR
from conversations.dialogue import Answers, Dialogue
from crm.models import Owner, OwnerSurvey

_EITHER = frozenset({"survey", "sides", "person", "language", "distress", "resume", "lost", "why"})
"""Talks that both sides have."""
_OF_PATIENTS = frozenset(
    {
        "appointments",
        "codes",
        "feedback",
        "invite",
        "place",
        "points",
        "preferences",
        "rewards",
        "waitlist",
    }
)
"""Talks that say nothing to an owner who is no patient."""


def meant(desk: Desk, name: str, answers: Answers) -> str:
    """The talk that `name` is for who writes; the talk remembers as which of them they speak.

    Someone who is both is asked once which is meant.
    """
    talk = desk.talk
    if name == "survey":
        _speak_as_asked(desk, answers)
    if not talk.is_owner or name in _EITHER:
        return name
    if not desk.held() and desk.owners():
        name = _for_owner_alone(name, answers)
    if name not in ("menu", "owner"):
        talk.owner_id = talk.owner_id if name in _EITHER else None
        return name
    is_wish = name == "owner" and bool(answers.get("intent"))
    return _side(desk, is_wish=is_wish)


def is_to_be_found(desk: Desk, talk: Dialogue) -> bool:
    """True when a talk is about somebody and must ask about whom: another came in between."""
    if talk.name == "owner":
        return not _speaks_on(desk, talk)
    return talk.is_personal and patient_of(desk, talk.answers) is None


def _speaks_on(desk: Desk, talk: Dialogue) -> bool:
    """Whether the owner who began the talk speaks, or does again after a word as somebody else."""
    began = talk.answers.get("of")
    if desk.talk.owner_id is None:
        again = (owner.id for owner in desk.owners() if str(owner.id) == began)
        desk.talk.owner_id = next(again, None)
    return desk.talk.owner_id is not None and began in (None, str(desk.talk.owner_id))


def speak_as(desk: Desk, owner: Owner) -> None:
    """Remember which owner writes; in their language, when the talk has none yet.

    What was put aside of another owner's figures is none of theirs.
    """
    if desk.talk.owner_id not in (None, owner.id):
        desk.let_go("owner")
    desk.talk.owner_id = owner.id
    if desk.talk.language is None and owner.language in spoken():
        desk.talk.language = owner.language


def has_lapsed(desk: Desk) -> bool:
    """True when an owner was silent for so long that no figure may be shown again."""
    heard_at = desk.talk.heard_at
    return heard_at is not None and desk.now - heard_at > KNOWN_FOR


def forget(desk: Desk) -> None:
    """MENU: someone who is both is asked again."""
    if desk.talk.is_owner and _many(desk):
        desk.talk.owner_id = desk.talk.patient_id = None


def _for_owner_alone(name: str, answers: Answers) -> str:
    """What is kept of an owner a person tells; a patient's talks are none of theirs."""
    if name == "privacy":
        return "person"
    if name not in _OF_PATIENTS:
        return name
    answers.pop("intent", None)
    return "owner"


def _speak_as_asked(desk: Desk, answers: Answers) -> None:
    """A survey is answered by the owner whom it asks."""
    survey = desk.session.get(OwnerSurvey, UUID(answers["about"]))
    asked = [owner for owner in desk.owners() if survey and owner.id == survey.owner_id]
    if asked:
        speak_as(desk, asked[0])


def _side(desk: Desk, *, is_wish: bool) -> str:
    talk, owners = desk.talk, desk.owners()
    if not owners:
        return "menu"
    if len(owners) == 1 and (is_wish or not desk.held()):
        talk.owner_id = owners[0].id
    speaker = next((owner for owner in owners if owner.id == talk.owner_id), None)
    if speaker is not None:
        speak_as(desk, speaker)
        return "owner"
    talk.owner_id = None
    return "sides" if is_wish or talk.patient_id is None else "menu"


def _many(desk: Desk) -> bool:
    return len(desk.owners()) + bool(desk.held()) > 1
