"""The house that a walk goes through: a database of its own, its door, and what happens there."""

import random
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

import psycopg
from flask.testing import FlaskClient
from psycopg.rows import dict_row
from sqlalchemy import select
from sqlalchemy.orm import Session
from twilio.request_validator import RequestValidator

from bot.build import build_wiring
from bot.channels.carrier import Channel
from bot.wiring import Wiring
from conversations import engine
from conversations.engine import House
from crm import (
    addresses,
    appointments,
    availability,
    feedback,
    owners,
    patients,
    reminders,
    satisfaction,
    talks,
    users,
    waitlist,
)
from crm.kit.clock import lagos_day
from crm.kit.ids import uuid7
from crm.kit.permissions import EVERYTHING, Actor, Kind, Role
from crm.models import AddressHolder, HolderRole, Hospital, Message, Patient, Purpose, Service
from crm.outbox import unseal
from tests import once
from tests import stack as stacks
from tests.at_once import at_once
from tests.conversations.clinics import booked_out, visited
from tests.conversations.estates import DIGITS
from tests.crm import shop
from tests.crm.estate import a_contract, an_owner, hospital, staff
from tests.crm.payroll import LONG_AGO, an_account, earn, run_month
from tests.stack import BORN_ON, SUNDAY_MORNING, TestClock

FULL = date(2026, 12, 8)
"""A day on which strangers have taken every time there is for an eye visit."""
PATH = "/webhooks/twilio/inbound"
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
_ASKING = (Purpose.REMINDER, Purpose.SURVEY, Purpose.NOTICE)
Form = dict[str, str]


@dataclass(frozen=True, slots=True)
class Phone:
    """A number on a channel."""

    channel: Channel
    number: str


class WalkedHouse:
    """One deployment with people in it. What happens beside the talk is committed at once."""

    def __init__(self, wiring: Wiring, chance: random.Random) -> None:
        self.wiring, self.chance = wiring, chance
        self.clock = TestClock(SUNDAY_MORNING)
        self.eye = psycopg.connect(
            wiring.settings.database_url, autocommit=True, row_factory=dict_row
        )
        """Sees what is committed."""
        wiring.clock = self.clock
        self.app = once.app(wiring)
        self._client = self.app.test_client()
        self.numbers = 0
        self.strangers: list[UUID] = []
        self.asked: dict[str, list[str]] = defaultdict(list)
        """The payloads of the buttons of messages that asked, by what they ask about."""
        self._seen: set[UUID] = set()
        self._clerk: Actor | None = None

    @property
    def now(self) -> datetime:
        return self.clock.at

    # -- the door ----------------------------------------------------------------------------------

    def bring(self, form: Form, client: FlaskClient | None = None) -> int:
        """Bring one message as the carrier would, signed; answers the status code."""
        url = self.wiring.settings.public_base_url + PATH
        signature = RequestValidator(self.wiring.settings.twilio_auth_token).compute_signature(
            url, form
        )
        signed = {"X-Twilio-Signature": signature}
        return (client or self._client).post(PATH, data=form, headers=signed).status_code

    def bring_at_once(self, *forms: Form) -> list[int]:
        """The same from as many connections in the same instant."""
        return at_once([partial(self.bring, form, self.app.test_client()) for form in forms])

    # -- who is there ------------------------------------------------------------------------------

    def new_phone(self, channel: Channel | None = None) -> Phone:
        """A number that nobody has written from."""
        self.numbers += 1
        either = channel or self.chance.choice([Channel.WHATSAPP, Channel.SMS])
        return Phone(either, f"+23491400{self.numbers:05}")

    def furnish(self) -> None:
        """Rewards of every kind, and a day that is full."""
        with self.wiring.transaction() as session:
            shop.a_reward(session, now=self.now, points_cost=100, name="The last one", stock=1)
            shop.a_reward(session, now=self.now, points_cost=120, name="One of many")
            shop.a_reward(session, now=self.now, points_cost=90_000, name="Out of reach")
            self.strangers = booked_out(session, "Eye", FULL, now=self.now)

    def settle(self, phone: Phone, people: int) -> None:
        """A family behind the phone: the first is its own; each has a visit behind, most points.

        Some are reached on the other channel, too.
        """
        with self.wiring.transaction() as session:
            address = addresses.find_or_make(session, phone.channel, phone.number, now=self.now)
            ikeja = session.scalars(select(Hospital).where(Hospital.code == "IKJ")).one()
            for number in range(people):
                patient = patients.register(
                    session,
                    address_id=address.id,
                    full_name=f"Patient{'ABC'[number]} Obi",
                    born_on=BORN_ON,
                    state="Lagos",
                    home_hospital_id=ikeja.id,
                    role=HolderRole.FAMILY if number else HolderRole.SELF,
                    wording="care-test",
                    source=phone.channel,
                    now=self.now,
                ).patient
                if self.chance.random() < 0.9:
                    shop.give(session, patient, 350, now=self.now)
                if self.chance.random() < 0.2:
                    session.add(
                        AddressHolder(address_id=self._other(session), patient_id=patient.id)
                    )
                visited(session, patient, over_at=self.now - 3 * _HOUR, now=self.now)

    def _other(self, session: Session) -> UUID:
        """An address from which nobody in this house writes."""
        phone = self.new_phone()
        return addresses.find_or_make(session, phone.channel, phone.number, now=self.now).id

    def own(self, phone: Phone, *names: str) -> None:
        """Owners behind the phone, each of a hospital that took money in two months."""
        with self.wiring.transaction() as session:
            for name, code in zip(names, ("IKJ", "WUS", "PHC"), strict=False):
                place = hospital(session, code)
                owner = an_owner(session, now=self.now, at=place, name=name, phone=None)
                owners.add_address(session, owner, phone.channel, phone.number, now=self.now)
                an_account(session, owner, now=LONG_AGO, number=f"012345{DIGITS}")
                a_contract(session, owner, now=self.now, at=place)
                earn(session, place, 1_250_000_000)
                earn(session, place, 980_000_000, on=date(2026, 9, 12))
            by = staff(Role.FINANCE)
            for month in (date(2026, 9, 1), date(2026, 10, 1)):
                run_month(session, by=by, now=self.now, period=month, submits=True)

    # -- what happens ------------------------------------------------------------------------------

    def later(self, by: timedelta) -> None:
        """Let time pass, and everything strike that looks at the clock."""
        self.clock.move(by)
        with self.wiring.transaction() as session:
            appointments.release_dead_holds(session, now=self.now)
            reminders.post_due(session, now=self.now)
            feedback.post_due(session, now=self.now)
            if self.strangers and self.now.date() < FULL:
                appointments.cancel(session, self.strangers.pop(), reason="ill", now=self.now)
            waitlist.tidy(session, now=self.now)
            for service_id in waitlist.waited_for(session):
                waitlist.offer_free(session, service_id, now=self.now)
            satisfaction.post_due(session, now=self.now)
            satisfaction.nudge_due(session, now=self.now)

    def to_daytime(self) -> None:
        """Let it be ten in the morning, if it is night: nobody is asked anything then."""
        lagos_hour = (self.now.hour + 1) % 24
        if not 8 <= lagos_hour < 19:
            self.later(_HOUR * ((10 - lagos_hour) % 24))

    def have_visited(self, phone: Phone) -> None:
        """One of the family comes back from a visit and is asked about it."""
        self.to_daytime()
        with self.wiring.transaction() as session:
            patient = self._one_of(session, phone)
            if patient:
                visited(session, patient, over_at=self.now - 3 * _HOUR, now=self.now)
        self.later(timedelta(minutes=5))

    def have_booked(self, phone: Phone) -> datetime | None:
        """One of the family has a visit in two days or more; returns when, if one was free."""
        with self.wiring.transaction() as session:
            patient, eye = self._one_of(session, phone), self._service(session)
            first = lagos_day(self.now) + 2 * _DAY
            days = {"first": first, "last": first + 5 * _DAY}
            slots = availability.free_slots(session, eye, **days, now=self.now, limit=40)
            if not patient or not slots:
                return None
            slot = self.chance.choice(slots)
            try:
                appointments.book(
                    session,
                    patient_id=patient.id,
                    service=eye,
                    slot=slot,
                    source="desk",
                    now=self.now,
                )
            except (appointments.BookingLimit, appointments.PatientBusy):
                return None
            return slot.starts_at

    def come_near(self, phone: Phone) -> None:
        """One of the family has a visit, and the time comes near at which they are reminded."""
        starts_at = self.have_booked(phone)
        if starts_at:
            self.clock.at = max(self.now, starts_at - _DAY + _HOUR)
        self.to_daytime()
        self.later(timedelta(minutes=5))

    def open_a_time(self, phone: Phone) -> None:
        """Some of the family wait for a full day, and a stranger of that day stays away."""
        self.to_daytime()
        with self.wiring.transaction() as session:
            for patient in self._family(session, phone):
                waits = {each.service_id for each in waitlist.waiting(session, [patient.id])}
                for service in self._service(session), self._service(session, "Dental"):
                    if service.id not in waits and self.chance.random() < 0.5:
                        wish = waitlist.Wish(
                            patient_id=patient.id, service_id=service.id, source="desk"
                        )
                        waitlist.join(session, wish, by=_desk(), now=self.now)
        self.later(timedelta(minutes=5))

    def survey(self) -> None:
        """A new quarter begins, and the owners are asked about it."""
        if self.asked["survey"]:
            self.clock.move(91 * _DAY)
        self.to_daytime()
        period = satisfaction.current(self.now)
        with self.wiring.transaction() as session:
            satisfaction.invite_owners(session, period=period, now=self.now)
        self.later(timedelta(minutes=1))

    def take_over(self, talk_id: UUID) -> None:
        """A clerk answers from now on."""
        with self.wiring.transaction() as session:
            talks.take_over(session, talk_id, scope=EVERYTHING, by=self.clerk(), now=self.now)

    def hand_back(self, talk_id: UUID) -> None:
        """The bot answers again."""
        with self.wiring.transaction() as session:
            talks.hand_back(session, talk_id, scope=EVERYTHING, by=self.clerk(), now=self.now)
            engine.hand_back(session, talk_id, House.of(self.wiring), now=self.now)

    def clerk(self) -> Actor:
        """The one who sits at the desk."""
        if self._clerk is None:
            with self.wiring.transaction() as session:
                user = users.create(
                    session,
                    self.wiring.passwords,
                    name="Ngozi",
                    email="ngozi@example.com",
                    password="a password that is long enough",
                    grants=[(Role.ADMIN, None)],
                    now=self.now,
                )
                self._clerk = Actor(Kind.USER, user.id, "Ngozi", ((Role.ADMIN, None),))
        return self._clerk

    def collect(self, address_id: UUID) -> None:
        """Note the buttons of messages that have asked since."""
        with self.wiring.sessions() as session:
            mine = (Message.address_id == address_id, Message.purpose.in_(_ASKING))
            for row in session.scalars(select(Message).where(*mine).order_by(Message.id)):
                if row.id not in self._seen and row.body_sealed:
                    self._seen.add(row.id)
                    for option in unseal(self.wiring.vault, row.body_sealed, row=row.id).options:
                        self.asked[option.id.split("|")[1]].append(option.id)

    def _one_of(self, session: Session, phone: Phone) -> Patient | None:
        family = self._family(session, phone)
        return self.chance.choice(family) if family else None

    def _family(self, session: Session, phone: Phone) -> list[Patient]:
        address = addresses.find(session, phone.channel, phone.number)
        return [patient for patient, _ in patients.held_by(session, address.id)] if address else []

    def _service(self, session: Session, name: str = "Eye") -> Service:
        found = select(Service).join(Hospital, Hospital.id == Service.hospital_id)
        return session.scalars(found.where(Hospital.code == "IKJ", Service.name == name)).one()


def _desk() -> Actor:
    return Actor(Kind.USER, uuid7(), "Bola", ((Role.ADMIN, None),))


@contextmanager
def opened(
    database_url: str, redis_url: str, home: Path, chance: random.Random
) -> Iterator[WalkedHouse]:
    """A furnished house on this database; half of them speak all five languages."""
    languages = chance.choice(["en,pcm", "en,pcm,ha,yo,ig"])
    settings = stacks.settings_for(
        database_url,
        redis_url,
        home,
        "https://bot.example",
        "http://127.0.0.1:9",
        languages=languages,
    )
    wiring = build_wiring(settings)
    try:
        house = WalkedHouse(wiring, chance)
        house.furnish()
        yield house
        house.eye.close()
    finally:
        wiring.disconnect()
        wiring.redis.close()
