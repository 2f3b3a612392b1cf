"""Whatever people write or press, and whenever: one answer, a known question, nothing done twice.

`ANY_WORDS=500` walks that many walks instead of a few; `ANY_WORDS_SEED` walks the same ones again.
"""

import os
import secrets
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from bot.channels.carrier import Channel
from conversations.dialogues import DIALOGUES
from conversations.engine import House, take_turn
from conversations.said import Said
from crm import addresses, appointments, feedback, patients, reminders, waitlist
from crm.kit.tokens import Links
from crm.loyalty import invariants
from crm.models import (
    Appointment,
    AppointmentStatus,
    Conversation,
    DataRequest,
    HolderRole,
    Hospital,
    Message,
    Purpose,
    Redemption,
    RequestStatus,
)
from crm.outbox import Body, unseal
from tests.conversations.clinics import booked_out, visited
from tests.crm import shop
from tests.stack import BORN_ON, SUNDAY_MORNING

WALKS = int(os.environ.get("ANY_WORDS", "50"))
SEED = int(os.environ.get("ANY_WORDS_SEED", secrets.randbelow(2**32)))

HOUSE = House(("en", "pcm"), Links("https://bot.example", "s" * 32))
NUMBER = "+2349140000031"
FULL = date(2026, 12, 8)
WORDS = (
    """
hi|menu|0|back|help|stop|start|person|book|my appointments|cancel|move|english|pidgin|no|ok|yes
1|2|3|4|9|99|any doctor|another time|another day|tomorrow|tomorrow 3pm|today|next tomorrow by 2
friday morning|monday 10am|25/11/1990|31/02/1990|12/12|3pm|lagos|fct|ikeja|wuse|ada obi|Chidi Eze
someone else|eye|dental|general consultation|chest pain|she no fit breathe|change am|i no fit come
i wan see doctor tomorrow|thank you|confirm|directions|go on|start over|why|feedback|very good
waiting list|tell me when free|1 3|the nurse was rude to my mother and she is bleeding|skip|no code
points|rewards|my codes|invite a friend|preferences|my data|erase me|history|not before 9|123456
""".replace("\n", "|")
    .strip("|")
    .split("|")
)
ANSWERS = {
    "ask_name": "Ada Obi",
    "ask_birth_date": "25/11/1990",
    "ask_guardian": "Bisi Obi",
    "ask_guardian_birth_date": "25/11/1970",
    "ask_state": "Lagos",
    "ask_comment": "All went well",
    "ask_quiet": "from 9pm to 7am",
}
WISHES = [
    "book eye 8/12",
    "book eye tomorrow 3pm",
    "my appointments",
    "book",
    "book dental friday",
    "feedback",
    "waiting list",
    "rewards",
    "my codes",
    "points",
    "preferences",
    "my data",
    "erase me",
]
"""What leads on where nothing is offered to press."""
PERSONAL = [
    "points",
    "rewards",
    "rewards",
    "my codes",
    "invite a friend",
    "preferences",
    "my data",
    "erase me",
]
FOREIGN = ["v1|0|yes", "v1|reminder|zz|confirm", "v1||", "v2|1|yes", "v1|1|nonsense", "|||"]
# Mostly none: a talk that is left alone after every word gets nowhere.
GAPS = [timedelta(0)] * 30 + [timedelta(minutes=m) for m in (2, 11, 40, 20 * 60, 3 * 24 * 60)]

leading_on = st.tuples(st.just("lead on"), st.sampled_from([0, 0, 0, 1, 1, 2, 3, 5, 7, 8, 11]))
known_words = st.tuples(st.just("say"), st.sampled_from(WORDS))
surprises = [
    st.tuples(st.just("say"), st.text(max_size=60)),
    st.tuples(st.just("press old"), st.integers(0, 60)),
    st.tuples(st.just("press"), st.sampled_from(FOREIGN)),
    st.just(("repeat", None)),
    st.just(("say code", None)),
]
# A talk of surprises alone never comes to a booking.
acts = st.sampled_from([leading_on] * 12 + [known_words] * 2 + surprises).flatmap(lambda act: act)
walks = st.lists(st.tuples(st.sampled_from(GAPS), acts), min_size=12, max_size=25)


@pytest.fixture
def strangers(sessions) -> list[UUID]:
    """One day is full; the visits of those who fill it."""
    with sessions.begin() as session:
        return booked_out(session, "Eye", FULL, now=SUNDAY_MORNING)


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
    family=st.integers(0, 2),
)
def test_any_walk_is_answered_and_nothing_is_booked_or_spent_twice(
    sessions, strangers, walk, channel, family
):
    print(f"ANY_WORDS_SEED={SEED}")  # noqa: T201 -- pytest shows it when a walk fails
    with sessions() as session:
        contact = Contact(session, channel, family, [*strangers])
        for gap, act in walk:
            contact.wait(gap)
            contact.do(*act)
        session.rollback()


@seed(SEED)
@settings(
    max_examples=WALKS,
    deadline=None,
    database=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)
@given(
    opening=st.sampled_from(PERSONAL),
    walk=walks,
    channel=st.sampled_from([Channel.WHATSAPP, Channel.SMS]),
    family=st.integers(1, 2),
)
def test_any_walk_among_points_and_data_spends_only_what_is_there(
    sessions, opening, walk, channel, family
):
    print(f"ANY_WORDS_SEED={SEED}")  # noqa: T201 -- pytest shows it when a walk fails
    with sessions() as session:
        contact = Contact(session, channel, family, [])
        contact.do("say", opening)
        contact.do("say", "25/11/1990")
        for gap, act in walk:
            contact.wait(gap)
            contact.do(*act)
        session.rollback()


class Contact:
    """One person at the house; after each of their turns everything must be in order."""

    def __init__(
        self, session: Session, channel: Channel, family: int, strangers: list[UUID]
    ) -> None:
        self.session, self.channel, self.now = session, channel, SUNDAY_MORNING
        self.last: Said | None = None
        self.shown: list[str] = []
        self.newest: list[str] = []
        self.turns = 0
        address = addresses.find_or_make(session, channel, NUMBER, now=self.now)
        self.address_id = address.id
        self.strangers = strangers
        shop.a_reward(session, now=self.now, points_cost=100, name="The last one", stock=1)
        shop.a_reward(session, now=self.now, points_cost=200, name="One of many")
        for number in range(family):
            self._register(
                f"Patient{'AB'[number]} Obi", HolderRole.FAMILY if number else HolderRole.SELF
            )

    def wait(self, gap: timedelta) -> None:
        """Let time pass, and the timers strike that look for holds and reminders."""
        if gap:
            self.now += gap
            appointments.release_dead_holds(self.session, now=self.now)
            reminders.post_due(self.session, now=self.now)
            feedback.post_due(self.session, now=self.now)
            self._offer_a_time()
            self.shown += self._options_of_messages()

    def _offer_a_time(self) -> None:
        """Of those who fill a day one stays away, and whoever waits is offered the time."""
        if self.strangers and self.now.date() < FULL:
            appointments.cancel(self.session, self.strangers.pop(), reason="ill", now=self.now)
        waitlist.tidy(self.session, now=self.now)
        for service_id in waitlist.waited_for(self.session):
            waitlist.offer_free(self.session, service_id, now=self.now)

    def do(self, act: str, what: object) -> None:
        said = self._said(act, what)
        booked, redeemed = self._booked(), self._redeemed()
        reply_id = take_turn(self.session, said, HOUSE, now=self.now)
        if act == "repeat" and said is self.last:
            assert reply_id is None
        else:
            self._check_reply(reply_id, booked)
        self._check_points(reply_id, redeemed)
        self._check_state()
        self._check_calendar()
        self._check_requests()
        self.last = said

    def _said(self, act: str, what: object) -> Said:
        if act == "repeat" and self.last:
            return self.last
        if act == "say code":
            return self._new(self._newest_code())
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
        return self._new(ANSWERS.get(self._talk().state, wish) if self.turns else wish)

    def _new(self, words: str = "", payload: str = "") -> Said:
        return Said("twilio", f"SM{uuid4().hex}", self.channel, NUMBER, words, payload)

    def _check_reply(self, reply_id: UUID | None, booked: set[UUID]) -> None:
        assert reply_id is not None, "silence"
        self.turns += 1
        assert self._replies() == self.turns
        body = self._body(reply_id)
        self.newest = [option.id for option in body.options]
        self.shown += self.newest
        new, gone = self._booked() - booked, booked - self._booked()
        if "Booked: " in body.text or "E don set: " in body.text:
            assert (len(new), len(gone)) == (1, 0)
        elif "Moved: " in body.text or "We don change am: " in body.text:
            assert (len(new), len(gone)) == (1, 1)
        else:
            assert not new
            assert len(gone) <= 1

    def _check_points(self, reply_id: UUID | None, redeemed: set[UUID]) -> None:
        """Nothing is got without its code being shown, nor twice, nor for points that are not."""
        new = self._redeemed() - redeemed
        shows_code = reply_id is not None and "Your code for " in self._body(reply_id).text
        assert len(new) == shows_code
        if new:
            assert not invariants.broken(self.session)

    def _check_state(self) -> None:
        talk = self._talk()
        if talk.dialogue is None:
            assert talk.state is None
        else:
            script = DIALOGUES[talk.dialogue]
            assert talk.state in script.hears.keys() - script.house

    def _check_calendar(self) -> None:
        """No patient and no practitioner is in two places at once."""
        assert self.session.scalar(_OVERLAPS) == 0

    def _check_requests(self) -> None:
        """Nobody waits twice for the same thing."""
        mine = select(func.count()).where(DataRequest.status == RequestStatus.OPEN)
        waiting = self.session.scalars(mine.group_by(DataRequest.patient_id, DataRequest.kind))
        assert set(waiting) <= {1}

    def _talk(self) -> Conversation:
        query = select(Conversation).where(Conversation.address_id == self.address_id)
        return self.session.scalars(query.execution_options(populate_existing=True)).one()

    def _booked(self) -> set[UUID]:
        booked = Appointment.status == AppointmentStatus.BOOKED
        return set(self.session.scalars(select(Appointment.id).where(booked)))

    def _newest_code(self) -> str:
        """The last one-time code that was sent beside the talk."""
        beside = (Message.address_id == self.address_id, Message.conversation_id.is_(None))
        sent = select(Message.id).where(*beside, Message.purpose == Purpose.REPLY)
        id_ = self.session.scalars(sent.order_by(Message.id.desc())).first()
        return self._body(id_).text[:6] if id_ else "123456"

    def _redeemed(self) -> set[UUID]:
        return set(self.session.scalars(select(Redemption.id)))

    def _replies(self) -> int:
        """One-time codes are sent beside the talk and count for nothing here."""
        mine = (Message.conversation_id == self._talk().id, Message.purpose == Purpose.REPLY)
        query = select(func.count()).where(*mine, Message.direction == "out")
        return self.session.scalar(query) or 0

    def _options_of_messages(self) -> list[str]:
        asking = (Purpose.REMINDER, Purpose.SURVEY, Purpose.NOTICE)
        mine = (Message.address_id == self.address_id, Message.purpose.in_(asking))
        posted = self.session.scalars(select(Message.id).where(*mine)).all()
        return [option.id for id_ in posted for option in self._body(id_).options]

    def _body(self, message_id: UUID) -> Body:
        message = self.session.get_one(Message, message_id)
        assert message.body_sealed
        return unseal(self.session.info["vault"], message.body_sealed, row=message_id)

    def _register(self, name: str, role: HolderRole) -> None:
        home = self.session.scalars(select(Hospital).where(Hospital.code == "IKJ")).one()
        patient = patients.register(
            self.session,
            address_id=self.address_id,
            full_name=name,
            born_on=BORN_ON,
            state="Lagos",
            home_hospital_id=home.id,
            role=role,
            wording="care-test",
            source=self.channel,
            now=self.now,
        )
        shop.give(self.session, patient, 350, now=self.now)
        visited(self.session, patient, over_at=self.now - timedelta(hours=3), now=self.now)


_OVERLAPS = text("""
    select count(*) from appointments a join appointments b
        on a.id < b.id and a.during && b.during
        and (a.patient_id = b.patient_id or a.practitioner_id = b.practitioner_id)
    where a.status in ('pending', 'booked', 'checked-in', 'arrived')
        and b.status in ('pending', 'booked', 'checked-in', 'arrived')
""")
