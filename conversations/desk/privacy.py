"""What the talk about one's data asks of the house."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from conversations.desk import Answers, Desk, Outcome
from conversations.desk.members import itself, own_scope, patient, record
from crm import addresses, one_time_codes
from crm.kit.paging import PageRequest
from crm.models import (
    AccountKind,
    Address,
    CodePurpose,
    DataRequest,
    RequestKind,
    RequestStatus,
)
from crm.one_time_codes import MOST_TRIES, WrongCode
from crm.privacy import keeping, requests
from crm.privacy.requests import RequestClosed

LINK_WORKS_FOR = timedelta(days=7)
_MOST = 5


def find_data(desk: Desk, answers: Answers) -> Outcome:
    """How much is kept, and what was asked of it and not answered yet."""
    member = patient(desk, answers)
    counts = keeping.kept(desk.session, member.id)
    waiting = _requests(desk, answers, RequestStatus.OPEN)
    return "data", {
        "kept": dict(counts),
        "open": [_row(each) for each in waiting],
    }


def make_link(desk: Desk, answers: Answers) -> Outcome:
    """Where all of it can be had as a file, for a week, with a code that is sent here."""
    member = record(desk, answers)
    asked = requests.ask(desk.session, member, RequestKind.EXPORT, by=itself(member), now=desk.now)
    until = desk.now + LINK_WORKS_FOR
    link = desk.links.data(asked.id, desk.talk.address_id, until=until)
    return "link", {"link": link, "until": until.isoformat()}


def find_erasure(desk: Desk, answers: Answers) -> Outcome:
    """Whether it was asked before, or the law keeps the record for now."""
    member = record(desk, answers)
    waiting = _requests(desk, answers, RequestStatus.OPEN, RequestKind.ERASE)
    if waiting:
        return "asked_before", _row(waiting[0])
    if member.legal_hold:
        return "held", _row(_ask_erasure(desk, answers))
    return "possible", None


def send_code(desk: Desk, answers: Answers) -> Outcome:
    """Six digits to this very number; how many were wrong counts from here."""
    answers["wrong"] = 0
    address = desk.session.get_one(Address, desk.talk.address_id)
    challenge_id, _ = one_time_codes.send(
        desk.session,
        channel=address.channel,
        value=addresses.value_of(desk.session, address),
        kind=AccountKind.PATIENT,
        purpose=CodePurpose.ERASE,
        language=desk.language,
        now=desk.now,
    )
    return "sent", str(challenge_id)


def check_code(desk: Desk, answers: Answers) -> Outcome:
    """The right code writes the request down; five wrong ones end it."""
    try:
        challenge = one_time_codes.check(
            desk.session,
            UUID(answers["challenge"]),
            answers.pop("code"),
            purpose=CodePurpose.ERASE,
            now=desk.now,
        )
    except WrongCode:
        answers["wrong"] += 1
        is_dead = answers["wrong"] >= MOST_TRIES
        return ("dead" if is_dead else "wrong"), MOST_TRIES - answers["wrong"]
    one_time_codes.spend(desk.session, challenge, now=desk.now)
    return "right", _row(_ask_erasure(desk, answers))


def find_requests(desk: Desk, answers: Answers) -> Outcome:
    """What they asked of their data, and where it stands."""
    found = _requests(desk, answers)
    return ("requests", [_row(each) for each in found]) if found else ("no_requests", None)


def take_back(desk: Desk, answers: Answers) -> Outcome:
    """They want to stay after all."""
    member = patient(desk, answers)
    waiting = _requests(desk, answers, RequestStatus.OPEN, RequestKind.ERASE)
    if not waiting:
        return "no_requests", None
    try:
        requests.close(
            desk.session,
            waiting[0].id,
            RequestStatus.REFUSED,
            "The person took it back.",
            scope=own_scope(member),
            by=itself(member),
            now=desk.now,
        )
    except RequestClosed:
        return "no_requests", None
    return "done", None


def _ask_erasure(desk: Desk, answers: Answers) -> DataRequest:
    member = record(desk, answers)
    return requests.ask(desk.session, member, RequestKind.ERASE, by=itself(member), now=desk.now)


def _requests(
    desk: Desk,
    answers: Answers,
    status: RequestStatus | None = None,
    kind: RequestKind | None = None,
) -> list[DataRequest]:
    member = patient(desk, answers)
    found = requests.search(
        desk.session,
        scope=own_scope(member),
        page=PageRequest(_MOST),
        patient_id=member.id,
        status=status,
        kind=kind,
        now=desk.now,
    )
    return list(found.items)


def _row(request: DataRequest) -> dict[str, Any]:
    return {
        "kind": request.kind.value,
        "status": request.status.value,
        "asked_at": request.asked_at.isoformat(),
        "due_on": request.due_on.isoformat(),
    }
