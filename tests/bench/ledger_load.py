"""Random movements of points by many hands at once: whatever comes, the ledger must add up."""

from collections import Counter, deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from random import Random
from uuid import UUID, uuid5

from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from crm import loyalty, payments
from crm.kit.errors import DomainError
from crm.kit.ids import uuid7
from crm.kit.permissions import EVERYTHING, Actor, Kind
from crm.loyalty import by_hand, desk, redemptions
from crm.loyalty.by_hand import Gift
from crm.models import (
    Hospital,
    Patient,
    Payment,
    PointsRequest,
    Redemption,
    Reward,
    RewardKind,
    RewardStatus,
)
from crm.payments import Settled

_SPAN = timedelta(days=600)
"""How much time goes by during a load: enough for points and codes to end."""


@dataclass(frozen=True)
class World:
    """Who and what there is."""

    members: tuple[UUID, ...]
    rewards: tuple[UUID, ...]
    hospital_id: UUID
    begun: datetime


def furnish(session: Session, *, members: int, now: datetime) -> World:
    """Members without points, and rewards: endless, few, limited, and approved by a person."""
    people = [Patient(id=uuid7(), full_name="Someone Bench") for _ in range(members)]
    rewards = [
        _reward(now, points_cost=30),
        _reward(now, points_cost=20, stock=members, stock_left=members),
        _reward(now, points_cost=15, member_limit=2, limit_period="month", refunds_expired=False),
        _reward(now, points_cost=40, stock=50, stock_left=50, needs_approval=True),
    ]
    session.add_all([*people, *rewards])
    session.flush()
    hospital_id = session.scalars(select(Hospital.id).limit(1)).one()
    ids = tuple(person.id for person in people)
    return World(ids, tuple(reward.id for reward in rewards), hospital_id, now)


def _reward(now: datetime, **more: object) -> Reward:
    kept = {"valid_from": now - timedelta(days=1), "voucher_days": 30, "description": "Bench"}
    kind = {"kind": RewardKind.PRIORITY_ACCESS, "status": RewardStatus.ACTIVE}
    id_ = uuid7()
    return Reward(id=id_, code=f"R-{id_.hex[-12:]}", name="Bench", **kind, **kept, **more)


class Load:
    """One pair of hands."""

    def __init__(self, sessions: sessionmaker[Session], world: World, seed: int) -> None:
        """The seed decides everything but who is faster."""
        self.sessions, self.world, self.chance = sessions, world, Random(seed)
        self.bayo, self.ngozi = (
            Actor(Kind.USER, uuid7(), name) for name in (f"Bayo {seed}", f"Ngozi {seed}")
        )
        self.codes: deque[str] = deque(maxlen=50)
        self.now = world.begun
        self.acts = {
            self.award: 34,
            self.redeem: 22,
            self.reverse: 10,
            self.give_back: 8,
            self.use: 8,
            self.approve: 3,
            self.give: 4,
            self.decide: 3,
            self.pay: 4,
            self.refund: 2,
            self.load: 1,
            self.midnight: 2,
        }

    def move(self, count: int) -> Counter[str]:
        """So many movements, one transaction each; how many of each came to what."""
        done: Counter[str] = Counter()
        for n in range(count):
            self.now = self.world.begun + _SPAN * n / count
            [act] = self.chance.choices(list(self.acts), list(self.acts.values()))
            done[f"{act.__name__}: {self._once(act)}"] += 1
        return done

    def _once(self, act) -> str:
        with self.sessions() as session:
            try:
                came = act(session)
                session.commit()
            except DomainError as refusal:
                session.rollback()
                return refusal.code
            except OperationalError as error:
                session.rollback()
                return type(error.orig).__name__
        return "done" if came else "nothing"

    @property
    def member(self) -> UUID:
        """Somebody; a tenth of the members are asked half of the time."""
        members = self.world.members
        few = max(len(members) // 10, 1)
        return self.chance.choice(members[:few] if self.chance.random() < 0.5 else members)

    def _source(self) -> tuple[UUID, UUID]:
        """A member and one of their events, known to all hands, so that they meet."""
        member = self.member
        return member, uuid5(member, str(self.chance.randrange(400)))

    def award(self, session: Session) -> object:
        member, source = self._source()
        rule = self.chance.choice(("payment", "payment", "booking", "feedback"))
        return loyalty.award(
            session,
            patient_id=member,
            rule=rule,
            source_type="load",
            source_id=source,
            now=self.now,
            amount_kobo=self.chance.randrange(1, 90) * 10_000,
        )

    def redeem(self, session: Session) -> object:
        made = loyalty.redeem(
            session,
            patient_id=self.member,
            reward_id=self.chance.choice(self.world.rewards),
            quantity=self.chance.randrange(1, 3),
            now=self.now,
        )
        self.codes.append(made.code)
        return made

    def reverse(self, session: Session) -> object:
        _, source = self._source()
        return loyalty.reverse(
            session,
            rule=self.chance.choice(("payment", "booking", "feedback")),
            source_type="load",
            source_id=source,
            now=self.now,
            reason="cancelled",
            left=Fraction(self.chance.randrange(3), 3),
        )

    def give_back(self, session: Session) -> object:
        redemption = self._some(session, Redemption)
        act = self.chance.choice((redemptions.cancel, redemptions.reject))
        return redemption and act(session, redemption, reason="no more", by_id=None, now=self.now)

    def use(self, session: Session) -> object:
        if not self.codes:
            return None
        code = self.chance.choice(self.codes)
        return desk.use(
            session, code, hospital_id=self.world.hospital_id, by=self.bayo, now=self.now
        )

    def approve(self, session: Session) -> object:
        redemption = self._some(session, Redemption)
        return redemption and redemptions.approve(
            session, redemption, by_id=self.ngozi.id, now=self.now
        )

    def give(self, session: Session) -> object:
        gift = Gift(points=self.chance.choice((5, 50, 600)), reason="apology", is_qualifying=True)
        return by_hand.give(session, self.member, gift, by=self.bayo, now=self.now)

    def decide(self, session: Session) -> object:
        request = self._some(session, PointsRequest)
        act = self.chance.choice((by_hand.approve, by_hand.reject))
        return request and act(session, request.id, scope=EVERYTHING, by=self.ngozi, now=self.now)

    def pay(self, session: Session) -> object:
        member = self.member
        told = Settled(
            provider="load",
            reference=f"{member}-{self.chance.randrange(50)}",
            hospital_id=self.world.hospital_id,
            patient_id=member,
            amount_kobo=100_000,
            at=self.now,
        )
        return payments.settle(session, told, by_id=None, now=self.now)

    def refund(self, session: Session) -> object:
        payment = self._some(session, Payment)
        return payment and payments.refund(
            session,
            payment,
            reference=str(self.chance.randrange(4)),
            amount_kobo=30_000,
            at=self.now,
            by_id=None,
            now=self.now,
        )

    def load(self, session: Session) -> object:
        """Twenty awards in one statement, some of them given before."""
        pairs = [self._source() for _ in range(20)]
        events = [loyalty.Event(member, source, self.now, 200_000) for member, source in pairs]
        return loyalty.award_many(
            session, events, rule="payment", source_type="load", now=self.now
        )[0]

    def midnight(self, session: Session) -> object:
        if self.chance.random() < 0.5:
            return redemptions.expire_late(session, now=self.now, limit=20)
        return loyalty.lapse(session, now=self.now, limit=50)[0]

    def _some(self, session: Session, kind):
        """Some row made lately; None while there is none."""
        newest = select(kind).order_by(kind.id.desc()).offset(self.chance.randrange(30)).limit(1)
        return session.scalars(newest).first()
