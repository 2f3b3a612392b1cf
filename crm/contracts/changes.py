"""What people do with contracts: agree, amend, renew, end, cancel."""

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm import owners, revenue
from crm.contracts import reading
from crm.contracts.refusals import AlreadyRenewed, ContractOver, ContractOverlap, MonthClosed
from crm.contracts.terms import Terms
from crm.kit.errors import Invalid, NotFound, StaleVersion
from crm.kit.ids import uuid7
from crm.kit.permissions import Actor, Permission
from crm.kit.violations import meaning
from crm.models import Contract, ContractStatus, ContractVersion

DAY = timedelta(days=1)


def agree(
    session: Session,
    *,
    owner_id: UUID,
    hospital_id: UUID,
    terms: Terms,
    starts_on: date,
    ends_on: date | None,
    by: Actor,
    now: datetime,
) -> Contract:
    """Write down a contract. Raises ContractOverlap, Invalid, NotFound outside the scope."""
    scope = by.scope(Permission.CONTRACTS_WRITE)
    owner = owners.get(session, owner_id, scope=scope)
    if not scope.covers(hospital_id):
        raise NotFound("There is no such hospital.")
    return _write(
        session,
        owner_id=owner.id,
        hospital_id=hospital_id,
        terms=terms,
        starts_on=starts_on,
        ends_on=ends_on,
        by=by,
        now=now,
    )


def amend(
    session: Session,
    contract_id: UUID,
    *,
    terms: Terms,
    effective_from: date,
    version: int,
    by: Actor,
    now: datetime,
) -> Contract:
    """Change the terms from the first day of a month on; the old ones stay as a version.

    Raises StaleVersion, ContractOver, MonthClosed, Invalid.
    """
    contract = _open(session, contract_id, by=by, version=version)
    _check_from(session, contract, effective_from)
    terms.check().write_to(contract)
    contract.version, contract.updated_at = contract.version + 1, now
    _keep(session, contract, effective_from, by=by, now=now)
    return contract


def renew(
    session: Session,
    contract_id: UUID,
    *,
    ends_on: date | None,
    terms: Terms | None = None,
    by: Actor,
    now: datetime,
) -> Contract:
    """Let another contract follow from the day after this one ends, on the same terms unless said.

    Raises AlreadyRenewed, ContractOver, ContractOverlap, Invalid.
    """
    old = _open(session, contract_id, by=by)
    if old.ends_on is None:
        raise Invalid("contract_id", "This contract has no end.", code="open_ended")
    next_one = _follower(session, old.id)
    if next_one is not None:
        raise AlreadyRenewed("This contract was renewed already.", contract_id=next_one)
    return _write(
        session,
        owner_id=old.owner_id,
        hospital_id=old.hospital_id,
        terms=terms or Terms.of(old),
        starts_on=old.ends_on + DAY,
        ends_on=ends_on,
        previous_id=old.id,
        by=by,
        now=now,
    )


def terminate(
    session: Session, contract_id: UUID, *, ends_on: date, reason: str, by: Actor, now: datetime
) -> Contract:
    """End the contract early, after this day. Raises ContractOver, MonthClosed, Invalid."""
    contract = _open(session, contract_id, by=by)
    if ends_on < contract.starts_on or ends_on > (contract.ends_on or date.max):
        raise Invalid("ends_on", "The contract does not run on that day.", code="out_of_range")
    _refuse_if_closed(session, contract, ends_on + DAY)
    contract.status, contract.status_reason = ContractStatus.TERMINATED, reason
    contract.ends_on, contract.updated_at = ends_on, now
    session.flush()
    return contract


def cancel(
    session: Session, contract_id: UUID, *, reason: str, by: Actor, now: datetime
) -> Contract:
    """Take back a contract written by mistake, of which nothing was paid.

    Raises ContractOver, MonthClosed.
    """
    contract = _open(session, contract_id, by=by)
    _refuse_if_closed(session, contract, contract.starts_on)
    contract.status, contract.status_reason = ContractStatus.CANCELLED, reason
    contract.updated_at = now
    session.flush()
    return contract


def _write(
    session: Session,
    *,
    owner_id: UUID,
    hospital_id: UUID,
    terms: Terms,
    starts_on: date,
    ends_on: date | None,
    previous_id: UUID | None = None,
    by: Actor,
    now: datetime,
) -> Contract:
    if ends_on is not None and ends_on < starts_on:
        raise Invalid("ends_on", "The contract ends before it begins.", code="out_of_range")
    contract = Contract(
        id=uuid7(),
        owner_id=owner_id,
        hospital_id=hospital_id,
        starts_on=starts_on,
        ends_on=ends_on,
        status=ContractStatus.ACTIVE,
        previous_id=previous_id,
        version=1,
        created_at=now,
        updated_at=now,
    )
    terms.check().write_to(contract)
    overlap = ContractOverlap("This owner has a contract with this hospital in that time.")
    nowhere = NotFound("There is no such hospital.")
    refusals = {"ex_contracts_period": overlap, "fk_contracts_hospital_id": nowhere}
    with meaning(session, refusals):
        session.add(contract)
    _keep(session, contract, starts_on, by=by, now=now)
    return contract


def _keep(
    session: Session, contract: Contract, effective_from: date, *, by: Actor, now: datetime
) -> None:
    session.flush()
    session.add(
        ContractVersion(
            contract_id=contract.id,
            version=contract.version,
            effective_from=effective_from,
            terms=Terms.of(contract).as_json(),
            created_by=by.id,
            created_at=now,
        )
    )
    session.flush()


def _open(
    session: Session, contract_id: UUID, *, by: Actor, version: int | None = None
) -> Contract:
    """The contract, locked. Raises NotFound, ContractOver, StaleVersion."""
    scope = by.scope(Permission.CONTRACTS_WRITE)
    contract = session.scalar(
        select(Contract)
        .where(Contract.id == contract_id, reading.visible(scope))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if contract is None:
        raise NotFound("There is no such contract.")
    if contract.status is not ContractStatus.ACTIVE:
        raise ContractOver("This contract was ended or cancelled.")
    if version not in {None, contract.version}:
        raise StaleVersion("Somebody changed this contract.", version=contract.version)
    return contract


def _check_from(session: Session, contract: Contract, effective_from: date) -> None:
    """Raise when new terms may not count from this day."""
    latest = session.scalar(
        select(func.max(ContractVersion.effective_from)).where(
            ContractVersion.contract_id == contract.id
        )
    )
    earliest = latest or contract.starts_on
    if not earliest <= effective_from <= (contract.ends_on or date.max):
        raise Invalid(
            "effective_from",
            "New terms count from the last change on, while the contract runs.",
            code="out_of_range",
        )
    if effective_from.day != 1 and effective_from != contract.starts_on:
        raise Invalid("effective_from", "New terms begin with a month.", code="not_a_month")
    _refuse_if_closed(session, contract, effective_from)


def _refuse_if_closed(session: Session, contract: Contract, day: date) -> None:
    """Raise MonthClosed when a payout that covers this day may have been approved."""
    through = revenue.closed_through(session, contract.hospital_id)
    if through is not None and day <= through:
        raise MonthClosed("The books of that month are closed.", closed_through=str(through))


def _follower(session: Session, contract_id: UUID) -> UUID | None:
    return session.scalar(
        select(Contract.id)
        .where(Contract.previous_id == contract_id)
        .where(Contract.status != ContractStatus.CANCELLED)
    )
