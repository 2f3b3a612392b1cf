"""Rows of payouts in the shapes in which the API answers."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select

from crm import payouts
from crm.api.kit import call
from crm.api.payouts.answers import (
    PayoutDraftOut,
    PayoutErrorOut,
    PayoutLineOut,
    PayoutMoveOut,
    PayoutOut,
    PayoutPartyOut,
    PayoutRowOut,
    PayoutRunOut,
    PayoutTrialOut,
)
from crm.models import Hospital, Owner, Payout, PayoutLine, PayoutRun, PayoutStatus
from crm.payouts import FIGURES, Inputs, Line
from crm.payouts.gathering import Unready
from crm.payouts.inputs import fingerprint
from crm.payouts.statements.building import explained
from crm.payouts.writing import Made


def rows(found: Sequence[Payout]) -> list[PayoutRowOut]:
    """The payouts with the names of owner and hospital, by two queries however many."""
    owners, hospitals = _names(found)
    return [PayoutRowOut(**_row(each, owners, hospitals)) for each in found]


def whole(payout: Payout) -> PayoutOut:
    """One payout with lines and history; owners see neither our flags nor our names."""
    owners, hospitals = _names([payout])
    names = ("contract_version", "status_reason", "notes", "bank_account_id", "bank_file")
    more = ("provider_reference", "failure_code", "approved_at", "arrears", "created_at")
    return PayoutOut(
        **_row(payout, owners, hospitals),
        **{name: getattr(payout, name) for name in (*names, *more)},
        lines=lines(payout),
        history=_history(payout.id),
        allowed_next=[to for to in payouts.allowed_next(payout) if _may(to)],
        calc_hash=payout.calc_hash.hex(),
    )


def lines(payout: Payout) -> list[PayoutLineOut]:
    """The lines in words."""
    inputs = Inputs.from_json(payout.calc_snapshot)
    return [
        PayoutLineOut.of(each) for each in explained(payouts.lines(call.session, payout.id), inputs)
    ]


def drafted(payout: Payout) -> PayoutDraftOut:
    """What was written."""
    return PayoutDraftOut(
        id=payout.id,
        reference=payout.reference,
        status=payout.status,
        version=payout.version,
        **{name: getattr(payout, name) for name in FIGURES},
        lines=lines(payout),
        risk_flags=payout.risk_flags,
        calc_hash=payout.calc_hash.hex(),
    )


def tried(made: Made) -> PayoutDraftOut:
    """What would be written."""
    return PayoutDraftOut(
        **{name: getattr(made.figures, name) for name in FIGURES},
        lines=said(made.figures.lines, made.inputs),
        risk_flags=list(made.risks),
        calc_hash=fingerprint(made.inputs.as_json()).hex(),
    )


def said(found: Sequence[Line | PayoutLine], inputs: Inputs) -> list[PayoutLineOut]:
    """Lines in words, written or not."""
    return [PayoutLineOut.of(each) for each in explained(found, inputs)]


def run(row: PayoutRun) -> PayoutRunOut:
    """A run."""
    counts = {k: v for k, v in row.counts.items() if not k.endswith("_kobo")}
    totals = {k: v for k, v in row.counts.items() if k.endswith("_kobo")}
    errors = [{"contract_id": id_, **error} for id_, error in row.errors.items()]
    names = ("id", "hospital_ids", "started_by", "created_at", "finished_at")
    return PayoutRunOut(
        **{name: getattr(row, name) for name in names},
        period=f"{row.period:%Y-%m}",
        status=row.status,
        counts=counts,
        totals=totals,
        errors=[PayoutErrorOut(**error) for error in errors],
    )


def trial(period: date, found: Sequence[Made | Unready]) -> PayoutRunOut:
    """What a run would do."""
    made = [each for each in found if isinstance(each, Made)]
    unready = [each for each in found if isinstance(each, Unready)]
    sums = ("gross_kobo", "wht_kobo", "net_kobo")
    return PayoutRunOut(
        period=f"{period:%Y-%m}",
        status="dry_run",
        counts={"draftable": len(made), "failed": len(unready)},
        totals={name: sum(getattr(each.figures, name) for each in made) for name in sums},
        errors=[PayoutErrorOut.model_validate(each) for each in unready],
        tried=[PayoutTrialOut.of(each) for each in made],
    )


def _row(
    payout: Payout, owners: Mapping[UUID, str], hospitals: Mapping[UUID, str]
) -> dict[str, Any]:
    names = ("id", "reference", "kind", "status", "contract_id", "run_id", "version")
    days = ("period_start", "period_end", "due_on", "paid_at")
    return {
        **{name: getattr(payout, name) for name in (*names, *days, *FIGURES)},
        "owner": PayoutPartyOut(id=payout.owner_id, name=owners[payout.owner_id]),
        "hospital": PayoutPartyOut(id=payout.hospital_id, name=hospitals[payout.hospital_id]),
        "risk_flags": payout.risk_flags if call.scope.is_staff else [],
    }


def _names(found: Sequence[Payout]) -> tuple[dict[UUID, str], dict[UUID, str]]:
    owner_ids, hospital_ids = ({getattr(p, n) for p in found} for n in ("owner_id", "hospital_id"))
    owners = call.session.execute(select(Owner.id, Owner.name).where(Owner.id.in_(owner_ids)))
    places = select(Hospital.id, Hospital.name).where(Hospital.id.in_(hospital_ids))
    hospitals = call.session.execute(places)
    return {row.id: row.name for row in owners}, {row.id: row.name for row in hospitals}


def _history(payout_id: UUID) -> list[PayoutMoveOut]:
    before: PayoutStatus | None = None
    found = []
    for event in payouts.history(call.session, payout_id):
        actor = event.actor_name if call.scope.is_staff else "GrandPro"
        found.append(
            PayoutMoveOut(
                from_status=before,
                to_status=event.status,
                actor=actor,
                at=event.at,
                reason=event.reason,
            )
        )
        before = event.status
    return found


def _may(to: PayoutStatus) -> bool:
    return call.may(payouts.permission(to))
