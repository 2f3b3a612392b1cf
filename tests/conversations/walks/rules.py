"""What must hold after every turn of a walk, whatever was said."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from uuid import UUID

from psycopg import Connection
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from bot import texts
from conversations.dialogues import DIALOGUES
from crm import addresses
from crm.inbox import BODY
from crm.kit.crypto import Vault
from crm.kit.ids import uuid7_floor
from crm.loyalty import invariants
from crm.models import Answering
from crm.outbox import Body, unseal
from tests.conversations.walks.house import Phone

LONGEST = 1600
"""Letters that a carrier takes as one message."""
LEDGER = frozenset(
    line
    for line in (Path(__file__).parents[3] / "conversations/states.txt").read_text().splitlines()
    if not line.startswith("#")
)
PROMISES: Mapping[str, tuple[str, ...]] = {
    "booked": (
        "booking.booked",
        "booking.moved",
        "waitlist.accepted",
        "waitlist.brought_forward",
    ),
    "cancelled": (
        "booking.moved",
        "waitlist.brought_forward",
        "appointments.cancelled",
        "reminder.cancelled",
    ),
    "redeemed": ("rewards.redeemed", "rewards.waits"),
    "returned": ("codes.returned",),
    "disputes": ("owner.disputed",),
    "registered": ("registration.registered", "registration.registered_for"),
    "erasures": ("privacy.asked",),
    "waits": ("waitlist.joined",),
}
"""What may be counted in the records, and the texts that say that one more is there."""
_FEWER, _MORE = ("disputes",), ("registered",)
"""A payout is disputed once, whatever is added; with a child comes a guardian, written down too."""

_LOOK = """
select c.id, a.id as address_id, c.dialogue, c.state, c.answering,
    exists (
        select from suppressions s where s.address_id = a.id and s.lifted_at is null
    ) as is_suppressed,
    (select count(*) from appointments where status = 'booked'
        or status = 'cancelled' and cancel_reason <> 'hold ended') as booked,
    (select count(*) from appointments where status = 'cancelled'
        and cancel_reason <> 'hold ended') as cancelled,
    (select count(*) from reward_redemptions) as redeemed,
    (select count(*) from reward_redemptions where status = 'cancelled') as returned,
    (select count(*) from follow_ups where severity = 'dispute') as disputes,
    (select count(*) from address_holders h where h.address_id = a.id) as registered,
    (select count(*) from data_requests where kind = 'erase') as erasures,
    (select count(*) from waitlist_entries) as waits,
    (select count(*) from loyalty_transactions) as movements,
    (select count(*) from loyalty_points where available < 0) as overdrawn,
    (select count(*) from (
        select from data_requests where status = 'open' group by patient_id, kind
        having count(*) > 1
    ) asked) as asked_twice,
    (select count(*) from patient_feedback) - (
        select count(*) from feedback_invitations where answered_at is not null
    ) as rated_unasked,
    (select count(*) from owner_satisfaction) - (
        select count(*) from owner_survey_invitations where answered_at is not null
    ) as surveyed_unasked,
    (select count(*) from appointments where status = 'pending') as held,
    (select count(*) from owner_payouts
        where status not in ('approved', 'pending_approval', 'on_hold')) as moved_payouts
from (select 1) one
left join addresses a on a.channel = %(channel)s and a.value_index = %(value_index)s
left join conversations c on c.address_id = a.id
"""
_SAID = """
select id, direction, status, purpose, provider_id, conversation_id, sent_by, body_sealed
from messages where address_id = %(address)s and id > %(since)s order by id
"""
_OVERLAPS = text("""
select count(*) from appointments a join appointments b
    on a.id < b.id and a.during && b.during and (
        a.patient_id = b.patient_id
        or a.practitioner_id = b.practitioner_id and a.clinic_session_id is null
    )
where a.status in ('pending', 'booked', 'checked-in', 'arrived')
    and b.status in ('pending', 'booked', 'checked-in', 'arrived')
""")
_NEVER = ("overdrawn", "asked_twice", "moved_payouts")
_OTHERS = ("movements", "held", "rated_unasked", "surveyed_unasked")


@dataclass(slots=True)
class Seen:
    """The talk and the records at one moment, and what was said since the moment before."""

    counts: dict[str, int]
    conversation_id: UUID | None = None
    address_id: UUID | None = None
    dialogue: str | None = None
    state: str | None = None
    answering: str = Answering.BOT
    is_suppressed: bool = False
    heard: list[dict] = field(default_factory=list)
    """Bodies of what came in."""
    replies: list[Body] = field(default_factory=list)
    unsent: list[str] = field(default_factory=list)
    """Status of each reply that does not wait to be sent."""
    codes: list[str] = field(default_factory=list)
    """One-time codes sent beside the talk."""

    @property
    def stands_at(self) -> str:
        return f"{self.dialogue}.{self.state}"

    @property
    def played(self) -> set[str]:
        """The talks that asked the house something."""
        asked = (each for body in self.heard for each in body.get("house", ()))
        return {each["asked"].partition(".")[0] for each in asked}


class Watch:
    """Looks at one phone's talk and at all records."""

    def __init__(self, phone: Phone, eye: Connection, vault: Vault) -> None:
        self._eye, self._vault = eye, vault
        index = addresses.index_of(vault, phone.number)
        self._asked = {"channel": phone.channel.value, "value_index": index}
        self._known: set[UUID] = set()
        self._provider_ids: set[str] = set()

    def look(self, *, since: datetime) -> Seen:
        """All there is to see; of messages those written since a moment of the machine's clock."""
        row = self._eye.execute(_LOOK, self._asked).fetchone()
        seen = Seen({name: row[name] for name in (*PROMISES, *_NEVER, *_OTHERS)})
        seen.address_id, seen.conversation_id = row["address_id"], row["id"]
        if seen.conversation_id is None:
            return seen
        seen.dialogue, seen.state, seen.answering = row["dialogue"], row["state"], row["answering"]
        seen.is_suppressed = row["is_suppressed"]
        self._read(seen, since)
        return seen

    def _read(self, seen: Seen, since: datetime) -> None:
        """What was said; each message that came in is there once, and answered."""
        asked = {"address": seen.address_id, "since": uuid7_floor(since)}
        for row in self._eye.execute(_SAID, asked):
            id_ = row["id"]
            if id_ in self._known or row["body_sealed"] is None:
                continue
            self._known.add(id_)
            if row["direction"] == "in":
                assert row["status"] == "answered", "a turn failed"
                assert row["provider_id"] not in self._provider_ids, "taken in twice"
                self._provider_ids.add(row["provider_id"])
                body = self._vault.open(row["body_sealed"], where=BODY, row=id_)
                seen.heard.append(json.loads(body))
            elif row["purpose"] == "reply" and not row["sent_by"]:
                self._hear(seen, row, unseal(self._vault, row["body_sealed"], row=id_))

    def _hear(self, seen: Seen, row: dict, body: Body) -> None:
        if not row["conversation_id"]:
            seen.codes.append(body.text[:6])
            return
        seen.replies.append(body)
        if row["status"] != "queued":
            seen.unsent.append(row["status"])


def just_now() -> datetime:
    """A moment of the machine's clock that is surely before what follows."""
    return datetime.now(UTC) - timedelta(milliseconds=2)


def check(
    sessions: sessionmaker[Session], before: Seen, after: Seen, *, messages: int, answers: set[int]
) -> None:
    """One turn, or two at once: `messages` are new, and so many `answers` are allowed."""
    assert len(after.heard) == messages, f"{len(after.heard)} of {messages} were taken in"
    assert len(after.replies) in answers, f"{len(after.replies)} replies, not {sorted(answers)}"
    assert not after.unsent or before.is_suppressed or after.is_suppressed, after.unsent
    _check_where(after)
    for name in _NEVER:
        assert after.counts[name] == 0, f"{name}: {after.counts[name]}"
    for name in ("rated_unasked", "surveyed_unasked"):
        assert after.counts[name] <= before.counts[name], name
    for body in after.replies:
        _check_words(body)
    _check_promises(before, after)
    if any(after.counts[name] != before.counts[name] for name in ("booked", "held", "movements")):
        with sessions() as session:
            assert session.scalar(_OVERLAPS) == 0, "in two places at once"
            assert not invariants.broken(session)


def _check_where(after: Seen) -> None:
    """A question that can be answered, in the ledger, or none at all."""
    if after.dialogue is None:
        assert after.state is None
        return
    script = DIALOGUES[after.dialogue]
    assert after.state in script.hears.keys() - script.house, after.stands_at
    assert after.stands_at in LEDGER, f"{after.stands_at} is not in the ledger"


def _check_words(body: Body) -> None:
    assert body.text.strip(), "a reply without words"
    assert len(body.text) <= LONGEST, f"a reply of {len(body.text)} letters"
    ids = [option.id for option in body.options]
    assert len(ids) == len(set(ids)), f"two options of one name: {ids}"
    assert all(option.label.strip() for option in body.options), "an option without a label"
    assert len(ids) <= 10, f"{len(ids)} options"


def _check_promises(before: Seen, after: Seen) -> None:
    """What is said to be done is done, once, and nothing is done that is not said."""
    for name in PROMISES:
        done = after.counts[name] - before.counts[name]
        said = sum(_promised(name, body.text) for body in after.replies)
        least, most = said * (name not in _FEWER), said * (1 + (name in _MORE))
        assert least <= done <= most, f"{name}: {done} done, {said} said"


def _promised(name: str, words: str) -> int:
    return sum(1 for _ in _promise(name).finditer(words))


@cache
def _promise(name: str) -> re.Pattern[str]:
    """Any of the texts that say so, in every language and on every channel."""
    wordings = {
        wording
        for _, section, key, by_channel in texts.keys()  # noqa: SIM118 -- it is no mapping
        if f"{section}.{key}" in PROMISES[name]
        for wording in by_channel.values()
    }
    longest_first = sorted(wordings, key=len, reverse=True)
    return re.compile("|".join(map(_as_pattern, longest_first)))


def _as_pattern(wording: str) -> str:
    parts = re.split(r"\{\w+\}", wording)
    return r"[^\n]*?".join(map(re.escape, parts))
