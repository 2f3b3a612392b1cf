"""What patients said of their visits, what was done about it, and what owners think of us."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from crm.demo import words
from crm.demo.estate import Estate
from crm.demo.house import House
from crm.demo.loading import Row, load
from crm.demo.visits import Visit
from crm.feedback.invitations import COOLDOWN, OPEN_FOR, due_time
from crm.feedback.rows import COMMENT, day_of
from crm.feedback.signs import severity
from crm.follow_ups.opening import SPAN
from crm.kit.clock import at_lagos
from crm.models import (
    AnswerSource,
    AppointmentStatus,
    FeedbackInvitation,
    FollowUp,
    InvitationStatus,
    OwnerSatisfaction,
    OwnerSurvey,
    PatientFeedback,
    RootCause,
    Topic,
)

SATISFACTION_COMMENT = "owner_satisfaction.comment"
_QUARTERS = 4
_RATINGS = {5: 46.0, 4: 30.0, 3: 12.0, 2: 7.0, 1: 5.0}
_SETTLED_AFTER = timedelta(days=3)
_DAY = timedelta(days=1)


@dataclass(slots=True)
class Opinion:
    """Feedback that earns its points."""

    visit: Visit
    at: datetime


def gather(house: House, visits: Sequence[Visit]) -> list[Opinion]:
    """Write down invitations, feedback and follow-ups; returns what was answered, oldest first."""
    found: list[Opinion] = []
    invitations: list[Row] = []
    feedback: list[Row] = []
    follow_ups: list[Row] = []
    asked: dict[UUID, datetime] = {}
    for visit in visits:
        if visit.status is not AppointmentStatus.FULFILLED:
            continue
        invitation = _invitation(house, visit, asked)
        invitations.append(invitation)
        if invitation["status"] is InvitationStatus.POSTED and house.chance.is_so(0.55):
            found += _answer(house, visit, invitation, feedback, follow_ups)
    load(house.session, FeedbackInvitation, invitations)
    load(house.session, PatientFeedback, feedback)
    load(house.session, FollowUp, follow_ups)
    return sorted(found, key=lambda opinion: opinion.at)


def _invitation(house: House, visit: Visit, asked: dict[UUID, datetime]) -> Row:
    """One for each visit kept; nobody is asked twice in thirty days."""
    due_at = due_time(visit.ends_at, now=visit.ends_at)
    before, person = asked.get(visit.person.id), visit.person
    is_skipped = before is not None and due_at - before < COOLDOWN
    is_posted = not is_skipped and due_at <= house.now
    if is_posted:
        asked[person.id] = due_at
    waiting = InvitationStatus.POSTED if is_posted else InvitationStatus.PENDING
    return {
        "id": house.chance.id_at(visit.closed_at),
        "appointment_id": visit.id,
        "patient_id": person.id,
        "hospital_id": visit.hospital_id,
        "due_at": due_at,
        "expires_at": due_at + OPEN_FOR,
        "status": InvitationStatus.SKIPPED if is_skipped else waiting,
        "skip_reason": "the patient was asked in the last 30 days" if is_skipped else None,
        "address_id": person.phone.address_id if is_posted else None,
        "posted_at": due_at if is_posted else None,
        "answered_at": None,
        "created_at": visit.closed_at,
        "updated_at": visit.closed_at,
    }


def _answer(
    house: House, visit: Visit, invitation: Row, feedback: list[Row], follow_ups: list[Row]
) -> list[Opinion]:
    at = invitation["due_at"] + timedelta(minutes=house.chance.randrange(5, 1500))
    if at > house.now:
        return []
    row, comment = _said(house, visit, at)
    invitation["answered_at"] = row["said_at"]
    feedback.append(row)
    how = severity(rating=row["rating"], nps=row["nps"], comment=comment)
    if how is not None:
        due_at = row["said_at"] + SPAN[how]
        about = {"feedback_id": row["id"], "satisfaction_id": None, "severity": how}
        opened = {"hospital_id": visit.hospital_id, "opened_at": row["said_at"], "due_at": due_at}
        follow_ups.append(_follow_up(house, about | opened))
    return [Opinion(visit, at)]


def _said(house: House, visit: Visit, at: datetime) -> tuple[Row, str]:
    chance = house.chance
    rating = chance.one_of(_RATINGS)
    comment = _comment(house, rating)
    is_anonymous = chance.is_so(0.08)
    id_ = UUID(int=chance.getrandbits(128), version=4) if is_anonymous else chance.id_at(at)
    shown: Row = dict.fromkeys(("patient_id", "appointment_id", "service_id", "practitioner_id"))
    if not is_anonymous:
        who = (visit.person.id, visit.id, visit.service.id, visit.practitioner_id)
        shown = dict(zip(shown, who, strict=True))
    return {
        "id": id_,
        "hospital_id": visit.hospital_id,
        **shown,
        "rating": rating,
        "nps": _nps(house, rating) if chance.is_so(0.6) else None,
        "categories": _topics(house, rating),
        "comment_sealed": house.vault.seal(comment, where=COMMENT, row=id_) if comment else None,
        "is_anonymous": is_anonymous,
        "may_contact": not is_anonymous,
        "source": AnswerSource(visit.person.phone.channel.value),
        "said_at": day_of(at) if is_anonymous else at,
    }, comment


def _comment(house: House, rating: int) -> str:
    chance = house.chance
    if rating == 1 and chance.is_so(0.2):
        return chance.choice(words.URGENT)
    return chance.choice({5: words.GOOD, 4: words.GOOD, 3: words.MIXED}.get(rating, words.BAD))


def _nps(house: House, rating: int) -> int:
    return max(0, min(10, rating * 2 + house.chance.choice([-1, 0, 0, 1])))


def _topics(house: House, rating: int) -> list[str]:
    number = house.chance.randrange(3) if rating <= 3 else house.chance.randrange(2)  # noqa: PLR2004 -- a middling score
    return [topic.value for topic in house.chance.sample(list(Topic), number)]


def _follow_up(house: House, about: Row) -> Row:
    """Settled when it is older than three days; the newest wait for somebody."""
    chance, opened_at = house.chance, about["opened_at"]
    manager = house.desks.get(about["hospital_id"])
    is_settled = house.now - opened_at > _SETTLED_AFTER
    contact = opened_at + timedelta(minutes=chance.randrange(15, 36 * 60))
    is_heard = is_settled or (contact < house.now and chance.is_so(0.5))
    resolved_at = contact + timedelta(hours=chance.randrange(1, 30)) if is_settled else None
    id_ = UUID(int=chance.getrandbits(128), version=4)
    seal = house.vault.seal
    return {
        "id": id_,
        **about,
        "assignee_id": manager and manager.id,
        "first_contact_at": contact if is_heard else None,
        "contact_note_sealed": seal(words.CONTACTED, where="follow_ups.contact_note", row=id_)
        if is_heard
        else None,
        "resolved_at": resolved_at,
        "resolved_by": manager.id if manager and is_settled else None,
        "root_cause": chance.choice(list(RootCause)) if is_settled else None,
        "resolution_sealed": seal(words.RESOLVED, where="follow_ups.resolution", row=id_)
        if is_settled
        else None,
        "created_at": opened_at,
        "updated_at": resolved_at or opened_at,
    }


# -- owners ---------------------------------------------------------------------------------------


def ask_owners(house: House, estate: Estate) -> int:
    """The last four quarters of owners' surveys; returns how many were answered."""
    surveys: list[Row] = []
    answers: list[Row] = []
    for name, asked_at in _quarters(house):
        for holding in estate.holdings:
            survey = _survey(house, holding, name, asked_at)
            surveys.append(survey)
            if house.chance.is_so(0.75):
                answers.append(_owners_answer(house, survey))
    load(house.session, OwnerSurvey, surveys)
    load(house.session, OwnerSatisfaction, answers)
    return len(answers)


def _quarters(house: House) -> list[tuple[str, datetime]]:
    """The last quarters that are over, with the day on which their owners were asked."""
    first = date(house.today.year, 3 * ((house.today.month - 1) // 3) + 1, 1)
    found = []
    for _ in range(_QUARTERS):
        last = first - _DAY
        quarter = (last.month - 1) // 3 + 1
        found.append((f"{last.year}-Q{quarter}", at_lagos(first) + timedelta(hours=10)))
        first = date(last.year, 3 * (quarter - 1) + 1, 1)
    return [each for each in reversed(found) if each[1] + _DAY < house.now]


def _survey(house: House, holding: Any, period: str, asked_at: datetime) -> Row:
    return {
        "id": house.chance.id_at(asked_at),
        "owner_id": holding.owner_id,
        "contract_id": holding.contract_id,
        "hospital_id": holding.hospital_id,
        "period": period,
        "due_at": asked_at,
        "expires_at": asked_at + timedelta(days=21),
        "status": InvitationStatus.POSTED,
        "address_id": holding.address_id,
        "posted_at": asked_at,
        "answered_at": None,
        "created_at": asked_at,
        "updated_at": asked_at,
    }


def _owners_answer(house: House, survey: Row) -> Row:
    chance = house.chance
    latest = min(house.now, survey["posted_at"] + timedelta(days=5))
    at = chance.between(survey["posted_at"], latest)
    survey["answered_at"] = at
    overall = chance.one_of({5: 35.0, 4: 40.0, 3: 15.0, 2: 10.0})
    comment = chance.choice(words.OWNER_SAID)
    id_ = chance.id_at(at)
    near = [max(1, min(5, overall + chance.choice([-1, 0, 0, 1]))) for _ in range(4)]
    return {
        "id": id_,
        **{name: survey[name] for name in ("owner_id", "contract_id", "hospital_id", "period")},
        "overall": overall,
        "payout_timeliness": near[0],
        "communication": near[1],
        "transparency": near[2],
        "support": near[3],
        "nps": _nps(house, overall),
        "comment_sealed": house.vault.seal(comment, where=SATISFACTION_COMMENT, row=id_)
        if comment
        else None,
        "source": AnswerSource.WHATSAPP,
        "said_at": at,
        "created_at": at,
        "updated_at": at,
    }
