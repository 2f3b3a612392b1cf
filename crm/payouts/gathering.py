"""Reading what payouts are worked out from: for many contracts at once, each thing by one query."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from crm import contracts, tax_rules
from crm.contracts import Agreed
from crm.models import BankAccount, Basis, Contract, Owner, OwnerStatus, PayoutKind
from crm.payouts.inputs import Arrears, Extra, Inputs, Revenue

_SUMS = """
    select service_line,
        sum(amount_kobo) filter (where kind = 'charge' and {happened} >= w.first) as charges,
        sum(amount_kobo) filter (where kind = 'refund' and {happened} >= w.first) as refunds,
        sum(amount_kobo) filter (where kind = 'write_off' and {happened} >= w.first) as write_offs,
        sum(amount_kobo) filter (where {happened} < w.first and {happened} >= w.since) as late
    from revenue_entries
    where hospital_id = w.hospital_id and {recognised} between w.first and w.last
        and w.basis = '{basis}'
    group by service_line
"""
# Lateral, so that each window is one range of an index whatever the planner believes.
_REVENUE = text(f"""
    with windows as (
        select * from unnest(
            cast(:hospitals as uuid[]), cast(:bases as text[]), cast(:firsts as date[]),
            cast(:lasts as date[]), cast(:sinces as date[])
        ) as w (hospital_id, basis, first, last, since)
    )
    select w.hospital_id, w.basis, w.first, w.last, w.since, s.service_line,
        cast(coalesce(s.charges, 0) as bigint) as charges,
        cast(coalesce(s.refunds, 0) as bigint) as refunds,
        cast(coalesce(s.write_offs, 0) as bigint) as write_offs,
        cast(coalesce(s.late, 0) as bigint) as late
    from windows w cross join lateral (
        {_SUMS.format(basis="cash", happened="collected_on", recognised="cash_recognised_on")}
        union all
        {_SUMS.format(basis="billed", happened="billed_on", recognised="billing_recognised_on")}
    ) s
    order by 1, 2, 3, 4, 5, s.service_line
""")  # noqa: S608 -- the pieces are our own
_CARRIED = text("""
    select p.contract_id, p.id, coalesce(r.reference, p.reference) as reference,
        p.carry_out_kobo, r.id is not null as came_back
    from owner_payouts p left join owner_payouts r on r.id = p.reverses_id
    where p.contract_id = any(:contracts) and p.carry_out_kobo <> 0 and p.carried_into_id is null
        and (
            p.status = 'completed' and p.kind <> 'monthly'
            or p.kind = 'monthly' and p.period_start < :first
                and p.status not in ('cancelled', 'rejected')
        )
    order by p.id
""")
_ARREARS = text("""
    select distinct on (contract_id) contract_id, period_start, arrears from owner_payouts
    where contract_id = any(:contracts) and kind = 'monthly' and period_start < :first
        and status not in ('cancelled', 'rejected')
    order by contract_id, period_start desc
""")
_HISTORY = text("""
    select contract_id, count(*) as number,
        cast(percentile_disc(0.95) within group (order by net_kobo) as bigint) as high_kobo
    from (
        select contract_id, net_kobo,
            row_number() over (partition by contract_id order by period_start desc) as place
        from owner_payouts
        where contract_id = any(:contracts) and kind = 'monthly' and period_start < :first
            and status not in ('cancelled', 'rejected')
    ) as known
    where place <= 12
    group by contract_id
""")
_PAID = text("""
    select owner_id, net_kobo from owner_payouts
    where owner_id = any(:owners) and net_kobo > 0 and period_start <= :last
        and period_end >= :first and status not in ('cancelled', 'rejected')
""")
_LATER = text("""
    select distinct contract_id from owner_payouts
    where contract_id = any(:contracts) and kind = 'monthly' and period_start > :first
        and status not in ('cancelled', 'rejected')
""")
# The day before which no late entry can have happened, for a contract that renews another.
_EVER = date(1900, 1, 1)

Window = tuple[UUID, str, date, date, date]


@dataclass(frozen=True, slots=True)
class History:
    """What was paid before, to see what is unusual."""

    number: int = 0
    high_kobo: int = 0
    """The 95th of a hundred of the last twelve."""
    amounts: frozenset[int] = frozenset()
    """To the same owner for days of the same period."""
    has_later: bool = False
    """A later month was drafted already, on what was known then."""


@dataclass(frozen=True, slots=True)
class Material:
    """One contract's payout before it is worked out."""

    contract: Contract
    owner: Owner
    account: BankAccount | None
    inputs: Inputs
    history: History = field(default_factory=History)
    carried_ids: tuple[UUID, ...] = ()
    """The payouts whose rest it begins with."""


@dataclass(frozen=True, slots=True)
class Unready:
    """A contract that cannot be drafted, and why."""

    contract_id: UUID
    code: str
    message: str


def gather(
    session: Session, *, contract_ids: Collection[UUID], first: date, last: date
) -> list[Material | Unready]:
    """The material of the monthly payouts of these contracts, in their order by id.

    Contracts that do not run in that time are left out.
    """
    if not contract_ids:
        return []
    agreed = contracts.in_force(session, first=first, last=last, contract_ids=list(contract_ids))
    facts = _Facts.load(session, agreed, first=first, last=last)
    return [facts.material(each) for each in agreed]


def revenue_of(
    session: Session, contract: Contract, basis: Basis, *, first: date, last: date
) -> tuple[Revenue, ...]:
    """What the hospital of this contract earned on the days the contract ran."""
    window = _window(contract, basis, first, last)
    return _revenue(session, [window]).get(window, ())


@dataclass(frozen=True, slots=True)
class _Facts:
    """What was read for all contracts of a chunk."""

    first: date
    last: date
    payees: dict[UUID, tuple[Owner, BankAccount | None]]
    revenue: dict[Window, tuple[Revenue, ...]]
    rates: dict[tax_rules.Case, Any]
    carried: dict[UUID, list[Row[Any]]]
    arrears: dict[UUID, Row[Any]]
    later: frozenset[UUID]
    history: dict[UUID, Row[Any]]
    paid: dict[UUID, frozenset[int]]

    @classmethod
    def load(
        cls, session: Session, agreed: Sequence[Agreed], *, first: date, last: date
    ) -> "_Facts":
        """Nine queries with those of the contracts, however many they are."""
        windows = {_window(each.contract, each.terms.basis, first, last) for each in agreed}
        ids = [id_ for each in agreed for id_ in _line_of(each.contract, first)]
        owner_ids = [each.contract.owner_id for each in agreed]
        bounds = {"contracts": ids, "owners": owner_ids, "first": first, "last": last}
        return cls(
            first,
            last,
            payees=_payees(session, owner_ids),
            revenue=_revenue(session, sorted(windows)),
            rates=tax_rules.rates(session, on=last),
            carried=_grouped(session.execute(_CARRIED, bounds).all()),
            arrears={row.contract_id: row for row in session.execute(_ARREARS, bounds)},
            later=frozenset(session.scalars(_LATER, bounds)),
            history={row.contract_id: row for row in session.execute(_HISTORY, bounds)},
            paid=_amounts(session.execute(_PAID, bounds).all()),
        )

    def material(self, agreed: Agreed) -> Material | Unready:
        """One contract's part of it."""
        contract, terms = agreed.contract, agreed.terms
        owner, account = self.payees[contract.owner_id]
        if owner.status is not OwnerStatus.ACTIVE:
            return Unready(contract.id, "owner_inactive", f"{owner.name} is not active.")
        rule = self.rates.get((terms.tax_category, owner.kind, owner.resident, owner.has_tin))
        if rule is None:
            said = f"No rate of tax is known for {terms.tax_category} to {owner.kind}."
            return Unready(contract.id, "no_tax_rule", said)
        window = _window(contract, terms.basis, self.first, self.last)
        line = _line_of(contract, self.first)
        carried = [row for id_ in line for row in self.carried.get(id_, ())]
        inputs = Inputs(
            kind=PayoutKind.MONTHLY,
            period_start=self.first,
            period_end=self.last,
            contract_version=agreed.version,
            terms=terms,
            active_days=(window[3] - window[2]).days + 1,
            revenue=self.revenue.get(window, ()),
            carried_in=tuple(_carried(row) for row in carried),
            arrears=self._arrears(line),
            tax_bps=rule.bps,
            tax_ref=rule.legal_ref,
        )
        carried_ids = tuple(row.id for row in carried)
        history = self._history(contract, line)
        return Material(contract, owner, account, inputs, history, carried_ids)

    def _arrears(self, line: Sequence[UUID]) -> tuple[Arrears, ...]:
        """What the newest payout left owed; of the old contract's too, when none came after it."""
        found = [self.arrears[id_] for id_ in line if id_ in self.arrears]
        newest = max((row.period_start for row in found), default=None)
        owed: Counter[str] = Counter()
        for row in found:
            if row.period_start == newest:
                owed.update(row.arrears)
        return tuple(Arrears(code, kobo) for code, kobo in sorted(owed.items()))

    def _history(self, contract: Contract, line: Sequence[UUID]) -> History:
        row = next((self.history[id_] for id_ in line if id_ in self.history), None)
        return History(
            number=row.number if row else 0,
            high_kobo=row.high_kobo if row else 0,
            amounts=self.paid.get(contract.owner_id, frozenset()),
            has_later=contract.id in self.later,
        )


def _line_of(contract: Contract, first: date) -> list[UUID]:
    """The contract and the one it renews, whose debts and rests it takes over when that is over."""
    is_over = contract.previous_id is not None and contract.starts_on <= first
    return [contract.id, *([contract.previous_id] if is_over and contract.previous_id else [])]


def _window(contract: Contract, basis: Basis, first: date, last: date) -> Window:
    """Which revenue counts: where, by which basis, from when until when, and late since when."""
    return (
        contract.hospital_id,
        basis.value,
        max(first, contract.starts_on),
        min(last, contract.ends_on or last),
        _EVER if contract.previous_id else contract.starts_on,
    )


def _revenue(session: Session, windows: Sequence[Window]) -> dict[Window, tuple[Revenue, ...]]:
    columns = list(zip(*windows, strict=True)) or [()] * 5
    names = ("hospitals", "bases", "firsts", "lasts", "sinces")
    asked = {name: list(column) for name, column in zip(names, columns, strict=True)}
    found: dict[Window, list[Revenue]] = {}
    for *window, line, charges, refunds, write_offs, late in session.execute(_REVENUE, asked):
        if charges or refunds or write_offs or late:
            revenue = Revenue(line, charges, refunds, write_offs, late)
            found.setdefault(tuple(window), []).append(revenue)
    return {window: tuple(revenue) for window, revenue in found.items()}


def _payees(
    session: Session, owner_ids: Sequence[UUID]
) -> dict[UUID, tuple[Owner, BankAccount | None]]:
    rows = session.execute(
        select(Owner, BankAccount)
        .outerjoin(BankAccount, (BankAccount.owner_id == Owner.id) & BankAccount.is_active)
        .where(Owner.id.in_(owner_ids))
    )
    return {owner.id: (owner, account) for owner, account in rows}


def _carried(row: Row[Any]) -> Extra:
    how = "Paid, and came back" if row.came_back else "Carried from"
    return Extra(f"{how}: {row.reference}", row.carry_out_kobo)


def _grouped(rows: Sequence[Row[Any]]) -> dict[UUID, list[Row[Any]]]:
    found: dict[UUID, list[Row[Any]]] = {}
    for row in rows:
        found.setdefault(row.contract_id, []).append(row)
    return found


def _amounts(rows: Sequence[Row[Any]]) -> dict[UUID, frozenset[int]]:
    found: dict[UUID, set[int]] = {}
    for row in rows:
        found.setdefault(row.owner_id, set()).add(row.net_kobo)
    return {owner_id: frozenset(amounts) for owner_id, amounts in found.items()}
