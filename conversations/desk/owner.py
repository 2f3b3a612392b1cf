"""What owners ask of the house, told to whom the bank account's last digits have proven."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from conversations.desk import Answers, Desk, Outcome, owner_words
from conversations.desk.proof import is_known, is_locked, recognise, wrong
from crm import alerts, bank_accounts, contracts, payouts
from crm.kit.errors import NotFound
from crm.kit.paging import PageRequest
from crm.kit.permissions import Scope
from crm.models import ContractStatus, Hospital, Owner, Payout
from crm.payouts import money, months, notices

LINK_WORKS_FOR = timedelta(days=7)
_LIST = 6
_LINES = 6
_IN_A_NOTICE = ("account", "payout")
"""What a notice of a payout tells already, so the first answer to it needs no proof."""


def find_owner(desk: Desk, answers: Answers) -> Outcome:
    """Whether an owner speaks, still."""
    del answers
    return ("one" if _owner(desk) else "nobody"), None


def identify(desk: Desk, answers: Answers) -> Outcome:
    """Whether they have proven who they are, or need not for this."""
    owner = _known(desk)
    answers["of"] = str(owner.id)
    if is_known(desk, _whom(owner)):
        return "known", None
    if is_locked(desk, _whom(owner)):
        return "locked", None
    if answers["intent"] in _IN_A_NOTICE and (told := _just_told(desk, owner)):
        answers["told"] = str(told)
        return "known", None
    if bank_accounts.active(desk.session, owner.id) is None:
        return "no_account", None
    return "unknown", None


def check_digits(desk: Desk, answers: Answers) -> Outcome:
    """The last digits of the account that we pay into."""
    owner = _known(desk)
    account = bank_accounts.active(desk.session, owner.id)
    if account is None or account.number_last4 != answers.pop("digits"):
        return wrong(desk, _whom(owner))
    recognise(desk, _whom(owner))
    return "right", None


def find_account(desk: Desk, answers: Answers) -> Outcome:
    """What is on its way, what waits, what came last."""
    del answers
    account = payouts.account(desk.session, _known(desk).id)
    last = account.last
    return "found", {
        "sums": owner_words.sums(desk, account),
        "paid": owner_words.naira(last.net_kobo) if last else "",
        "day": owner_words.day_of(last.paid_at) if last else "",
        "period": money.period(last.period_start, last.period_end) if last else "",
    }


def find_contracts(desk: Desk, answers: Answers) -> Outcome:
    """What was agreed, contract by contract."""
    del answers
    owner = _known(desk)
    found = contracts.search(
        desk.session,
        scope=_own(owner),
        owner_id=owner.id,
        status=ContractStatus.ACTIVE,
        page=PageRequest(_LIST, None),
    ).items
    if not found:
        return "none", None
    places = contracts.places(desk.session, found)
    said = [owner_words.contract(desk, each, places[each.hospital_id]) for each in found]
    return "pages", owner_words.pages(desk, said)


def find_payouts(desk: Desk, answers: Answers) -> Outcome:
    """The payout they mean: the one shown, of their month, of the notice, or the newest."""
    owner = _known(desk)
    found = _meant(desk, owner, answers)
    if not found:
        return "none", None
    rows = _as_answers(desk, found)
    return ("one", rows[0]) if len(rows) == 1 else ("several", rows)


def find_pages(desk: Desk, answers: Answers) -> Outcome:
    """The payout line by line."""
    payout = _payout(desk, answers)
    return "pages", owner_words.pages(desk, owner_words.payout(desk, payout, answers["payout"]))


def find_statement(desk: Desk, answers: Answers) -> Outcome:
    """A link that opens without signing in, for a week."""
    payout = _payout(desk, answers)
    return "link", desk.links.statement(payout.id, until=desk.now + LINK_WORKS_FOR)


def find_lines(desk: Desk, answers: Answers) -> Outcome:
    """The lines one may say are wrong."""
    lines = payouts.lines(desk.session, _payout(desk, answers).id)[:_LINES]
    return "lines", [[line.label, f"NGN {money.naira(line.amount_kobo)}"] for line in lines]


def open_dispute(desk: Desk, answers: Answers) -> Outcome:
    """Finance is told, and a payout that is not approved yet waits."""
    whole = answers["line"] == "whole"
    payouts.dispute(
        desk.session,
        UUID(answers["payout"]["id"]),
        owner_id=_known(desk).id,
        line="the whole amount" if whole else answers["payout_lines"][int(answers["line"])][0],
        words=answers.pop("words"),
        now=desk.now,
    )
    return "opened", alerts.desk_of(desk.session, desk.talk).phone


# -- who ------------------------------------------------------------------------------------------


def _owner(desk: Desk) -> Owner | None:
    return next((each for each in desk.owners() if each.id == desk.talk.owner_id), None)


def _known(desk: Desk) -> Owner:
    """The owner who speaks; gone in the middle of a talk only when erased."""
    return desk.session.get_one(Owner, desk.talk.owner_id)


def _whom(owner: Owner) -> str:
    """What the proof is kept under: it is no proof for another owner of the same phone."""
    return f"owner-{owner.id}"


def _own(owner: Owner) -> Scope:
    return Scope(frozenset(), owner_id=owner.id)


def _just_told(desk: Desk, owner: Owner) -> UUID | None:
    """The payout of the notice they answer, when this is the first they say after it."""
    return notices.told_since(
        desk.session,
        owner.id,
        address_id=desk.talk.address_id,
        since=max(filter(None, (desk.talk.heard_at, desk.now - notices.FRESH))),
        now=desk.now,
    )


# -- which payout ---------------------------------------------------------------------------------


def _meant(desk: Desk, owner: Owner, answers: Answers) -> Sequence[Payout]:
    month, told = answers.get("month"), answers.pop("told", None)
    if "payout" in answers:
        with suppress(NotFound):  # the phone's other owner was shown it
            return [_payout(desk, answers)]
    if month is None and told is not None:
        return [payouts.get(desk.session, UUID(told), scope=_own(owner))]
    if month is None:
        found = _search(desk, owner, payouts.Filter())
        return found if answers["intent"] == "dispute" else _of_newest_month(found)
    first = date.fromisoformat(month)
    of_month = payouts.Filter(period_from=first, period_to=months.month_end(first))
    return _search(desk, owner, of_month)


def _search(desk: Desk, owner: Owner, wish: payouts.Filter) -> Sequence[Payout]:
    page = PageRequest(_LIST, None)
    return payouts.search(desk.session, wish, scope=_own(owner), page=page).items


def _of_newest_month(found: Sequence[Payout]) -> Sequence[Payout]:
    return [each for each in found if each.period_start == found[0].period_start]


def _payout(desk: Desk, answers: Answers) -> Payout:
    id_ = UUID(answers["payout"]["id"])
    return payouts.get(desk.session, id_, scope=_own(_known(desk)))


def _as_answers(desk: Desk, found: Sequence[Payout]) -> list[dict[str, Any]]:
    return [
        {
            "id": str(each.id),
            "period": money.period(each.period_start, each.period_end),
            "hospital": desk.session.get_one(Hospital, each.hospital_id).name,
            "net": owner_words.naira(each.net_kobo),
            "reference": each.reference,
        }
        for each in found
    ]
