"""How satisfied an owner is with a quarter."""

from typing import Any

from sqlalchemy.orm import Session

from crm import satisfaction
from crm.console.forms.shown import Asked, Page, gone, said
from crm.kit.errors import DomainError
from crm.kit.permissions import Scope
from crm.models import AnswerSource, Hospital, Owner, OwnerSurvey
from crm.satisfaction import DIMENSIONS, AlreadyAnswered

_LOW = 2


def page(session: Session, asked: Asked) -> Page:
    """The form; thanks when it was sent; a word when it is over."""
    survey = session.get(OwnerSurvey, asked.about)
    if survey is None:
        raise gone()
    language = session.get_one(Owner, survey.owner_id).language
    hospital = session.get_one(Hospital, survey.hospital_id)
    facts = {
        "hospital": hospital.name,
        "phone": hospital.phone,
        "dimensions": DIMENSIONS,
        "said": {},
    }
    if survey.answered_at is not None:
        return said("answered", language, facts)
    if survey.expires_at <= asked.now:
        return said("over", language, facts, status=410)
    if not asked.is_sent:
        return Page("survey", language, facts)
    return _taken(session, asked, survey, Page("survey", language, facts))


def _taken(session: Session, asked: Asked, survey: OwnerSurvey, form: Page) -> Page:
    answers = _answers(asked)
    if "overall" not in answers:
        return Page("survey", form.language, form.facts | {"said": answers}, status=422)
    try:
        satisfaction.give(
            session,
            survey.owner_id,
            answers=answers,
            source=AnswerSource.WEB,
            scope=Scope(frozenset(), owner_id=survey.owner_id),
            contract_id=survey.contract_id,
            period=survey.period,
            now=asked.now,
        )
    except AlreadyAnswered:
        return said("answered", form.language, form.facts)
    except DomainError:
        return said("over", form.language, form.facts, status=410)
    key = "thanks_low" if answers["overall"] <= _LOW else "thanks"
    return said(key, form.language, form.facts)


def _answers(asked: Asked) -> dict[str, Any]:
    scores = {name: asked.score(name) for name in ("overall", *DIMENSIONS)}
    answers: dict[str, Any] = {name: score for name, score in scores.items() if score}
    comment = asked.word("comment")
    return answers | ({"comment": comment} if comment else {})
