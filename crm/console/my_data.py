"""Where the link to one's data leads: a GET only shows, a POST sends a code or spends it.

The link alone opens nothing: it may have been passed on, or read over a shoulder.
"""

import json
from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, abort, current_app, request
from sqlalchemy.orm import Session

from bot.wiring import Wiring
from crm import addresses, audit, one_time_codes, patients, privacy
from crm.audit import Act
from crm.console.drawing import draw_in, explain_dead_links
from crm.kit.errors import Gone, NotFound
from crm.kit.permissions import Actor, Kind, Role, Scope
from crm.kit.tokens import DataLink
from crm.models import AccountKind, Address, CodePurpose, DataRequest, Patient
from crm.one_time_codes import WrongCode

pages = Blueprint("my_data", __name__, template_folder="templates")

explain_dead_links(pages)


@pages.get("/my-data/<token>")
def ask(token: str) -> Response:
    """Say what is here; 404 for a link we did not make, 410 for one that has ended."""
    wiring = _wiring()
    link = wiring.links.read_data(token) or abort(404)
    with wiring.transaction() as session:
        language = patients.language_of(session, link.address_id)
    if link.until <= wiring.now():
        return _page(language, HTTPStatus.GONE, is_over=True)
    return _page(language)


@pages.post("/my-data/<token>")
def give(token: str) -> Response:
    """Send a code to where the link was asked for; with the code, give the file."""
    wiring = _wiring()
    link = wiring.links.read_data(token) or abort(404)
    challenge = _read_id(request.form.get("challenge", ""))
    with wiring.transaction() as session:
        language = patients.language_of(session, link.address_id)
        if link.until <= wiring.now():
            return _page(language, HTTPStatus.GONE, is_over=True)
        patient = _patient(session, link)
        if challenge is None:
            return _page(language, challenge=_send(session, link, patient, wiring))
        try:
            data = _spent(session, link, patient, challenge, wiring)
        except WrongCode:  # the try has counted, so the transaction ends as it stands
            return _page(language, HTTPStatus.UNAUTHORIZED, challenge=challenge, is_wrong=True)
    return _file(data)


def _patient(session: Session, link: DataLink) -> Patient:
    """Whose data it is; gone when they were erased, or when the phone speaks for them no more."""
    asked = session.get(DataRequest, link.request_id) or abort(404)
    try:
        patient = patients.get(session, asked.patient_id, scope=_own(asked.patient_id))
    except NotFound:
        abort(404)
    except Gone:
        abort(410)
    speaking = {address.id for address, _ in patients.addresses_of(session, patient.id)}
    return patient if link.address_id in speaking else abort(410)


def _own(patient_id: UUID) -> Scope:
    return Scope(frozenset(), patient_id=patient_id)


def _send(session: Session, link: DataLink, patient: Patient, wiring: Wiring) -> UUID:
    address = session.get(Address, link.address_id) or abort(404)
    challenge_id, _ = one_time_codes.send(
        session,
        channel=address.channel,
        value=addresses.value_of(session, address),
        kind=AccountKind.PATIENT,
        purpose=CodePurpose.EXPORT,
        language=patient.language,
        now=wiring.now(),
    )
    return challenge_id


def _spent(
    session: Session, link: DataLink, patient: Patient, challenge_id: UUID, wiring: Wiring
) -> dict[str, Any]:
    """Everything, for the right code that went to the link's own address. Raises WrongCode."""
    now = wiring.now()
    typed = "".join(filter(str.isdecimal, request.form.get("code", "")))[:6]
    challenge = one_time_codes.check(
        session, challenge_id, typed, purpose=CodePurpose.EXPORT, now=now
    )
    if challenge.address_id != link.address_id:
        raise WrongCode("That code is not right, or it has expired.")
    one_time_codes.spend(session, challenge, now=now)
    by = Actor(Kind.PATIENT, patient.id, patient.first_name, ((Role.PATIENT, None),))
    data = privacy.export(session, patient.id, scope=_own(patient.id), by=by, now=now)
    act = Act(actor=by, action="my_data.export", entity="patient", entity_id=patient.id)
    audit.record(session, act, now=now)
    return data


def _file(data: dict[str, Any]) -> Response:
    answer = Response(json.dumps(data, ensure_ascii=False, indent=2), mimetype="application/json")
    answer.headers["Content-Disposition"] = 'attachment; filename="my-grandpro-data.json"'
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


def _page(
    language: str,
    status: int = HTTPStatus.OK,
    *,
    challenge: UUID | None = None,
    is_wrong: bool = False,
    is_over: bool = False,
) -> Response:
    facts = {"challenge": challenge, "is_wrong": is_wrong, "is_over": is_over}
    return draw_in(language, "data_page", "my_data.html", status, **facts)


def _read_id(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        abort(400)


def _wiring() -> Wiring:
    wiring: Wiring = current_app.extensions["wiring"]
    return wiring
