"""What an owner says of a quarter: whole in one form, or answer by answer in a talk.

One row for each owner, contract and quarter. `overall` comes first, so that a survey left half
way keeps what was said. What was said can be changed for a day; what was not can still be added.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from crm import follow_ups, owners
from crm.kit.clock import lagos_day
from crm.kit.errors import DomainError, Gone, Invalid, NotFound
from crm.kit.ids import uuid7
from crm.kit.permissions import Scope
from crm.models import (
    AnswerSource,
    Contract,
    ContractStatus,
    FollowUp,
    Owner,
    OwnerSatisfaction,
    OwnerSurvey,
    Severity,
)
from crm.satisfaction import periods, questions

LOW = 2
EDITABLE = timedelta(hours=24)


class AlreadyAnswered(DomainError):
    """This quarter was answered before; `facts["satisfaction_id"]` can be changed for a day."""

    code = "already_answered"


class EditClosed(DomainError):
    """What was said a day ago stays as it is."""

    code = "edit_closed"


class SurveyExpired(Gone):
    """The round is over."""

    code = "survey_expired"


def give(
    session: Session,
    owner_id: UUID,
    *,
    answers: Mapping[str, Any],
    source: AnswerSource,
    scope: Scope,
    now: datetime,
    contract_id: UUID | None = None,
    period: str | None = None,
) -> tuple[OwnerSatisfaction, FollowUp | None]:
    """Write down a whole form; `answers` are by question. Of two at once, one counts.

    Without a contract it is about the only one in force, or about the group. Raises NotFound,
    Invalid, AlreadyAnswered.
    """
    owner = owners.get(session, owner_id, scope=scope)
    period = periods.check(period or periods.current(now), now=now)
    contract = _contract(session, owner, contract_id, now)
    questions.check(answers)
    if "overall" not in answers:
        raise Invalid("overall", "Say how satisfied you are on the whole.", code="missing")
    hospital_id = contract.hospital_id if contract else owner.hospital_id
    _refuse_outside(scope, hospital_id)
    row = _claim(
        session,
        owner_id=owner.id,
        contract_id=contract.id if contract else None,
        hospital_id=hospital_id,
        period=period,
        overall=answers["overall"],
        source=source,
        now=now,
    )
    return _written(session, row, answers, now)


def edit(
    session: Session,
    satisfaction_id: UUID,
    *,
    owner_id: UUID,
    answers: Mapping[str, Any],
    scope: Scope,
    now: datetime,
) -> tuple[OwnerSatisfaction, FollowUp | None]:
    """Change what was said less than a day ago. Raises NotFound, Invalid, EditClosed."""
    row = _locked(session, satisfaction_id, owner_id, scope)
    questions.check(answers)
    _refuse_if_settled(row, answers, now)
    return _written(session, row, answers, now)


def answer(
    session: Session,
    invitation: OwnerSurvey,
    question: str,
    value: int | str,
    *,
    source: AnswerSource,
    now: datetime,
) -> OwnerSatisfaction:
    """Write down one answer of a talk. Raises Invalid, SurveyExpired, EditClosed.

    Once `overall` is there the survey counts as answered, and nobody is nudged.
    """
    questions.check({question: value})
    row = _said_before(session, invitation)
    if row is None:
        row = _first(session, invitation, question, value, source=source, now=now)
    _refuse_if_settled(row, {question: value}, now)
    return _written(session, row, {question: value}, now)[0]


def _contract(
    session: Session, owner: Owner, contract_id: UUID | None, now: datetime
) -> Contract | None:
    if contract_id is not None:
        contract = session.get(Contract, contract_id)
        if contract is None or contract.owner_id != owner.id:
            raise Invalid("contract_id", "This is no contract of theirs.", code="not_theirs")
        return contract
    today = lagos_day(now)
    in_force = session.scalars(
        select(Contract)
        .where(Contract.owner_id == owner.id, Contract.status == ContractStatus.ACTIVE)
        .where(Contract.starts_on <= today)
        .where(Contract.ends_on.is_(None) | (Contract.ends_on >= today))
        .limit(2)
    ).all()
    return in_force[0] if len(in_force) == 1 else None


def _refuse_outside(scope: Scope, hospital_id: UUID | None) -> None:
    """Staff speak for an owner only where they work."""
    if scope.owner_id is None and not scope.covers(hospital_id):
        raise NotFound("There is no such contract.")


def _locked(
    session: Session, satisfaction_id: UUID, owner_id: UUID, scope: Scope
) -> OwnerSatisfaction:
    row = session.scalar(
        select(OwnerSatisfaction).where(OwnerSatisfaction.id == satisfaction_id).with_for_update()
    )
    is_own = row is not None and scope.owner_id == owner_id
    if row is None or row.owner_id != owner_id or not (is_own or scope.covers(row.hospital_id)):
        raise NotFound("There is no such answer.")
    return row


def _refuse_if_settled(row: OwnerSatisfaction, answers: Mapping[str, Any], now: datetime) -> None:
    is_said = any(questions.is_answered(row, question) for question in answers)
    if is_said and now - row.said_at > EDITABLE:
        raise EditClosed("This can no longer be changed.")


def _claim(session: Session, *, now: datetime, **values: Any) -> OwnerSatisfaction:
    """The row of this owner, contract and quarter, if nobody has answered yet."""
    row: OwnerSatisfaction | None = session.scalar(
        insert(OwnerSatisfaction)
        .values(id=uuid7(), said_at=now, created_at=now, updated_at=now, **values)
        .on_conflict_do_nothing(constraint="uq_owner_satisfaction_once")
        .returning(OwnerSatisfaction)
    )
    if row is None:
        raise AlreadyAnswered("This quarter was answered already. Thank you.")
    return row


def _said_before(session: Session, invitation: OwnerSurvey) -> OwnerSatisfaction | None:
    return session.scalar(
        select(OwnerSatisfaction)
        .where(OwnerSatisfaction.owner_id == invitation.owner_id)
        .where(OwnerSatisfaction.contract_id == invitation.contract_id)
        .where(OwnerSatisfaction.period == invitation.period)
        .with_for_update()
    )


def _first(
    session: Session,
    invitation: OwnerSurvey,
    question: str,
    value: int | str,
    *,
    source: AnswerSource,
    now: datetime,
) -> OwnerSatisfaction:
    if invitation.expires_at <= now:
        raise SurveyExpired("This survey is over.")
    if question != "overall":
        raise Invalid(question, "The first question comes first.", code="too_early")
    return _claim(
        session,
        owner_id=invitation.owner_id,
        contract_id=invitation.contract_id,
        hospital_id=invitation.hospital_id,
        period=invitation.period,
        overall=value,
        source=source,
        now=now,
    )


def _written(
    session: Session, row: OwnerSatisfaction, answers: Mapping[str, Any], now: datetime
) -> tuple[OwnerSatisfaction, FollowUp | None]:
    questions.write(session, row, answers)
    row.updated_at = now
    session.flush()
    _note_answered(session, row, now)
    return row, _follow_up(session, row, now)


def _note_answered(session: Session, row: OwnerSatisfaction, now: datetime) -> None:
    session.execute(
        update(OwnerSurvey)
        .where(OwnerSurvey.owner_id == row.owner_id, OwnerSurvey.contract_id == row.contract_id)
        .where(OwnerSurvey.period == row.period, OwnerSurvey.answered_at.is_(None))
        .values(answered_at=now, updated_at=now)
    )


def _follow_up(session: Session, row: OwnerSatisfaction, now: datetime) -> FollowUp | None:
    if row.overall > LOW:
        return None
    return follow_ups.start(
        session,
        hospital_id=row.hospital_id,
        severity=Severity.LOW_SCORE,
        opened_at=now,
        now=now,
        satisfaction_id=row.id,
    )
