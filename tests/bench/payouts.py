"""The monthly payout run: every contract of the month before, a hundred revenue entries for each.

The run is the job of the first of the month, in a process of its own, on a house of that size:
a tenth as many hospitals as contracts, half the contracts a percentage and half by tiers, all
with deductions, a guarantee and tax. The second call, which finds all done, is timed too.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import text

from bot.build import build_wiring
from bot.config import Settings
from bot.embedded import Servers
from bot.wiring import Wiring
from crm.payouts import months
from tests.bench import house
from tests.bench.processes import Groups, cpu_ms, idle_percent, started
from workers import payouts

NAME = "payout run"
SIZES = (1_000, 3_000, 10_000)
"""Contracts."""
ENTRIES_EACH = 100
_CONTRACTS_EACH = 10
"""Of one hospital."""


def run(servers: Servers, sizes: Sequence[int] = SIZES) -> list[dict[str, Any]]:
    """A row for each number of contracts."""
    return [_measure(servers, size) for size in sizes]


def _measure(servers: Servers, contracts: int) -> dict[str, Any]:
    with TemporaryDirectory() as home:
        wiring = house.build(servers, Path(home))
        fill(wiring, contracts)
        groups, idle = Groups.of(servers), idle_percent()
        before = groups.spent_s()
        ours = _drafted(wiring)
        spent = cpu_ms(before, groups.spent_s(), contracts)
        assert ours["counts"]["created"] == contracts, ours
        _check(wiring)
        wiring.disconnect()
    drafting = round(1000 * ours["cpu_s"] / contracts, 3)
    others = {name: ms for name, ms in spent.items() if name != "all"}
    return {
        "name": NAME,
        "size": contracts,
        "units": contracts,
        "idle_before": idle,
        "rate_per_s": round(contracts / ours["took_s"]),
        "wall_s": round(ours["took_s"], 1),
        "again_s": round(ours["again_s"], 2),
        "cpu_ms": {"drafting": drafting, **others, "all": round(drafting + spent["all"], 3)},
        "peak_mb": ours["peak_mb"],
    }


def _drafted(wiring: Wiring) -> dict[str, Any]:
    with started("tests.bench.payouts", environ=house.environ(wiring)) as process:
        assert process.stdout
        seen: dict[str, Any] = json.loads(process.stdout.readline())
    return seen


def _check(wiring: Wiring) -> None:
    """Every payout adds up, and all have their lines."""
    with wiring.engine.connect() as connection:
        wrong = connection.execute(
            text("""
                select count(*) from owner_payouts p
                where net_kobo is distinct from (
                    select sum(amount_kobo) from payout_lines l where l.payout_id = p.id
                )
            """)
        ).scalar()
    assert wrong == 0


# -- a house of that size -------------------------------------------------------------------------

_HOUSE = """
with places as (
    insert into hospitals (id, code, name, state, address, phone)
    select uuidv7(), 'B' || n, 'Bench ' || n, 'Lagos', 'Somewhere', '+2349140009999'
    from generate_series(1, :hospitals) n
    returning id, cast(substr(code, 2) as int) as n
), people as (
    insert into owners (id, hospital_id, kind, name, has_tin)
    select uuidv7(), p.id, 'individual', 'Owner ' || p.n || ' ' || m, true
    from places p, generate_series(1, :each) m
    returning id, hospital_id
), accounts as (
    insert into bank_accounts (id, owner_id, bank_code, number_sealed, number_index, number_last4,
                               account_name, verified_at)
    select uuidv7(), id, '058', '\\x00', substr(sha256(id::text::bytea), 1, 16), '6789', 'Owner',
           now()
    from people
), agreed as (
    insert into contracts (id, owner_id, hospital_id, model, share_bps, tiers, tax_category,
                           minimum_guarantee_kobo, deductions, starts_on)
    select uuidv7(), id, hospital_id,
           case when odd then 'percentage' else 'marginal_tiers' end,
           case when odd then 500 else 0 end,
           case when odd then '[]' else cast(:tiers as jsonb) end,
           'rent', 100000, cast(:deductions as jsonb), date '2020-01-01'
    from (select *, row_number() over () % 2 = 1 as odd from people) o
    returning *
)
insert into contract_versions (contract_id, version, effective_from, terms, created_at)
select id, 1, starts_on, jsonb_build_object(
    'model', model, 'basis', 'cash', 'share_bps', share_bps, 'tiers', tiers,
    'minimum_guarantee_kobo', minimum_guarantee_kobo, 'is_guarantee_recoupable', false,
    'cap_kobo', null, 'fixed_kobo', 0, 'deductions', deductions, 'excluded_service_lines', '[]',
    'tax_category', tax_category, 'minimum_payout_kobo', 0
), now()
from agreed
"""
_ENTRIES = """
insert into revenue_entries (id, hospital_id, service_line, kind, amount_kobo, billed_on,
    collected_on, billing_recognised_on, cash_recognised_on, source, external_ref)
select uuidv7(), h.id, (array['Consultation', 'Laboratory', 'Pharmacy', 'Theatre'])[1 + n % 4],
    case when n % 50 = 0 then 'refund' else 'charge' end,
    case when n % 50 = 0 then -1 else 1 end * (500000 + n * 977 % 900000),
    d.day, d.day, d.day, d.day, 'bench', n::text
from hospitals h, generate_series(1, :entries) n,
    lateral (select cast(:first as date) + n % :days as day) d
where h.code like 'B%'
"""
_TIERS = [{"up_to_kobo": 100_000_000, "bps": 700}, {"up_to_kobo": None, "bps": 300}]
_DEDUCTIONS = [
    {"code": "fee", "label": "Fee", "amount_kobo": None, "bps": 500, "cap_kobo": None},
    {"code": "lease", "label": "Lease", "amount_kobo": 50_000, "bps": None, "cap_kobo": None},
]


def fill(wiring: Wiring, contracts: int, *, entries_each: int = ENTRIES_EACH) -> None:
    """Give the house so many contracts, and their hospitals a month of revenue."""
    first = months.last_month(wiring.now())
    with wiring.engine.begin() as connection:
        connection.execute(
            text(_HOUSE),
            {
                "hospitals": contracts // _CONTRACTS_EACH,
                "each": _CONTRACTS_EACH,
                "tiers": json.dumps(_TIERS),
                "deductions": json.dumps(_DEDUCTIONS),
            },
        )
        entries = _CONTRACTS_EACH * entries_each
        connection.execute(text(_ENTRIES), {"entries": entries, **_month(first)})
    with wiring.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))


def _month(first: date) -> dict[str, Any]:
    return {"first": first, "days": (months.month_end(first) - first).days + 1}


# -- the process that drafts ----------------------------------------------------------------------


def _main() -> None:
    wiring = build_wiring(Settings.from_env(dict(os.environ)))
    began, spent = time.perf_counter(), time.process_time()
    counts = payouts.draft_month(wiring)
    took_s, cpu_s = time.perf_counter() - began, time.process_time() - spent
    began = time.perf_counter()
    assert payouts.draft_month(wiring) == counts
    again_s = time.perf_counter() - began
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    seen = {"counts": counts, "took_s": took_s, "cpu_s": cpu_s, "again_s": again_s}
    print(json.dumps({**seen, "peak_mb": peak_mb}), flush=True)  # noqa: T201 -- its parent reads it


if __name__ == "__main__":
    sys.exit(_main())
