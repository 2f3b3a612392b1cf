"""Listing and showing payouts, their statements, and what to look at before approval."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from flask import Response

from crm import payouts
from crm.api.kit import Data, Page, a_file, call, csv_answer, needs, with_etag
from crm.api.payouts import shaping
from crm.api.payouts.answers import (
    PayoutCheckOut,
    PayoutExceptionsOut,
    PayoutLineOut,
    PayoutMissingOut,
    PayoutOut,
    PayoutPartyOut,
    PayoutRowOut,
)
from crm.api.payouts.bodies import PayoutExceptionsQuery, PayoutFilter
from crm.api.payouts.door import door
from crm.kit.errors import NotFound
from crm.kit.paging import Found
from crm.kit.permissions import Permission
from crm.models import Payout
from crm.payouts import Inputs, exceptions, months, statements
from crm.payouts.exceptions import NotDrafted
from crm.payouts.money import plain

_HEADER = (
    "reference",
    "kind",
    "status",
    "owner",
    "hospital",
    "period_start",
    "period_end",
    "gross_naira",
    "deductions_naira",
    "wht_naira",
    "net_naira",
    "due_on",
    "paid_at",
    "risk_flags",
)


@door.get("/owners/payouts")
@needs(Permission.PAYOUTS_READ)
@door.input(PayoutFilter, location="query")
@door.output(Page[PayoutRowOut])
@door.doc(responses=a_file("text/csv"))
def index(query_data: PayoutFilter) -> Page[PayoutRowOut] | Response:
    """The payouts one may see, the newest period first; `meta.totals` is of all that match."""
    wish = query_data.wish()
    if query_data.format == "csv":
        found = payouts.everything(call.session, wish, scope=call.scope)
        return csv_answer("payouts.csv", _HEADER, map(_cells, shaping.rows(found)))
    page = payouts.search(call.session, wish, scope=call.scope, page=query_data.page())
    shown = Found(shaping.rows(page.items), page.next_cursor)
    totals = payouts.totals(call.session, wish, scope=call.scope)
    sums = {"count": totals.count, **totals.figures, "by_status": totals.by_status}
    return Page[PayoutRowOut].of(shown, lambda row: row, totals=sums)


@door.get("/owners/payouts/<uuid:payout_id>")
@needs(Permission.PAYOUTS_READ)
@door.output(Data[PayoutOut])
def show(payout_id: UUID) -> Response:
    """One payout with its lines in words, its history and what may become of it."""
    payout = found(payout_id)
    return with_etag(Data(data=shaping.whole(payout)).model_dump(mode="json"), payout.version)


@door.get("/owners/payouts/<uuid:payout_id>/lines")
@needs(Permission.PAYOUTS_READ)
@door.output(Data[list[PayoutLineOut]])
def lines(payout_id: UUID) -> Data[list[PayoutLineOut]]:
    """Every step of the computation, in words; the amounts add up to the net."""
    return Data(data=shaping.lines(found(payout_id)))


@door.get("/owners/payouts/<uuid:payout_id>/recompute")
@needs(Permission.PAYOUTS_READ)
@door.output(Data[PayoutCheckOut])
def recompute(payout_id: UUID) -> Data[PayoutCheckOut]:
    """Work the payout out again and compare; writes nothing."""
    payout = found(payout_id)
    check = payouts.recompute(call.session, payout)
    names = ("is_sound", "has_same_hash", "has_same_lines", "has_same_figures", "is_current")
    shown = PayoutCheckOut(
        **{name: getattr(check, name) for name in names},
        calc_hash=check.kept_hash.hex(),
        recomputed_hash=check.hash.hex(),
        lines=shaping.said(check.lines, Inputs.from_json(payout.calc_snapshot)),
    )
    return Data(data=shown)


@door.get("/owners/payouts/<uuid:payout_id>/statement.pdf")
@needs(Permission.PAYOUTS_READ)
@door.doc(responses=a_file("application/pdf", format="binary"))
def statement_pdf(payout_id: UUID) -> Response:
    """The owner's statement, to print."""
    from crm.payouts.statements.pdf import pdf  # noqa: PLC0415 -- half a second, when first asked

    statement = statements.build(call.session, found(payout_id))
    answer = Response(pdf(statement), content_type="application/pdf")
    answer.headers["Content-Disposition"] = f'attachment; filename="{statement.reference}.pdf"'
    return answer


@door.get("/owners/payouts/<uuid:payout_id>/statement.csv")
@needs(Permission.PAYOUTS_READ)
@door.doc(responses=a_file("text/csv"))
def statement_csv(payout_id: UUID) -> Response:
    """The owner's statement, for a spreadsheet."""
    statement = statements.build(call.session, found(payout_id))
    rows = statements.rows(statement)
    return csv_answer(f"{statement.reference}.csv", statements.HEADER, rows)


@door.get("/owners/payouts/exceptions")
@needs(Permission.PAYOUTS_READ)
@door.input(PayoutExceptionsQuery, location="query")
@door.output(Data[PayoutExceptionsOut])
def unusual(query_data: PayoutExceptionsQuery) -> Data[PayoutExceptionsOut]:
    """What is flagged in a month, and which contracts have no payout for it, and why."""
    if not call.scope.is_staff:
        raise NotFound("This is the house's affair.")
    period = month(query_data.period)
    found = exceptions.of_month(call.session, period=period, scope=call.scope)
    shown = PayoutExceptionsOut(
        period=f"{period:%Y-%m}",
        flags=dict(found.flags),
        flagged=shaping.rows(found.flagged),
        not_drafted=[_not_drafted(each) for each in found.not_drafted],
    )
    return Data(data=shown)


def found(payout_id: UUID) -> Payout:
    """The payout of this request, noted for the audit."""
    payout = payouts.get(call.session, payout_id, scope=call.scope)
    call.concerns("payout", payout.id, hospital_id=payout.hospital_id)
    return payout


def month(text: str | None) -> date:
    """The first day of `YYYY-MM`, or of the month before."""
    return date.fromisoformat(f"{text}-01") if text else months.last_month(call.now)


def _not_drafted(each: NotDrafted) -> PayoutMissingOut:
    return PayoutMissingOut(
        contract_id=each.contract_id,
        hospital_id=each.hospital_id,
        owner=PayoutPartyOut(id=each.owner_id, name=each.owner_name),
        code=each.code,
        message=each.message,
    )


def _cells(row: PayoutRowOut) -> Sequence[Any]:
    money = (row.gross_kobo, row.deductions_kobo, row.wht_kobo, row.net_kobo)
    return (
        row.reference,
        row.kind.value,
        row.status.value,
        row.owner.name,
        row.hospital.name,
        row.period_start.isoformat(),
        row.period_end.isoformat(),
        *(plain(kobo) for kobo in money),
        row.due_on.isoformat(),
        row.paid_at and row.paid_at.isoformat(),
        " ".join(row.risk_flags),
    )
