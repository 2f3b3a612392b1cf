"""What tests of the outbox share: people to write to, a carrier to write through, and records."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from redis import Redis
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from bot.channels.carrier import Accepted, Channel, Parcel
from bot.config import Settings
from bot.wiring import Wiring
from crm import addresses, consents, outbox
from crm.kit.crypto import Vault
from crm.kit.ids import uuid7
from crm.models import Conversation, Lane, Message, Patient, PatientStatus, Purpose
from crm.outbox import Draft

VAULT = Vault({"k1": b"k" * 32}, b"i" * 32)
# A Wednesday noon in Lagos, when everything may be sent.
NOON = datetime(2026, 11, 18, 11, 0, tzinfo=UTC)


@contextmanager
def undone(engine: Engine) -> Iterator[Session]:
    """A session whose work is taken back at the end."""
    with Session(engine, expire_on_commit=False, info={"vault": VAULT}) as session:
        yield session
        session.rollback()


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with one address."""

    address_id: UUID
    patient_id: UUID
    channel: Channel
    value: str


def somebody(
    session: Session,
    *,
    channel: Channel = Channel.SMS,
    agreed: str = "care",
    heard_at: datetime | None = None,
    status: PatientStatus = PatientStatus.ACTIVE,
    now: datetime = NOON,
) -> Person:
    """A patient with a new number, who agreed to something and may have written."""
    value = f"+23480{uuid7().int % 10**8:08d}"
    address = addresses.find_or_make(session, channel, value, now=now)
    patient = Patient(full_name="Ada Obi", status=status, created_at=now, updated_at=now)
    session.add(patient)
    session.flush()
    if heard_at:
        session.add(Conversation(address_id=address.id, heard_at=heard_at))
        session.flush()
    if agreed:
        say_yes(session, address.id, agreed, now=now)
    return Person(address.id, patient.id, channel, value)


def say_yes(
    session: Session, address_id: UUID, purpose: str, *, now: datetime, is_granted: bool = True
) -> None:
    """Agree to a purpose, or take it back."""
    consents.record(
        session,
        address_id=address_id,
        purpose=purpose,
        is_granted=is_granted,
        wording="test",
        language="en",
        source="test",
        now=now,
    )


def draft(to: Person, words: str = "Your visit is tomorrow at 10:00.", **changes: Any) -> Draft:
    """A reminder to this person, unless said otherwise."""
    usual = Draft(
        address_id=to.address_id,
        patient_id=to.patient_id,
        channel=to.channel,
        text=words,
        purpose=Purpose.REMINDER,
        lane=Lane.UTILITY,
    )
    return replace(usual, **changes)


def write(session: Session, to: Person, *, now: datetime = NOON, **changes: Any) -> UUID:
    """Post one message to this person."""
    return outbox.post_many(session, [draft(to, **changes)], now=now)[0]


def message(session: Session, id_: UUID) -> Message:
    """The message as it now lies in the table."""
    found = session.get(Message, id_, populate_existing=True)
    assert found
    return found


def attempts(session: Session, id_: UUID) -> list[str | None]:
    """How each attempt ended, in order."""
    query = text("select outcome from message_attempts where message_id = :id order by n")
    return list(session.scalars(query, {"id": id_}))


def later(seconds: float, *, than: datetime = NOON) -> datetime:
    """Some seconds on."""
    return than + timedelta(seconds=seconds)


@dataclass
class ScriptedCarrier:
    """Takes every parcel, unless the script raises; knows what it took."""

    script: Callable[[Parcel], None] = lambda _parcel: None
    taken: list[Parcel] = field(default_factory=list)
    looked_up: Counter[UUID] = field(default_factory=Counter)
    can_find: bool = True

    def send(self, parcel: Parcel) -> Accepted:
        """Take it, or do as the script says."""
        self.script(parcel)
        return self.take(parcel)

    def take(self, parcel: Parcel) -> Accepted:
        """Take it."""
        self.taken.append(parcel)
        return Accepted(_sid(parcel), "queued")

    def find(self, parcel: Parcel, *, since: datetime) -> list[Accepted]:
        """Look among what was taken."""
        assert since.tzinfo
        self.looked_up[parcel.message_id] += 1
        ours = [each for each in self.taken if each.text == parcel.text and each.to == parcel.to]
        return [Accepted(_sid(each), "queued") for each in ours] if self.can_find else []

    @property
    def texts(self) -> list[str]:
        """What people read."""
        return [parcel.text for parcel in self.taken]


def _sid(parcel: Parcel) -> str:
    return f"SM{parcel.message_id.hex}"[:-1] + str(parcel.attempt % 10)


@dataclass
class SetClock:
    """A clock that stands where it was set."""

    at: datetime = NOON

    def now(self) -> datetime:
        """The moment that was set."""
        return self.at

    def move(self, seconds: float) -> None:
        """Let time pass."""
        self.at += timedelta(seconds=seconds)


def wired(engine: Engine, redis_url: str, carrier: Any, clock: Any = None) -> Wiring:
    """A wiring over these records, through this carrier."""
    return Wiring(
        settings=settings(),
        engine=engine,
        redis=Redis.from_url(redis_url, socket_connect_timeout=2, socket_timeout=5),
        carrier=carrier,
        vault=VAULT,
        clock=clock or SetClock(),
    )


def settings(**changes: str) -> Settings:
    """Settings of a test."""
    given = {
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
        "REDIS_URL": "redis://127.0.0.1:1",
        "ENVIRONMENT": "test",
        "SECRET_KEY": "s" * 32,
        "ENCRYPTION_KEYS": "k1:" + "A" * 43 + "=",
        "TWILIO_AUTH_TOKEN": "12345",
        "SENDGRID_API_KEY": "k",
        "PUBLIC_BASE_URL": "https://bot.example",
    }
    return Settings.from_env(given | changes)
