"""The terms of a contract as a value: checked, kept as JSON, and the same whenever read again."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import pairwise
from typing import Any, Self

from crm.kit.errors import Invalid
from crm.models import Basis, Contract, ContractModel, TaxCategory

WHOLE_BPS = 10_000
MOST_KOBO = 10**13
_TIERED = {ContractModel.MARGINAL_TIERS, ContractModel.BAND_TIERS}
_SHARED = {ContractModel.PERCENTAGE, ContractModel.HYBRID}
_RENTED = {ContractModel.FIXED, ContractModel.HYBRID}


@dataclass(frozen=True, slots=True)
class Tier:
    """A rate for the revenue up to an amount; the last tier has no upper end."""

    up_to_kobo: int | None
    bps: int


@dataclass(frozen=True, slots=True)
class Deduction:
    """What is kept back each month: an amount, or basis points of the share; never both."""

    code: str
    label: str
    amount_kobo: int | None = None
    bps: int | None = None
    cap_kobo: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """All that decides an owner's share, in kobo a month and basis points."""

    model: ContractModel
    tax_category: TaxCategory
    basis: Basis = Basis.CASH
    share_bps: int = 0
    tiers: tuple[Tier, ...] = ()
    minimum_guarantee_kobo: int = 0
    is_guarantee_recoupable: bool = False
    cap_kobo: int | None = None
    fixed_kobo: int = 0
    deductions: tuple[Deduction, ...] = ()
    excluded_service_lines: tuple[str, ...] = ()
    minimum_payout_kobo: int = 0

    def check(self) -> Self:
        """These terms, or Invalid with the field that contradicts the others."""
        _check_share(self)
        _check_tiers(self)
        _check_amounts(self)
        for position, deduction in enumerate(self.deductions):
            _check_deduction(deduction, f"deductions.{position}")
        _check_once("deductions", [each.code for each in self.deductions])
        return self

    def as_json(self) -> dict[str, Any]:
        """The terms as a version keeps them."""
        return {name: _plain(value) for name, value in asdict(self).items()}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        """The terms of a version."""
        return cls(
            **{
                **kept,
                "model": ContractModel(kept["model"]),
                "tax_category": TaxCategory(kept["tax_category"]),
                "basis": Basis(kept["basis"]),
                "tiers": tuple(Tier(**each) for each in kept["tiers"]),
                "deductions": tuple(Deduction(**each) for each in kept["deductions"]),
                "excluded_service_lines": tuple(kept["excluded_service_lines"]),
            }
        )

    @classmethod
    def of(cls, contract: Contract) -> Self:
        """The newest terms of a contract."""
        return cls.from_json({each.name: getattr(contract, each.name) for each in fields(cls)})

    def write_to(self, contract: Contract) -> None:
        """Make these the newest terms of a contract."""
        kept = self.as_json()
        for each in fields(self):
            value = getattr(self, each.name)
            setattr(contract, each.name, kept[each.name] if isinstance(value, tuple) else value)


def _plain(value: Any) -> Any:
    """JSON's own types alone, so that a version looks the same before and after the database."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, str) else value


def _check_share(terms: Terms) -> None:
    _check_bps("share_bps", terms.share_bps)
    if terms.model in _SHARED and not terms.share_bps:
        raise Invalid("share_bps", "This model needs a share above zero.", code="missing")
    if terms.model not in _SHARED and terms.share_bps:
        raise Invalid("share_bps", "This model has no single share.", code="unexpected")
    if (terms.model in _RENTED) != (terms.fixed_kobo > 0):
        raise Invalid("fixed_kobo", "A fixed amount belongs to fixed and hybrid contracts.")


def _check_tiers(terms: Terms) -> None:
    tiers = terms.tiers
    if (terms.model in _TIERED) != bool(tiers):
        raise Invalid("tiers", "Tiers belong to contracts by tiers, and there at least one.")
    for position, tier in enumerate(tiers):
        _check_bps(f"tiers.{position}.bps", tier.bps)
    if tiers and (tiers[-1].up_to_kobo is not None or not _is_rising(tiers[:-1])):
        raise Invalid(
            "tiers", "Tiers rise, and the last alone has no upper end.", code="tiers_not_contiguous"
        )


def _is_rising(tiers: Sequence[Tier]) -> bool:
    ends = [0, *(tier.up_to_kobo or 0 for tier in tiers)]
    return all(low < high for low, high in pairwise(ends))


def _check_amounts(terms: Terms) -> None:
    for name in ("minimum_guarantee_kobo", "fixed_kobo", "minimum_payout_kobo", "cap_kobo"):
        _check_kobo(name, getattr(terms, name) or 0)
    cap = terms.cap_kobo
    if cap is not None and cap < max(1, terms.minimum_guarantee_kobo):
        raise Invalid("cap_kobo", "The cap lies below what is guaranteed.", code="cap_too_low")


def _check_deduction(deduction: Deduction, where: str) -> None:
    if (deduction.amount_kobo is None) == (deduction.bps is None):
        raise Invalid(where, "A deduction is an amount or a rate, one of them.")
    _check_bps(f"{where}.bps", deduction.bps or 0)
    _check_kobo(f"{where}.amount_kobo", deduction.amount_kobo or 0)
    _check_kobo(f"{where}.cap_kobo", deduction.cap_kobo or 0)


def _check_once(field: str, codes: Sequence[str]) -> None:
    if len(set(codes)) < len(codes):
        raise Invalid(field, "Each deduction has a code of its own.", code="duplicate")


def _check_bps(field: str, bps: int) -> None:
    if not 0 <= bps <= WHOLE_BPS:
        raise Invalid(field, "Basis points go from 0 to 10,000.", code="out_of_range")


def _check_kobo(field: str, kobo: int) -> None:
    if not 0 <= kobo <= MOST_KOBO:
        raise Invalid(field, "The amount is below zero or far too large.", code="out_of_range")
