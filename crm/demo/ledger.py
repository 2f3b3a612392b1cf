"""One member's points as the house's ledger would have kept them: lots, allocations, balance.

The same rules as `crm.loyalty`, played in memory: credits make lots, debits draw the soonest to
expire, what is taken back comes out of its own lot first, and what is left of a lot expires.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from crm.demo.loading import Chance, Row
from crm.loyalty.validity import month_end
from crm.models import PointsKind

_OUT = frozenset({PointsKind.REDEEM, PointsKind.EXPIRE, PointsKind.REVERSAL})


@dataclass(slots=True)
class Lot:
    """Points that came in together."""

    id: UUID
    transaction_id: UUID
    points: int
    remaining: int
    expires_at: datetime


@dataclass(slots=True)
class Account:
    """A member's account while its story is told."""

    id: UUID
    patient_id: UUID
    opened_at: datetime
    tiers: list[tuple[int, str]]
    """The least points of each tier, rising."""
    available: int = 0
    earned: int = 0
    redeemed: int = 0
    expired: int = 0
    qualifying: int = 0
    tier: str = "bronze"
    tier_since: datetime | None = None
    transactions: list[Row] = field(default_factory=list)
    lots: list[Lot] = field(default_factory=list)
    allocations: dict[tuple[UUID, UUID], Row] = field(default_factory=dict)
    changes: list[Row] = field(default_factory=list)

    def earn(
        self,
        chance: Chance,
        points: int,
        *,
        at: datetime,
        rule: str,
        source: tuple[str, UUID],
        is_qualifying: bool,
        months: int,
    ) -> UUID:
        """Points come in, as a lot of their own; the tier may rise."""
        id_ = self._write(
            chance, PointsKind.EARN, points, at, rule=rule, source=source, counts=is_qualifying
        )
        self.lots.append(Lot(chance.id_at(at), id_, points, points, month_end(at, months)))
        self.earned += points
        if is_qualifying:
            self.qualifying += points
            self._stand(chance, id_, at)
        return id_

    def redeem(
        self, chance: Chance, points: int, *, at: datetime, source: tuple[str, UUID]
    ) -> UUID:
        """Points go out for a reward, the soonest to expire first."""
        id_ = self._write(chance, PointsKind.REDEEM, -points, at, source=source)
        self._draw(id_, self._open(), points)
        self.redeemed += points
        return id_

    def refund(
        self, chance: Chance, debit_id: UUID, *, at: datetime, source: tuple[str, UUID], reason: str
    ) -> UUID:
        """The points of a debit go back into their lots, all of which are alive."""
        drawn = [row for (id_, _), row in self.allocations.items() if id_ == debit_id]
        points = sum(row["points"] for row in drawn)
        refund_id = self._write(chance, PointsKind.REFUND, points, at, source=source, reason=reason)
        for row in drawn:
            row["restored"] = row["points"]
            self._lot(row["lot_id"]).remaining += row["points"]
        self.redeemed -= points
        return refund_id

    def take_back(self, chance: Chance, original_id: UUID, *, at: datetime, reason: str) -> None:
        """What was not truly earned goes, out of its own lot first; the tier may fall."""
        original = next(row for row in self.transactions if row["id"] == original_id)
        points = original["points"]
        if points > self.available:
            return
        source = (original["source_type"], original["source_id"])
        id_ = self._write(
            chance,
            PointsKind.REVERSAL,
            -points,
            at,
            source=source,
            reason=reason,
            counts=original["is_qualifying"],
            reverses=original_id,
        )
        own = [lot for lot in self.lots if lot.transaction_id == original_id and lot.remaining]
        self._draw(id_, [*own, *(lot for lot in self._open() if lot not in own)], points)
        self.earned -= points
        if original["is_qualifying"]:
            self.qualifying -= points
            self._stand(chance, id_, at)

    def lapse(self, chance: Chance, until: datetime) -> None:
        """Let everything expire that was due by then, moment by moment."""
        due = sorted({lot.expires_at for lot in self.lots if lot.remaining})
        for moment in (each for each in due if each <= until):
            lots = [lot for lot in self._open() if lot.expires_at == moment]
            points = sum(lot.remaining for lot in lots)
            id_ = self._write(chance, PointsKind.EXPIRE, -points, moment)
            self._draw(id_, lots, points)
            self.expired += points

    def _write(
        self,
        chance: Chance,
        kind: PointsKind,
        points: int,
        at: datetime,
        *,
        rule: str | None = None,
        source: tuple[str, UUID] | None = None,
        reason: str | None = None,
        counts: bool = False,
        reverses: UUID | None = None,
    ) -> UUID:
        id_ = chance.id_at(at)
        self.available += points
        source_type, source_id = source or (None, None)
        self.transactions.append(
            {
                "id": id_,
                "account_id": self.id,
                "seq": len(self.transactions) + 1,
                "kind": kind,
                "points": points,
                "balance_after": self.available,
                "is_qualifying": counts,
                "rule": rule,
                "source_type": source_type,
                "source_id": source_id,
                "reverses_id": reverses,
                "reason": reason,
                "actor_id": None,
                "at": at,
            }
        )
        return id_

    def _open(self) -> list[Lot]:
        return sorted(
            (lot for lot in self.lots if lot.remaining), key=lambda lot: (lot.expires_at, lot.id)
        )

    def _lot(self, lot_id: UUID) -> Lot:
        return next(lot for lot in self.lots if lot.id == lot_id)

    def _draw(self, debit_id: UUID, lots: Iterable[Lot], points: int) -> None:
        for lot in lots:
            taken = min(points, lot.remaining)
            if taken:
                lot.remaining -= taken
                points -= taken
                self.allocations[debit_id, lot.id] = {
                    "transaction_id": debit_id,
                    "lot_id": lot.id,
                    "points": taken,
                    "restored": 0,
                }

    def _stand(self, chance: Chance, transaction_id: UUID, at: datetime) -> None:
        tier = [code for least, code in self.tiers if least <= max(self.qualifying, 0)][-1]
        if tier == self.tier:
            return
        self.changes.append(
            {
                "id": chance.id_at(at),
                "account_id": self.id,
                "transaction_id": transaction_id,
                "from_tier": self.tier,
                "to_tier": tier,
                "qualifying": self.qualifying,
                "at": at,
            }
        )
        self.tier, self.tier_since = tier, at
