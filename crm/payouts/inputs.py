"""What a payout is worked out from, and what comes out: plain values, kept as JSON with a hash."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Self

from crm.contracts.terms import Deduction, Terms
from crm.models import PayoutKind

RULES = 1
"""Counted up when the computation changes, so that old payouts are recomputed as they were."""


@dataclass(frozen=True, slots=True)
class Revenue:
    """What one service line brought in the period; refunds and write-offs are below zero."""

    service_line: str
    charges_kobo: int = 0
    refunds_kobo: int = 0
    write_offs_kobo: int = 0
    late_kobo: int = 0
    """Beside these: what belongs to months whose books were closed before it became known."""

    @property
    def sum_kobo(self) -> int:
        """What is left of the period's charges."""
        return self.charges_kobo + self.refunds_kobo + self.write_offs_kobo


@dataclass(frozen=True, slots=True)
class Extra:
    """An amount beside the contract: carried from another payout, or added by hand."""

    label: str
    amount_kobo: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Arrears:
    """What is still owed of a deduction, by its code."""

    code: str
    amount_kobo: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Everything that decides a payout. The same inputs always give the same lines."""

    kind: PayoutKind
    period_start: date
    period_end: date
    contract_version: int
    terms: Terms
    active_days: int
    """Days of the period on which the contract ran."""
    revenue: tuple[Revenue, ...] = ()
    gross_override_kobo: int | None = None
    amount_kobo: int = 0
    """Of a payout that is not worked out from revenue."""
    carried_in: tuple[Extra, ...] = ()
    adjustments: tuple[Extra, ...] = ()
    deductions: tuple[Deduction, ...] = ()
    """Further ones, for this payout alone."""
    arrears: tuple[Arrears, ...] = ()
    tax_bps: int = 0
    tax_ref: str = ""
    is_carried: bool = False
    """Nothing is paid; the whole amount goes into the next payout."""
    rules: int = RULES

    @property
    def period_days(self) -> int:
        """Days of the period."""
        return (self.period_end - self.period_start).days + 1

    @property
    def gross_kobo(self) -> int:
        """The revenue of the period that is shared."""
        if self.gross_override_kobo is not None:
            return self.gross_override_kobo
        return sum(each.sum_kobo for each in self.shared)

    @property
    def late_kobo(self) -> int:
        """The revenue of earlier months that became known too late for them."""
        return sum(each.late_kobo for each in self.shared)

    @property
    def shared(self) -> list[Revenue]:
        """The service lines that the contract does not exclude."""
        excluded = self.terms.excluded_service_lines
        return [each for each in self.revenue if each.service_line not in excluded]

    def as_json(self) -> dict[str, Any]:
        """The snapshot."""
        days = {name: getattr(self, name).isoformat() for name in ("period_start", "period_end")}
        return {**_lists(asdict(self)), "terms": self.terms.as_json(), **days}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        """The inputs of a snapshot."""
        return cls(
            **{
                **kept,
                "kind": PayoutKind(kept["kind"]),
                "period_start": date.fromisoformat(kept["period_start"]),
                "period_end": date.fromisoformat(kept["period_end"]),
                "terms": Terms.from_json(kept["terms"]),
                "revenue": tuple(Revenue(**each) for each in kept["revenue"]),
                "carried_in": tuple(Extra(**each) for each in kept["carried_in"]),
                "adjustments": tuple(Extra(**each) for each in kept["adjustments"]),
                "deductions": tuple(Deduction(**each) for each in kept["deductions"]),
                "arrears": tuple(Arrears(**each) for each in kept["arrears"]),
            }
        )


@dataclass(frozen=True, slots=True)
class Line:
    """One step of the computation: of what, at which rate, how much."""

    ordinal: int
    code: str
    label: str
    amount_kobo: int
    base_kobo: int | None = None
    bps: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What came out. The lines add up to `net_kobo`."""

    lines: tuple[Line, ...]
    gross_kobo: int
    share_kobo: int
    topup_kobo: int
    adjustments_kobo: int
    deductions_kobo: int
    wht_kobo: int
    carry_in_kobo: int
    carry_out_kobo: int
    """What the next payout begins with; below zero it is a debt of the owner's."""
    net_kobo: int
    arrears: tuple[Arrears, ...] = ()


def fingerprint(snapshot: Mapping[str, Any]) -> bytes:
    """SHA-256 over the canonical form: keys in order, no blanks, UTF-8."""
    canonical = json.dumps(snapshot, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).digest()


def _lists(value: Any) -> Any:
    """Lists for tuples, as JSON gives them back."""
    if isinstance(value, dict):
        return {key: _lists(each) for key, each in value.items()}
    if isinstance(value, tuple):
        return [_lists(each) for each in value]
    return str(value) if isinstance(value, str) else value
