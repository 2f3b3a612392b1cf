"""What an owner's survey asks of the house: each answer is written down as it comes."""

from uuid import UUID

from conversations.desk import Answers, Desk, Outcome
from crm import satisfaction
from crm.models import AnswerSource, Hospital, OwnerSurvey
from crm.satisfaction import AlreadyAnswered, EditClosed, SurveyExpired

_LONGEST_COMMENT = 2_000


def find_survey(desk: Desk, answers: Answers) -> Outcome:
    """The invitation they answer, if it went to an owner of this phone."""
    survey = desk.session.get(OwnerSurvey, UUID(answers["about"]))
    if survey is None or survey.owner_id not in {owner.id for owner in desk.owners()}:
        return "none", None
    return "found", {"hospital": desk.session.get_one(Hospital, survey.hospital_id).name}


def keep_overall(desk: Desk, answers: Answers) -> Outcome:
    """How satisfied they are on the whole; a low score opens a follow-up."""
    survey = _survey(desk, answers)
    if survey.answered_at is None and survey.expires_at <= desk.now:
        return "over", None
    return _keep(desk, answers, "overall", answers["score"])


def keep_timeliness(desk: Desk, answers: Answers) -> Outcome:
    """Whether payouts come in time."""
    return _keep(desk, answers, "payout_timeliness", answers["score"])


def keep_communication(desk: Desk, answers: Answers) -> Outcome:
    """How we keep them informed."""
    return _keep(desk, answers, "communication", answers["score"])


def keep_transparency(desk: Desk, answers: Answers) -> Outcome:
    """Whether they can follow the figures."""
    return _keep(desk, answers, "transparency", answers["score"])


def keep_comment(desk: Desk, answers: Answers) -> Outcome:
    """What they say in their own words."""
    return _keep(desk, answers, "comment", answers.pop("words")[:_LONGEST_COMMENT])


def _survey(desk: Desk, answers: Answers) -> OwnerSurvey:
    return desk.session.get_one(OwnerSurvey, UUID(answers["about"]))


def _keep(desk: Desk, answers: Answers, question: str, value: int | str) -> Outcome:
    """Keep one answer; what was said more than a day ago stays as it is."""
    try:
        satisfaction.answer(
            desk.session,
            _survey(desk, answers),
            question,
            value,
            source=AnswerSource(desk.channel.value),
            now=desk.now,
        )
    except (AlreadyAnswered, EditClosed, SurveyExpired):
        return "closed", None
    return "kept", None
