"""Working an old payout out again, to prove that its figures are what its inputs give."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from crm.models import Payout, PayoutKind, PayoutLine
from crm.payouts import reading, stale
from crm.payouts.compute import compute
from crm.payouts.inputs import Inputs, Line, fingerprint
from crm.payouts.writing import FIGURES


@dataclass(frozen=True, slots=True)
class Check:
    """What came out the second time, beside what was written down."""

    kept_hash: bytes
    hash: bytes
    lines: tuple[Line, ...]
    has_same_lines: bool
    has_same_figures: bool
    is_current: bool
    """The revenue, terms and tax of today would give the same."""

    @property
    def has_same_hash(self) -> bool:
        """True when nobody touched the inputs."""
        return self.kept_hash == self.hash

    @property
    def is_sound(self) -> bool:
        """True when inputs, lines and figures all belong together."""
        return self.has_same_hash and self.has_same_lines and self.has_same_figures


def recompute(session: Session, payout: Payout) -> Check:
    """Work a payout out again from its snapshot; writes nothing."""
    figures = compute(Inputs.from_json(payout.calc_snapshot))
    kept = tuple(_line(each) for each in reading.lines(session, payout.id))
    return Check(
        kept_hash=payout.calc_hash,
        hash=fingerprint(payout.calc_snapshot),
        lines=figures.lines,
        has_same_lines=kept == figures.lines,
        has_same_figures=all(getattr(payout, n) == getattr(figures, n) for n in FIGURES),
        is_current=payout.kind is not PayoutKind.MONTHLY or not stale.is_outdated(session, payout),
    )


def _line(row: PayoutLine) -> Line:
    return Line(row.ordinal, row.code, row.label, row.amount_kobo, row.base_kobo, row.bps)
