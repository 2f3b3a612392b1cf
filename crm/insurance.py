"""Insurance: the covers of a patient, whose numbers are sealed."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.kit.clock import lagos_day
from crm.kit.crypto import Vault
from crm.kit.errors import NotFound
from crm.kit.ids import uuid7
from crm.models import InsurancePolicy

WHERE = "insurance_policies.policy_number"


def of(session: Session, patient_id: UUID) -> Sequence[InsurancePolicy]:
    """The patient's covers, the longest running first."""
    mine = select(InsurancePolicy).where(InsurancePolicy.patient_id == patient_id)
    newest = InsurancePolicy.expires_on.desc().nulls_first()
    return session.scalars(mine.order_by(newest, InsurancePolicy.id)).all()


def add(
    session: Session,
    patient_id: UUID,
    *,
    provider: str,
    now: datetime,
    plan: str | None = None,
    policy_number: str | None = None,
    expires_on: date | None = None,
) -> InsurancePolicy:
    """Write down a cover; one that has run out is kept too, and says so."""
    policy = InsurancePolicy(
        id=uuid7(),
        patient_id=patient_id,
        provider=provider,
        plan=plan,
        expires_on=expires_on,
        created_at=now,
        updated_at=now,
    )
    _number(session, policy, policy_number)
    session.add(policy)
    session.flush()
    return policy


def change(
    session: Session,
    patient_id: UUID,
    policy_id: UUID,
    changes: Mapping[str, Any],
    *,
    now: datetime,
) -> InsurancePolicy:
    """Set provider, plan, policy_number or expires_on. Raises NotFound."""
    policy = _get(session, patient_id, policy_id)
    for name, value in changes.items():
        if name == "policy_number":
            _number(session, policy, value)
        else:
            setattr(policy, name, value)
    policy.updated_at = now
    session.flush()
    return policy


def remove(session: Session, patient_id: UUID, policy_id: UUID) -> None:
    """Forget a cover that was written down by mistake. Raises NotFound."""
    session.delete(_get(session, patient_id, policy_id))
    session.flush()


def number_of(session: Session, policy: InsurancePolicy) -> str | None:
    """The policy number, opened."""
    if policy.policy_number_sealed is None:
        return None
    vault: Vault = session.info["vault"]
    return vault.open(policy.policy_number_sealed, where=WHERE, row=policy.id)


def is_expired(policy: InsurancePolicy, *, now: datetime) -> bool:
    """True from the day after the last day of cover."""
    return policy.expires_on is not None and policy.expires_on < lagos_day(now)


def _get(session: Session, patient_id: UUID, policy_id: UUID) -> InsurancePolicy:
    policy = session.get(InsurancePolicy, policy_id)
    if policy is None or policy.patient_id != patient_id:
        raise NotFound("There is no such policy.")
    return policy


def _number(session: Session, policy: InsurancePolicy, number: str | None) -> None:
    vault: Vault = session.info["vault"]
    policy.policy_number_sealed = vault.seal(number, where=WHERE, row=policy.id) if number else None
