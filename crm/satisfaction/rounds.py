"""The quarter's round: every owner is asked once about each contract, and nudged at most once.

Who has several contracts is asked about them three days apart, so that a bare digit never answers
two questions at once.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, TextClause, exists, func, or_, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.channels.carrier import Channel
from bot.texts import say, spoken_to
from crm import outbox, owners
from crm.feedback import questions, waking
from crm.kit.clock import lagos_day
from crm.kit.ids import uuid7
from crm.kit.permissions import EVERYTHING, Scope
from crm.kit.tokens import Links
from crm.models import (
    Address,
    Contract,
    ContractStatus,
    Hospital,
    InvitationStatus,
    Lane,
    Owner,
    OwnerSatisfaction,
    OwnerStatus,
    OwnerSurvey,
    Purpose,
)
from crm.outbox import Template
from crm.satisfaction import periods

APART = timedelta(days=3)
NUDGE_AFTER = timedelta(days=5)
OPEN_FOR = timedelta(days=21)
_IS_PENDING = text("owner_survey_invitations.status = 'pending'")
_IS_WAITING = text(
    "owner_survey_invitations.status = 'posted' and owner_survey_invitations.answered_at is null"
    " and owner_survey_invitations.nudged_at is null"
)
_NO_ADDRESS = "there is no address from which an answer can come"


def invite_owners(
    session: Session, *, period: str, now: datetime, scope: Scope = EVERYTHING
) -> int:
    """Write down who is to be asked this quarter; a second time adds only who is new.

    Returns how many were added. Raises Invalid for a period that is none, or not now.
    """
    periods.check(period, now=now)
    first_at = waking(now)
    rows = []
    for owner_id, contract_id, hospital_id, turn in session.execute(_to_ask(period, scope, now)):
        due_at = first_at + APART * (turn - 1)
        rows.append(
            {
                "id": uuid7(),
                "owner_id": owner_id,
                "contract_id": contract_id,
                "hospital_id": hospital_id,
                "period": period,
                "due_at": due_at,
                "expires_at": due_at + OPEN_FOR,
                "created_at": now,
                "updated_at": now,
            }
        )
    if not rows:
        return 0
    statement = insert(OwnerSurvey).values(rows).on_conflict_do_nothing()
    return len(session.scalars(statement.returning(OwnerSurvey.id)).all())


def count_due(session: Session, *, now: datetime) -> int:
    """How many invitations and nudges wait to be posted."""
    is_due = _IS_PENDING & (OwnerSurvey.due_at <= now)
    is_silent = _IS_WAITING & (OwnerSurvey.posted_at <= now - NUDGE_AFTER)
    waiting = select(func.count()).select_from(OwnerSurvey).where(or_(is_due, is_silent))
    return session.scalar(waiting) or 0


def post_due(
    session: Session, *, now: datetime, limit: int = 100, forms: Links | None = None
) -> Counter[str]:
    """Post one batch of due invitations; returns how many were posted and skipped.

    Owners without an address that can answer, and those the gate stops, are skipped for good.
    """
    counts: Counter[str] = Counter()
    claimed = _claim(session, _IS_PENDING, OwnerSurvey.due_at <= now, limit=limit)
    for each in claimed:
        address = _address(session, each.owner.id, forms=forms)
        reason = _reason_to_skip(session, each, address, now=now)
        survey = each.survey
        if reason is None and address is not None:
            survey.message_id = _post(session, each, address, "invitation", forms=forms, now=now)
            survey.status, survey.posted_at = InvitationStatus.POSTED, now
            survey.address_id = address.id
        else:
            survey.status = InvitationStatus.SKIPPED
            survey.skip_reason = reason or _NO_ADDRESS
        survey.updated_at = now
        counts[survey.status] += 1
    session.flush()
    return counts


def nudge_due(
    session: Session, *, now: datetime, limit: int = 100, forms: Links | None = None
) -> int:
    """Ask those once more who have kept silent for five days; returns how many.

    The gate has the last word: whoever said STOP meanwhile hears nothing.
    """
    is_silent = OwnerSurvey.posted_at <= now - NUDGE_AFTER
    claimed = _claim(session, _IS_WAITING, is_silent, OwnerSurvey.expires_at > now, limit=limit)
    for each in claimed:
        each.survey.nudged_at = each.survey.updated_at = now
        address = session.get(Address, each.survey.address_id)
        if address is not None:
            _post(session, each, address, "nudge", forms=forms, now=now)
    session.flush()
    return len(claimed)


def awaiting(session: Session, *, address_id: UUID, now: datetime) -> OwnerSurvey | None:
    """The newest question posted to this address that still waits for its answer."""
    return session.scalar(
        select(OwnerSurvey)
        .where(OwnerSurvey.address_id == address_id)
        .where(OwnerSurvey.status == InvitationStatus.POSTED)
        .where(OwnerSurvey.answered_at.is_(None), OwnerSurvey.expires_at > now)
        .order_by(OwnerSurvey.posted_at.desc())
        .limit(1)
    )


def _to_ask(period: str, scope: Scope, now: datetime) -> Select[UUID, UUID, UUID, int]:
    today = lagos_day(now)
    has_answered = exists().where(
        OwnerSatisfaction.owner_id == Contract.owner_id,
        OwnerSatisfaction.contract_id == Contract.id,
        OwnerSatisfaction.period == period,
    )
    turn = func.row_number().over(
        partition_by=Contract.owner_id, order_by=(Contract.starts_on, Contract.id)
    )
    return (
        select(Contract.owner_id, Contract.id, Contract.hospital_id, turn)
        .join(Owner, Owner.id == Contract.owner_id)
        .where(Owner.status == OwnerStatus.ACTIVE, Contract.status == ContractStatus.ACTIVE)
        .where(scope.where(Contract.hospital_id), Contract.starts_on <= today)
        .where(or_(Contract.ends_on.is_(None), Contract.ends_on >= today), ~has_answered)
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    survey: OwnerSurvey
    owner: Owner
    hospital: str


def _claim(
    session: Session, *conditions: ColumnElement[bool] | TextClause, limit: int
) -> Sequence[_Asked]:
    rows = session.execute(
        select(OwnerSurvey, Owner, Hospital.name)
        .join(Owner, Owner.id == OwnerSurvey.owner_id)
        .join(Hospital, Hospital.id == OwnerSurvey.hospital_id)
        .where(*conditions)
        .order_by(OwnerSurvey.due_at)
        .limit(limit)
        .with_for_update(of=OwnerSurvey, skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return [_Asked(*row) for row in rows]


def _address(session: Session, owner_id: UUID, *, forms: Links | None) -> Address | None:
    ids = [reached.address_id for reached in owners.reached_at(session, owner_id)]
    found = {each.id: each for each in session.scalars(select(Address).where(Address.id.in_(ids)))}
    return questions.answerable((found[id_] for id_ in ids), forms=forms)


def _reason_to_skip(
    session: Session, each: _Asked, address: Address | None, *, now: datetime
) -> str | None:
    if each.survey.answered_at is not None:
        return "answered without being asked"
    if each.survey.expires_at <= now:
        return "it could not be asked in time"
    if address is None:
        return _NO_ADDRESS
    return questions.refusal(session, address.id, owner_id=each.owner.id, now=now)


def _post(
    session: Session,
    each: _Asked,
    address: Address,
    key: str,
    *,
    forms: Links | None,
    now: datetime,
) -> UUID:
    """Post the question; a text message that hears no answer has a link of `forms`."""
    language, channel = spoken_to(each.owner.language), address.channel
    hex_, facts = each.survey.id.hex, {"hospital": each.hospital}
    is_linked = forms is not None and channel is Channel.SMS
    if forms and is_linked:
        facts["link"] = forms.form("survey", each.survey.id)
    wording = f"{key}_one_way" if is_linked else key
    return outbox.post(
        session,
        address_id=address.id,
        channel=channel,
        text=say("survey", wording, language, channel, **facts),
        purpose=Purpose.SURVEY,
        lane=Lane.UTILITY,
        options=() if is_linked else questions.options(f"v1|survey|{hex_}", language, channel),
        button_word=say("options", "choose", language, channel),
        template=Template(f"survey_{key}_{language}", (each.hospital, hex_)),
        conversation_id=questions.talk_with(session, address.id),
        owner_id=each.owner.id,
        expires_at=each.survey.expires_at,
        now=now,
    )
