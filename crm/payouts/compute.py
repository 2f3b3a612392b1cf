"""What an owner is due: from terms and revenue to lines that add up, in whole kobo.

The order is fixed: revenue, share, guarantee, cap, what was carried, adjustments, deductions,
withholding tax (on share, top-up and the share of late entries); then what cannot be paid yet is
carried on. Rates are basis points, rounded half
up (below zero half down, so that a refund takes back what its charge gave).
"""

from collections.abc import Iterable, Iterator, Sequence

from crm.contracts.terms import Deduction, Terms
from crm.models import ContractModel, PayoutKind
from crm.payouts.inputs import Arrears, Extra, Figures, Inputs, Line

WHOLE_BPS = 10_000
RECOUP = "guarantee_recoup"
_RENTED = {ContractModel.FIXED, ContractModel.HYBRID}
_SHARED = {ContractModel.PERCENTAGE, ContractModel.HYBRID}
_AMOUNT_LABELS = {PayoutKind.MANUAL: "Amount agreed", PayoutKind.BONUS: "Bonus"}

Step = tuple[str, str, int, int | None, int | None]
"""Code, label, amount, base, basis points."""


def compute(inputs: Inputs) -> Figures:
    """Work a payout out. The same inputs always give the same lines."""
    earned = list(_earned(inputs))
    share = sum(amount for code, _, amount, *_ in earned if code != "guarantee")
    topup = sum(amount for code, _, amount, *_ in earned if code == "guarantee")
    late = list(_late(inputs))
    carried = [_extra("carry_in", each) for each in inputs.carried_in]
    by_hand = [*_own_adjustment(inputs), *(_extra("adjustment", a) for a in inputs.adjustments)]
    adjusted = [*late, *by_hand]
    available = _sum(earned) + _sum(carried) + _sum(adjusted)
    deducted, arrears = _deduct(inputs, share=share, topup=topup, available=available)
    taxed = list(_tax(inputs, base_kobo=share + topup + _sum(late)))
    due = available + _sum(deducted) + _sum(taxed)
    onward = list(_carry_on(inputs, due))
    return Figures(
        lines=_numbered([*earned, *carried, *adjusted, *deducted, *taxed, *onward]),
        gross_kobo=inputs.gross_kobo,
        share_kobo=share,
        topup_kobo=topup,
        adjustments_kobo=_sum(adjusted),
        deductions_kobo=-_sum(deducted),
        wht_kobo=-_sum(taxed),
        carry_in_kobo=_sum(carried),
        carry_out_kobo=-_sum(onward),
        net_kobo=due + _sum(onward),
        arrears=arrears,
    )


def portion(base_kobo: int, bps: int) -> int:
    """So many basis points of an amount, rounded half away from zero."""
    whole = (abs(base_kobo) * bps + WHOLE_BPS // 2) // WHOLE_BPS
    return whole if base_kobo >= 0 else -whole


def prorated(amount_kobo: int, inputs: Inputs) -> int:
    """A monthly amount for the days on which the contract ran, rounded half up."""
    days = inputs.period_days
    return (2 * amount_kobo * inputs.active_days + days) // (2 * days)


# -- share, guarantee, cap ------------------------------------------------------------------------


def _earned(inputs: Inputs) -> Iterator[Step]:
    if inputs.kind in _AMOUNT_LABELS:
        yield "amount", _AMOUNT_LABELS[inputs.kind], inputs.amount_kobo, None, None
    if inputs.kind is not PayoutKind.MONTHLY:
        return
    steps = [*_rent(inputs), *_share(inputs.terms, inputs.gross_kobo)]
    yield from steps
    guarantee, share = _guarantee(inputs), _sum(steps)
    if guarantee > share:
        label = "Top-up to the minimum guarantee"
        yield "guarantee", label, guarantee - share, guarantee, None
    yield from _cap(inputs.terms, max(guarantee, share))


def _rent(inputs: Inputs) -> Iterator[Step]:
    fixed = inputs.terms.fixed_kobo
    if inputs.terms.model in _RENTED:
        yield "rent", "Fixed amount of the month", prorated(fixed, inputs), fixed, None


def _share(terms: Terms, gross: int) -> Iterator[Step]:
    if terms.model in _SHARED:
        amount = portion(gross, terms.share_bps)
        yield "share", "Share of the revenue", amount, gross, terms.share_bps
    elif terms.model is ContractModel.MARGINAL_TIERS:
        for number, (base, bps) in enumerate(slices(terms, gross), start=1):
            yield "tier", f"Share of tier {number}", portion(base, bps), base, bps
    elif terms.model is ContractModel.BAND_TIERS:
        bps = band(terms, gross)
        yield "share", "Share at the rate of the band", portion(gross, bps), gross, bps


def slices(terms: Terms, gross: int) -> Iterator[tuple[int, int]]:
    """How the revenue falls into the tiers, with each one's rate; a loss falls into the first."""
    low = None
    for tier in terms.tiers:
        end = gross if tier.up_to_kobo is None else min(gross, tier.up_to_kobo)
        if low is None:
            yield end, tier.bps
        elif end > low:
            yield end - low, tier.bps
        low = tier.up_to_kobo


def band(terms: Terms, gross: int) -> int:
    """The rate of the band that the whole revenue falls into."""
    return next(
        tier.bps for tier in terms.tiers if tier.up_to_kobo is None or gross <= tier.up_to_kobo
    )


def _guarantee(inputs: Inputs) -> int:
    return prorated(inputs.terms.minimum_guarantee_kobo, inputs)


def _cap(terms: Terms, earned: int) -> Iterator[Step]:
    if terms.cap_kobo is not None and earned > terms.cap_kobo:
        yield "cap", "Above the cap of the month", terms.cap_kobo - earned, terms.cap_kobo, None


# -- adjustments ----------------------------------------------------------------------------------


def _late(inputs: Inputs) -> Iterator[Step]:
    """The share of earlier months' revenue, at the rate it would have if it came on top now.

    A closed month is not opened again, and neither guarantee nor cap of this month concern it.
    """
    if inputs.kind is not PayoutKind.MONTHLY or not inputs.late_kobo:
        return
    terms, late = inputs.terms, inputs.late_kobo
    if terms.model is ContractModel.MARGINAL_TIERS:
        amount = _tiered(terms, inputs.gross_kobo + late) - _tiered(terms, inputs.gross_kobo)
        yield "late", "Late entries of earlier months", amount, late, None
    elif terms.model is not ContractModel.FIXED:
        is_banded = terms.model is ContractModel.BAND_TIERS
        bps = band(terms, inputs.gross_kobo) if is_banded else terms.share_bps
        yield "late", "Late entries of earlier months", portion(late, bps), late, bps


def _tiered(terms: Terms, gross: int) -> int:
    return sum(portion(base, bps) for base, bps in slices(terms, gross))


def _own_adjustment(inputs: Inputs) -> Iterator[Step]:
    if inputs.kind is PayoutKind.ADJUSTMENT:
        yield "adjustment", "Adjustment", inputs.amount_kobo, None, None


def _extra(code: str, extra: Extra) -> Step:
    return code, extra.label, extra.amount_kobo, None, None


# -- deductions -----------------------------------------------------------------------------------


def _deduct(
    inputs: Inputs, *, share: int, topup: int, available: int
) -> tuple[list[Step], tuple[Arrears, ...]]:
    """The deductions in order until nothing is left; what could not be taken stays owed."""
    owed = {each.code: each.amount_kobo for each in inputs.arrears}
    steps: list[Step] = []
    left: dict[str, int] = {}
    for deduction in (*_recoup(inputs, owed, share), *_agreed(inputs), *inputs.deductions):
        code = deduction.code
        due = owed.pop(code, 0) + _charge(deduction, share)
        room = max(0, available + _sum(steps))
        taken = min(due, room, _limit(deduction, due))
        if taken:
            steps.append((_line_code(code), deduction.label, -taken, *_source(deduction, share)))
        left[code] = left.get(code, 0) + due - taken
    if inputs.terms.is_guarantee_recoupable:
        left[RECOUP] = left.get(RECOUP, 0) + topup
    stay = {**owed, **left}
    return steps, tuple(Arrears(code, kobo) for code, kobo in sorted(stay.items()) if kobo)


def _recoup(inputs: Inputs, owed: dict[str, int], share: int) -> Iterator[Deduction]:
    """Top-ups paid earlier are taken back from what is earned above the guarantee."""
    if inputs.kind is PayoutKind.MONTHLY and owed.get(RECOUP):
        above = max(0, share - _guarantee(inputs))
        yield Deduction(RECOUP, "Earlier top-ups taken back", amount_kobo=0, cap_kobo=above)


def _agreed(inputs: Inputs) -> Sequence[Deduction]:
    return inputs.terms.deductions if inputs.kind is PayoutKind.MONTHLY else ()


def _charge(deduction: Deduction, share: int) -> int:
    """What this month adds to what is owed."""
    if deduction.bps is not None:
        amount = portion(max(0, share), deduction.bps)
    else:
        amount = deduction.amount_kobo or 0
    return min(amount, _limit(deduction, amount))


def _limit(deduction: Deduction, otherwise: int) -> int:
    return otherwise if deduction.cap_kobo is None else deduction.cap_kobo


def _source(deduction: Deduction, share: int) -> tuple[int | None, int | None]:
    return (share, deduction.bps) if deduction.bps is not None else (None, None)


def _line_code(code: str) -> str:
    return code if code == RECOUP else f"deduction.{code}"


# -- tax, and what goes on ------------------------------------------------------------------------


def _tax(inputs: Inputs, *, base_kobo: int) -> Iterator[Step]:
    if inputs.tax_bps and base_kobo > 0:
        amount = -portion(base_kobo, inputs.tax_bps)
        yield "wht", "Withholding tax", amount, base_kobo, inputs.tax_bps


def _carry_on(inputs: Inputs, due: int) -> Iterator[Step]:
    minimum = inputs.terms.minimum_payout_kobo if inputs.kind is PayoutKind.MONTHLY else 0
    if due < 0:
        yield "carry_out", "Debt carried to the next payout", -due, None, None
    elif due and (inputs.is_carried or due < minimum):
        base = None if inputs.is_carried else minimum
        yield "carry_out", "Carried to the next payout", -due, base, None


def _sum(steps: Iterable[Step]) -> int:
    return sum(amount for _, _, amount, *_ in steps)


def _numbered(steps: Sequence[Step]) -> tuple[Line, ...]:
    return tuple(Line(ordinal, *step) for ordinal, step in enumerate(steps, start=1))
