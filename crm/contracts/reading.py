"""Finding contracts and the terms that counted on a day."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from crm.contracts.terms import Terms
from crm.kit.errors import NotFound
from crm.kit.paging import Found, PageRequest, keyset
from crm.kit.permissions import EVERYTHING, Scope
from crm.models import Contract, ContractModel, ContractStatus, ContractVersion, Hospital


@dataclass(frozen=True, slots=True)
class Agreed:
    """A contract with the version of its terms that counts in a month."""

    contract: Contract
    version: int
    terms: Terms


def visible(scope: Scope) -> ColumnElement[bool]:
    """The condition for a query over contracts: those of the hospitals, or of the one owner."""
    if scope.owner_id is not None:
        return Contract.owner_id == scope.owner_id
    return scope.where(Contract.hospital_id)


def get(session: Session, contract_id: UUID, *, scope: Scope) -> Contract:
    """The contract. Raises NotFound, also outside the scope."""
    contract = session.scalar(select(Contract).where(Contract.id == contract_id, visible(scope)))
    if contract is None:
        raise NotFound("There is no such contract.")
    return contract


def search(
    session: Session,
    *,
    scope: Scope,
    page: PageRequest,
    owner_id: UUID | None = None,
    hospital_id: UUID | None = None,
    status: ContractStatus | None = None,
    model: ContractModel | None = None,
) -> Found[Contract]:
    """Contracts one may see, the newest first."""
    found = select(Contract).where(visible(scope))
    if owner_id:
        found = found.where(Contract.owner_id == owner_id)
    if hospital_id:
        found = found.where(Contract.hospital_id == hospital_id)
    if status:
        found = found.where(Contract.status == status)
    if model:
        found = found.where(Contract.model == model)
    return keyset(session, found, page, Contract.starts_on.desc(), Contract.id.desc())


def expiring(
    session: Session, *, scope: Scope, today: date, page: PageRequest, within_days: int = 90
) -> Found[Contract]:
    """Contracts that end within so many days and that no other follows, the soonest first."""
    next_one = aliased(Contract)
    is_followed = (
        select(next_one.id)
        .where(next_one.previous_id == Contract.id)
        .where(next_one.status != ContractStatus.CANCELLED)
        .exists()
    )
    found = (
        select(Contract)
        .where(visible(scope), Contract.status == ContractStatus.ACTIVE, ~is_followed)
        .where(Contract.ends_on.between(today, today + timedelta(days=within_days)))
    )
    return keyset(session, found, page, Contract.ends_on, Contract.id)


def followed(session: Session, contract_ids: Sequence[UUID]) -> frozenset[UUID]:
    """Those of the contracts that another one renews."""
    found = session.scalars(
        select(Contract.previous_id)
        .where(Contract.previous_id.in_(contract_ids))
        .where(Contract.status != ContractStatus.CANCELLED)
    )
    return frozenset(id_ for id_ in found if id_ is not None)


def places(session: Session, found: Iterable[Contract]) -> dict[UUID, str]:
    """The names of the hospitals of these contracts."""
    ids = {contract.hospital_id for contract in found}
    rows = session.execute(select(Hospital.id, Hospital.name).where(Hospital.id.in_(ids)))
    return {row.id: row.name for row in rows}


def versions(session: Session, contract_id: UUID) -> Sequence[ContractVersion]:
    """Every version of the terms, the newest first."""
    return session.scalars(
        select(ContractVersion)
        .where(ContractVersion.contract_id == contract_id)
        .order_by(ContractVersion.version.desc())
    ).all()


def terms_at(session: Session, contract_id: UUID, *, version: int) -> Terms:
    """The terms of one version, to work out an old payout again. Raises NotFound."""
    kept = session.get(ContractVersion, (contract_id, version))
    if kept is None:
        raise NotFound("There is no such version.")
    return Terms.from_json(kept.terms)


def in_force(
    session: Session,
    *,
    first: date,
    last: date,
    scope: Scope = EVERYTHING,
    hospital_ids: Sequence[UUID] = (),
    contract_ids: Sequence[UUID] = (),
) -> list[Agreed]:
    """The contracts that run on a day from `first` to `last`, with the terms of its beginning.

    A month has one set of terms: those in force on its first day, or on the contract's own.
    """
    found = (
        _with_version(first)
        .where(visible(scope), Contract.status != ContractStatus.CANCELLED)
        .where(Contract.starts_on <= last)
        .where(or_(Contract.ends_on.is_(None), Contract.ends_on >= first))
        .order_by(Contract.id)
    )
    if hospital_ids:
        found = found.where(Contract.hospital_id.in_(hospital_ids))
    if contract_ids:
        found = found.where(Contract.id.in_(contract_ids))
    return [
        Agreed(contract, version, Terms.from_json(kept))
        for contract, version, kept in session.execute(found)
    ]


def _with_version(first: date) -> Select[Contract, int, dict[str, Any]]:
    kept = (
        select(ContractVersion.version, ContractVersion.terms)
        .where(ContractVersion.contract_id == Contract.id)
        .where(ContractVersion.effective_from <= func.greatest(first, Contract.starts_on))
        .order_by(ContractVersion.effective_from.desc(), ContractVersion.version.desc())
        .limit(1)
        .correlate(Contract)
        .lateral("kept")
    )
    return select(Contract, kept.c.version, kept.c.terms).join(kept, true())
