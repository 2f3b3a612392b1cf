"""Drafting payouts, by hand and by the month; taking steps; files for the bank."""

from datetime import date
from uuid import UUID

import structlog
from flask import Response
from redis import RedisError
from sqlalchemy import event
from sqlalchemy.orm import Session

from crm import payouts
from crm.api.kit import (
    Data,
    Page,
    Query,
    a_file,
    also,
    call,
    expected_version,
    idempotent,
    needs,
    with_etag,
)
from crm.api.payouts import shaping
from crm.api.payouts.answers import (
    BankFileLeftOut,
    BankFileOut,
    PayoutDraftOut,
    PayoutMovedOut,
    PayoutOut,
    PayoutRunOut,
)
from crm.api.payouts.bodies import (
    BankFileBody,
    PayoutBody,
    PayoutChosen,
    PayoutMonthBody,
    PayoutMovesBody,
    PayoutStatusBody,
)
from crm.api.payouts.door import door
from crm.api.payouts.reading import month
from crm.kit.errors import DomainError
from crm.kit.permissions import Permission
from crm.models import PayoutRun, PayoutStatus
from crm.payouts import Step, bank_files, running, runs
from crm.payouts.bank_files import BankFile
from crm.payouts.runs import Wish

log = structlog.get_logger()


# -- by hand --------------------------------------------------------------------------------------


@door.post("/owners/payouts")
@needs(Permission.PAYOUTS_DRAFT)
@idempotent
@door.input(PayoutBody)
@door.output(Data[PayoutDraftOut], status_code=201)
@door.doc(responses=also(200, "What would be drafted", Data[PayoutDraftOut]))
def draft(json_data: PayoutBody) -> Data[PayoutDraftOut] | tuple[Data[PayoutDraftOut], int]:
    """Draft a payout by hand; with `dry_run` nothing is written and the answer is 200."""
    order = json_data.order()
    if json_data.dry_run:
        made = payouts.work_out(call.session, order, by=call.actor, now=call.now)
        return Data(data=shaping.tried(made)), 200
    payout = payouts.draft(call.session, order, by=call.actor, now=call.now)
    call.concerns("payout", payout.id, hospital_id=payout.hospital_id)
    return Data(data=shaping.drafted(payout))


@door.patch("/owners/payouts/<uuid:payout_id>/status")
@needs(Permission.PAYOUTS_MOVE)
@door.input(PayoutStatusBody)
@door.output(Data[PayoutOut])
def move(payout_id: UUID, json_data: PayoutStatusBody) -> Response:
    """Let a payout take a step; one that it has taken already changes nothing."""
    step = Step(
        to=json_data.to(),
        version=expected_version(json_data.version),
        **json_data.model_dump(include={"reason", "provider_reference", "paid_at", "failure_code"}),
    )
    payout = payouts.move(
        call.session,
        payout_id,
        step,
        by=call.actor,
        now=call.now,
        needs_second_factor=call.wiring.settings.require_totp,
    )
    call.concerns("payout", payout.id, hospital_id=payout.hospital_id)
    return with_etag(Data(data=shaping.whole(payout)).model_dump(mode="json"), payout.version)


@door.post("/owners/payouts/moves")
@needs(Permission.PAYOUTS_MOVE)
@idempotent
@door.input(PayoutMovesBody)
@door.output(Data[list[PayoutMovedOut]])
def move_many(json_data: PayoutMovesBody) -> Data[list[PayoutMovedOut]]:
    """Let many payouts take one step; each is taken or refused by itself."""
    return Data(data=[_move_one(chosen, json_data) for chosen in json_data.payouts])


def _move_one(chosen: PayoutChosen, asked: PayoutMovesBody) -> PayoutMovedOut:
    step = Step(to=PayoutStatus(asked.status), version=chosen.version, reason=asked.reason)
    try:
        with call.session.begin_nested():
            payout = payouts.move(
                call.session,
                chosen.id,
                step,
                by=call.actor,
                now=call.now,
                needs_second_factor=call.wiring.settings.require_totp,
            )
    except DomainError as refusal:
        return PayoutMovedOut(id=chosen.id, code=refusal.code, message=str(refusal))
    return PayoutMovedOut(id=payout.id, status=payout.status, version=payout.version)


# -- by the month ---------------------------------------------------------------------------------


@door.post("/owners/payouts/process-monthly")
@needs(Permission.PAYOUTS_DRAFT)
@door.input(PayoutMonthBody)
@door.output(Data[PayoutRunOut], status_code=202)
@door.doc(responses=also(200, "The run there was, or what it would do", Data[PayoutRunOut]))
def process_monthly(json_data: PayoutMonthBody) -> tuple[Data[PayoutRunOut], int]:
    """Draft a month. Called again, it drafts what is missing and tries again what failed.

    A small house is done when the answer comes (202 the first time, then 200); of a large one the
    first contracts are, and a worker goes on: ask for the run by its id.
    """
    asked = runs.wish(
        call.scope, hospital_ids=json_data.hospital_ids, contract_ids=json_data.contract_ids
    )
    period = month(json_data.period)
    if json_data.dry_run:
        return _tried(asked, period), 200
    run, is_new = runs.begin(call.session, asked, period=period, by=call.actor, now=call.now)
    _begin(run, json_data)
    call.concerns("payout_run", run.id)
    return Data(data=shaping.run(run)), 202 if is_new else 200


def _tried(asked: Wish, period: date) -> Data[PayoutRunOut]:
    found = running.preview(call.session, asked, period=period, now=call.now)
    return Data(data=shaping.trial(period, list(found)))


def _begin(run: PayoutRun, asked: PayoutMonthBody) -> None:
    """The first contracts at once, the rest by a worker when this is committed."""
    left = asked.force_recalculate and running.recalculate(
        call.session, run, by=call.actor, now=call.now
    )
    if not left:
        left = running.advance(
            call.session, run, by=call.actor, now=call.now, submits=asked.auto_submit
        )
    if left:
        _leave_to_worker(run.id, asked)


def _leave_to_worker(run_id: UUID, asked: PayoutMonthBody) -> None:
    jobs, by_id = call.wiring.jobs, str(call.actor.id or "")

    def ask(_: Session) -> None:
        try:
            jobs.queue("bulk").enqueue(
                "workers.payouts.go_on",
                str(run_id),
                by_id,
                submits=asked.auto_submit,
                recalculates=asked.force_recalculate,
            )
        except RedisError as error:  # the beat that looks for cut-off runs finds it
            log.warning("payout_run.not_asked", run=str(run_id), error=type(error).__name__)

    event.listen(call.session, "after_commit", ask, once=True)


@door.get("/owners/payouts/runs")
@needs(Permission.PAYOUTS_READ)
@door.input(Query, location="query")
@door.output(Page[PayoutRunOut])
def list_runs(query_data: Query) -> Page[PayoutRunOut]:
    """The monthly runs of one's hospitals, the newest month first."""
    found = runs.search(call.session, scope=call.scope, page=query_data.page())
    return Page[PayoutRunOut].of(found, shaping.run)


@door.get("/owners/payouts/runs/<uuid:run_id>")
@needs(Permission.PAYOUTS_READ)
@door.output(Data[PayoutRunOut])
def show_run(run_id: UUID) -> Data[PayoutRunOut]:
    """One monthly run: how far it is, and what could not be drafted."""
    return Data(data=shaping.run(runs.get(call.session, run_id, scope=call.scope)))


# -- for the bank ---------------------------------------------------------------------------------


@door.post("/owners/payouts/bank-file")
@needs(Permission.PAYOUTS_MOVE)
@idempotent
@door.input(BankFileBody)
@door.output(Data[BankFileOut], status_code=201)
def make_bank_file(json_data: BankFileBody) -> Data[BankFileOut]:
    """Put what was approved into a file for the bank and send it on its way.

    The file itself is at `path`. Left out is what has no safe account by now.
    """
    file = bank_files.make(
        call.session,
        run_id=json_data.run_id,
        payout_ids=json_data.payout_ids,
        by=call.actor,
        now=call.now,
    )
    return Data(data=_bank_file(file))


@door.get("/owners/payouts/bank-files/<string:reference>.csv")
@needs(Permission.PAYOUTS_MOVE)
@door.doc(responses=a_file("text/csv"))
def read_bank_file(reference: str) -> Response:
    """A file for the bank, with its control total and SHA-256 in the headers."""
    file = bank_files.read(call.session, reference, scope=call.scope)
    answer = Response(file.text, content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{reference}.csv"'
    answer.headers["X-Control-Total-Kobo"] = str(file.control_total_kobo)
    answer.headers["X-Content-SHA256"] = file.sha256
    return answer


def _bank_file(file: BankFile) -> BankFileOut:
    return BankFileOut(
        reference=file.reference,
        count=file.count,
        control_total_kobo=file.control_total_kobo,
        sha256=file.sha256,
        left_out=[BankFileLeftOut.model_validate(each) for each in file.left_out],
        path=f"/api/crm/owners/payouts/bank-files/{file.reference}.csv",
    )
