"""The desk: a code is looked at and used, once. Guessing is counted and stopped."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import Session

from crm.kit.permissions import Actor
from crm.loyalty import codes
from crm.loyalty.refusals import CodeRefused, CodeUnknown, TooManyTries
from crm.loyalty.spending import index_of
from crm.models import (
    CodeTries,
    LoyaltyAccount,
    Patient,
    Redemption,
    RedemptionStatus,
    Reward,
)

TRIES = 5
_PAUSE = timedelta(minutes=15)

_COUNT = text("""
    insert into redemption_code_tries as t (actor_id, since, wrong)
    values (:actor_id, :now, 1)
    on conflict (actor_id) do update
    set wrong = case when t.since <= :long_ago then 1 else t.wrong + 1 end,
        since = case when t.since <= :long_ago then :now else t.since end
    returning wrong
""")


def look(session: Session, code: str, *, by: Actor, now: datetime) -> tuple[Redemption, Reward]:
    """What a code would get. Raises CodeUnknown, CodeRefused, TooManyTries."""
    redemption, reward = _found(session, code, by=by, now=now)
    _refuse_unless_usable(redemption, now)
    return redemption, reward


def use(
    session: Session, code: str, *, hospital_id: UUID, by: Actor, now: datetime
) -> tuple[Redemption, Reward]:
    """Hand out what the code gets: by one conditional update, so that it counts once.

    Raises as `look` does, also when another desk was faster, or the reward is another hospital's.
    """
    redemption, reward = _found(session, code, by=by, now=now)
    if reward.hospital_id not in {None, hospital_id}:
        raise CodeRefused("This reward is given at another hospital.", reason="other_hospital")
    used = session.scalar(
        update(Redemption)
        .where(
            Redemption.id == redemption.id,
            Redemption.status == RedemptionStatus.APPROVED,
            Redemption.expires_at > now,
        )
        .values(
            status=RedemptionStatus.FULFILLED,
            fulfilled_by=by.id,
            fulfilled_at=now,
            fulfilled_hospital_id=hospital_id,
            updated_at=now,
        )
        .returning(Redemption)
        .execution_options(populate_existing=True, synchronize_session=False)
    )
    if used is None:
        session.refresh(redemption)
        _refuse_unless_usable(redemption, now)
        raise CodeRefused("This code cannot be used.", reason=redemption.status)
    return used, reward


def _found(session: Session, code: str, *, by: Actor, now: datetime) -> tuple[Redemption, Reward]:
    _refuse_if_guessing(session, by, now)
    whole = codes.read(code)
    found = None
    if whole is not None:
        found = session.execute(
            select(Redemption, Reward)
            .join(Reward, Reward.id == Redemption.reward_id)
            .where(Redemption.code_index == index_of(session, whole))
        ).one_or_none()
    if found is None:
        raise _counted(session, by, now)
    _forget(session, by)
    redemption, reward = found
    return redemption, reward


def _refuse_if_guessing(session: Session, by: Actor, now: datetime) -> None:
    tries = session.get(CodeTries, by.id, populate_existing=True) if by.id else None
    if tries is not None and tries.wrong >= TRIES and tries.since > now - _PAUSE:
        until = tries.since + _PAUSE
        raise TooManyTries(
            "Too many wrong codes. Please wait a quarter of an hour.",
            until=until.isoformat(),
            retry_after_s=int((until - now).total_seconds()) + 1,
        )


def _counted(session: Session, by: Actor, now: datetime) -> CodeUnknown:
    """The refusal of a wrong code, which counts even though the request fails."""
    wrong = 0
    if by.id is not None:
        told = {"actor_id": by.id, "now": now, "long_ago": now - _PAUSE}
        wrong = session.execute(_COUNT, told).scalar_one()
    return CodeUnknown("There is no such code.", tries_left=max(TRIES - wrong, 0))


def _forget(session: Session, by: Actor) -> None:
    session.execute(delete(CodeTries).where(CodeTries.actor_id == by.id))


def _refuse_unless_usable(redemption: Redemption, now: datetime) -> None:
    if redemption.status is not RedemptionStatus.APPROVED:
        raise CodeRefused(f"This code is {redemption.status}.", reason=redemption.status.value)
    if redemption.expires_at <= now:
        raise CodeRefused("This code was not used in time.", reason="expired")


def first_name(session: Session, redemption: Redemption) -> str:
    """What the member is called, so that the desk can ask."""
    patient = session.scalars(
        select(Patient)
        .join(LoyaltyAccount, LoyaltyAccount.patient_id == Patient.id)
        .where(LoyaltyAccount.id == redemption.account_id)
    ).one()
    return patient.first_name
