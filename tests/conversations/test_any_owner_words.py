"""Whatever an owner writes or presses: one answer, a known question, no figure without a proof.

`ANY_WORDS=500` walks that many walks instead of a few; `ANY_WORDS_SEED` walks the same ones again.
"""

import json
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.channels.carrier import Channel
from conversations.dialogues import DIALOGUES
from conversations.engine import take_turn
from conversations.said import Said
from crm import addresses, owners, patients, satisfaction
from crm.inbox import CONTEXT
from crm.kit.permissions import Role
from crm.models import (
    Conversation,
    FollowUp,
    HolderRole,
    Message,
    OwnerSatisfaction,
    OwnerSurvey,
    Payout,
    PayoutStatus,
    Purpose,
    Severity,
)
from crm.outbox import Body, unseal
from tests.conversations.test_any_words import FOREIGN, HOUSE, SEED, WALKS
from tests.crm.estate import a_contract, an_owner, hospital, staff
from tests.crm.payroll import LONG_AGO, an_account, earn, run_month
from tests.stack import BORN_ON, SUNDAY_MORNING

NUMBER = "+2349140000041"
DIGITS = "4321"
WORDS = (
    """
bal|balance|payout|payout oct|payouts sept|contract|statement|statement october|dispute|help|menu
0|back|hi|thanks|person|stop|start|english|pidgin|1|2|3|4|5|6|8|9|4321|1234|0000|0123454321|four
very good|e no good|excellent|i no happy|skip|nothing|yes|no|book|book a visit|points|complain
my appointments|the amount is wrong|the money no complete|only half of it came|chest pain|zuma
whole amount|october|how my money dey|wetin be my share|as owner|my visits|tomorrow 3pm|next page
""".replace("\n", "|")
    .strip("|")
    .split("|")
)
ANSWERS = {
    "ask_digits": DIGITS,
    "ask_wrong": "one day is missing",
    "ask_comment": "Pay us on the first",
}
WISHES = ["payout", "bal", "statement", "dispute", "contract"]
GAPS = [timedelta(0)] * 24 + [timedelta(minutes=m) for m in (2, 40, 13 * 60, 6 * 24 * 60)]
NAIRA, PROOF = "NGN ", timedelta(hours=12)

leading_on = st.tuples(st.just("lead on"), st.sampled_from([0, 0, 1, 2, 3, 4, 5]))
known_words = st.tuples(st.just("say"), st.sampled_from(WORDS))
surprises = [
    st.tuples(st.just("say"), st.text(max_size=60)),
    st.tuples(st.just("press old"), st.integers(0, 60)),
    st.tuples(st.just("press"), st.sampled_from([*FOREIGN, "v1|survey|zz|1"])),
    st.just(("repeat", None)),
]
acts = st.sampled_from([leading_on] * 7 + [known_words] * 5 + surprises).flatmap(lambda act: act)
walks = st.lists(st.tuples(st.sampled_from(GAPS), acts), min_size=10, max_size=22)


@seed(SEED)
@settings(
    max_examples=WALKS,
    deadline=None,
    database=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)
@given(
    walk=walks,
    channel=st.sampled_from([Channel.WHATSAPP, Channel.SMS]),
    roles=st.sampled_from(["owner", "owner", "two owners", "patient too"]),
    is_surveyed=st.booleans(),
)
def test_any_walk_of_an_owner_is_answered_and_tells_no_figure_without_proof(
    sessions, walk, channel, roles, is_surveyed
):
    print(f"ANY_WORDS_SEED={SEED}")  # noqa: T201 -- pytest shows it when a walk fails
    with sessions() as session:
        contact = Contact(session, channel, roles, is_surveyed=is_surveyed)
        for gap, act in walk:
            contact.wait(gap)
            contact.do(*act)
        session.rollback()


class Contact:
    """An owner at the house; after each of their turns everything must be in order."""

    def __init__(
        self, session: Session, channel: Channel, roles: str, *, is_surveyed: bool
    ) -> None:
        self.session, self.channel, self.now = session, channel, SUNDAY_MORNING
        self.last: Said | None = None
        self.shown: list[str] = []
        self.newest: list[str] = []
        self.turns = 0
        self.address_id = addresses.find_or_make(session, channel, NUMBER, now=self.now).id
        self._own("Chief Danladi", "IKJ")
        if roles == "two owners":
            self._own("Zuma Holdings", "WUS")
        if roles == "patient too":
            self._be_patient()
        self._earn()
        if is_surveyed:
            period = satisfaction.current(self.now)
            satisfaction.invite_owners(session, period=period, now=self.now)
            self._ask()

    def wait(self, gap: timedelta) -> None:
        """Let time pass, and the timer strike that asks and nudges."""
        if gap:
            self.now += gap
            self._ask()

    def do(self, act: str, what: object) -> None:
        said = self._said(act, what)
        disputes, heard_at = self._disputes(), self._talk().heard_at
        reply_id = take_turn(self.session, said, HOUSE, now=self.now)
        if act == "repeat" and said is self.last:
            assert reply_id is None
        else:
            self._check_reply(reply_id, disputes, heard_at)
        self._check_state()
        self._check_rows()
        self.last = said

    def _said(self, act: str, what: object) -> Said:
        if act == "repeat" and self.last:
            return self.last
        if act == "lead on":
            return self._lead_on(int(str(what)))
        if act == "press old" and self.shown:
            return self._new(payload=self.shown[int(str(what)) % len(self.shown)])
        return self._new(payload=str(what)) if act == "press" else self._new(str(what or "hm"))

    def _lead_on(self, number: int) -> Said:
        if self.newest:
            chosen = number % len(self.newest)
            if self.channel is Channel.SMS:
                return self._new(str(chosen + 1))
            return self._new(payload=self.newest[chosen])
        wish = WISHES[number % len(WISHES)]
        return self._new(ANSWERS.get(self._talk().state or "", wish) if self.turns else wish)

    def _new(self, words: str = "", payload: str = "") -> Said:
        return Said("twilio", f"SM{uuid4().hex}", self.channel, NUMBER, words, payload)

    def _check_reply(self, reply_id: UUID | None, disputes: int, heard_at: datetime | None) -> None:
        assert reply_id is not None, "silence"
        self.turns += 1
        assert self._replies() == self.turns
        body = self._body(reply_id)
        self.newest = [option.id for option in body.options]
        self.shown += self.newest
        opened = "Finance knows" in body.text or "Finance don hear" in body.text
        assert opened or self._disputes() == disputes
        assert NAIRA not in body.text or self._may_know(heard_at)
        assert body.text.strip()

    def _may_know(self, heard_at: datetime | None) -> bool:
        """Proven lately, or this is the first they say after a notice."""
        proofs = [until for key, until in self._context().items() if key.endswith("_until")]
        is_proven = any(until > (self.now - PROOF).isoformat() for until in proofs)
        told = select(func.count()).where(
            Message.purpose == Purpose.NOTICE,
            Message.about_id.is_not(None),
            Message.due_at > heard_at,
            Message.due_at <= self.now,
        )
        return is_proven or bool(heard_at and self.session.scalar(told))

    def _check_state(self) -> None:
        talk = self._talk()
        if talk.dialogue is None:
            assert talk.state is None
        else:
            script = DIALOGUES[talk.dialogue]
            assert talk.state in script.hears.keys() - script.house

    def _check_rows(self) -> None:
        """One row for each survey, one open dispute for each payout, and paid stays paid."""
        count = self.session.scalar
        surveys = count(select(func.count()).select_from(OwnerSurvey))
        assert (count(select(func.count()).select_from(OwnerSatisfaction)) or 0) <= (surveys or 0)
        assert self._disputes() <= (count(select(func.count()).select_from(Payout)) or 0)
        moved = select(func.count()).where(
            Payout.status.not_in([PayoutStatus.APPROVED, PayoutStatus.PENDING_APPROVAL]),
            Payout.status != PayoutStatus.ON_HOLD,
        )
        assert count(moved) == 0

    def _talk(self) -> Conversation:
        query = select(Conversation).where(Conversation.address_id == self.address_id)
        found = self.session.scalars(query.execution_options(populate_existing=True)).one_or_none()
        return found or Conversation(address_id=self.address_id)

    def _context(self) -> dict[str, str]:
        talk = self._talk()
        vault = self.session.info["vault"]
        sealed = talk.context_sealed
        return json.loads(vault.open(sealed, where=CONTEXT, row=talk.id)) if sealed else {}

    def _disputes(self) -> int:
        of_payouts = select(func.count()).where(FollowUp.severity == Severity.DISPUTE)
        return self.session.scalar(of_payouts) or 0

    def _replies(self) -> int:
        mine = (Message.address_id == self.address_id, Message.purpose == Purpose.REPLY)
        query = select(func.count()).where(*mine, Message.direction == "out")
        return self.session.scalar(query) or 0

    def _body(self, message_id: UUID) -> Body:
        message = self.session.get_one(Message, message_id)
        assert message.body_sealed
        return unseal(self.session.info["vault"], message.body_sealed, row=message_id)

    def _ask(self) -> None:
        satisfaction.post_due(self.session, now=self.now)
        satisfaction.nudge_due(self.session, now=self.now)
        mine = (Message.address_id == self.address_id, Message.purpose == Purpose.SURVEY)
        posted = self.session.scalars(select(Message.id).where(*mine)).all()
        self.shown += [option.id for id_ in posted for option in self._body(id_).options]

    def _own(self, name: str, code: str) -> None:
        place = hospital(self.session, code)
        owner = an_owner(self.session, now=self.now, at=place, name=name, phone=None)
        owners.add_address(self.session, owner, self.channel, NUMBER, now=self.now)
        an_account(self.session, owner, now=LONG_AGO, number=f"012345{DIGITS}")
        a_contract(self.session, owner, now=self.now, at=place)
        earn(self.session, place, 1_250_000_000)

    def _earn(self) -> None:
        """October for everybody, sent to the approver."""
        by = staff(Role.FINANCE)
        run_month(self.session, by=by, now=self.now, submits=True)

    def _be_patient(self) -> None:
        home = hospital(self.session, "IKJ")
        patients.register(
            self.session,
            address_id=self.address_id,
            full_name="Danladi Obi",
            born_on=BORN_ON,
            state="Lagos",
            home_hospital_id=home.id,
            role=HolderRole.SELF,
            wording="care-test",
            source=self.channel,
            now=self.now,
        )
