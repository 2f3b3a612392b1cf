"""What each line of a payout means, in a sentence that an owner understands."""

from collections.abc import Callable

from crm.models import Basis
from crm.payouts.compute import RECOUP
from crm.payouts.inputs import Inputs, Line
from crm.payouts.money import naira, percent

_EARNED = {Basis.CASH: "received", Basis.BILLED: "billed"}


def explain(line: Line, inputs: Inputs) -> str:
    """How this line came about."""
    if line.code.startswith("deduction."):
        return _deduction(line, inputs)
    return _WORDS[line.code](line, inputs)


def earned(inputs: Inputs) -> str:
    """What the revenue of this contract is: what was received, or what was billed."""
    return _EARNED[inputs.terms.basis]


def _amount(line: Line, _: Inputs) -> str:
    return f"{line.label}, beside the monthly share."


def _rent(line: Line, inputs: Inputs) -> str:
    said = f"The contract pays NGN {naira(line.base_kobo or 0)} a month"
    if inputs.active_days < inputs.period_days:
        said += f"; it ran on {inputs.active_days} of {inputs.period_days} days"
    return f"{said}."


def _share(line: Line, inputs: Inputs) -> str:
    return f"{_rate(line)} of the revenue {earned(inputs)}, NGN {naira(line.base_kobo or 0)}."


def _tier(line: Line, inputs: Inputs) -> str:
    return (
        f"{_rate(line)} of this part of the revenue {earned(inputs)}, "
        f"NGN {naira(line.base_kobo or 0)}."
    )


def _guarantee(line: Line, inputs: Inputs) -> str:
    said = f"At least NGN {naira(line.base_kobo or 0)} is guaranteed for this period"
    if inputs.active_days < inputs.period_days:
        said += f" ({inputs.active_days} of {inputs.period_days} days)"
    return f"{said}; the share came to less."


def _cap(line: Line, _: Inputs) -> str:
    return f"The contract pays at most NGN {naira(line.base_kobo or 0)} a month."


def _late(line: Line, _: Inputs) -> str:
    at = f"{_rate(line)} of " if line.bps is not None else "The share of "
    return (
        f"{at}NGN {naira(line.base_kobo or 0)} that belongs to months paid out already "
        "and became known since."
    )


def _carry_in(line: Line, _: Inputs) -> str:
    if line.amount_kobo < 0:
        return "An earlier payout fell short by this; it is taken from this one."
    return "This was not paid earlier and is added here."


def _adjustment(line: Line, inputs: Inputs) -> str:
    reasons = [each.reason for each in inputs.adjustments if each.label == line.label]
    return next(iter(filter(None, reasons)), "Corrects an earlier payout.")


def _deduction(line: Line, inputs: Inputs) -> str:
    if line.bps is not None:
        return f"{_rate(line)} of your share of NGN {naira(line.base_kobo or 0)}."
    code = line.code.removeprefix("deduction.")
    before = sum(each.amount_kobo for each in inputs.arrears if each.code == code)
    said = "As the contract says" if _is_agreed(code, inputs) else "For this payout alone"
    return f"{said}; NGN {naira(before)} was owed from before." if before else f"{said}."


def _is_agreed(code: str, inputs: Inputs) -> bool:
    return code in {each.code for each in inputs.terms.deductions}


def _recoup(_: Line, __: Inputs) -> str:
    return "Top-ups paid in weaker months are taken back from what is above the guarantee."


def _wht(line: Line, inputs: Inputs) -> str:
    law = f" ({inputs.tax_ref})" if inputs.tax_ref else ""
    return f"{_rate(line)} of NGN {naira(line.base_kobo or 0)}, kept for the tax office{law}."


def _carry_out(line: Line, inputs: Inputs) -> str:
    if line.amount_kobo > 0:
        return "The deductions are more than was earned; the rest is taken from the next payout."
    if inputs.is_carried:
        return "This is not paid by itself; the next payout begins with it."
    least = naira(line.base_kobo or 0)
    return f"Less than NGN {least} is not paid by itself; the next payout begins with it."


def _rate(line: Line) -> str:
    return percent(line.bps or 0)


_WORDS: dict[str, Callable[[Line, Inputs], str]] = {
    "amount": _amount,
    "rent": _rent,
    "share": _share,
    "tier": _tier,
    "guarantee": _guarantee,
    "cap": _cap,
    "late": _late,
    "carry_in": _carry_in,
    "adjustment": _adjustment,
    RECOUP: _recoup,
    "wht": _wht,
    "carry_out": _carry_out,
}
