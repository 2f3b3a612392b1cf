"""What every report is asked: which days, which hospital."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute

from crm.kit.windows import Window


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which days; one hospital, or without one all that the scope holds."""

    window: Window
    hospital_id: UUID | None = None

    def at(self, hospital_id: InstrumentedAttribute[Any]) -> list[ColumnElement[bool]]:
        """The conditions on a column of hospitals."""
        return [hospital_id == self.hospital_id] if self.hospital_id else []


def nonzero(counts: Mapping[str, int]) -> dict[str, int]:
    """What was left out, without the reasons that left out nothing."""
    return {reason: number for reason, number in counts.items() if number}
