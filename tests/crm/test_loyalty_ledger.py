"""The ledger against a plain model: whatever is done in whatever order, every rule holds."""

from collections import Counter
from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select, text

from crm import loyalty
from crm.kit.errors import DomainError
from crm.kit.ids import uuid7
from crm.kit.permissions import EVERYTHING, Actor, Kind
from crm.loyalty import by_hand, refusals
from crm.loyalty.by_hand import Gift
from crm.models import LoyaltyTier, PointsRequest, Redemption
from tests.crm.clinic import a_patient
from tests.crm.shop import a_reward


class Lot:
    """Points that came in together."""

    def __init__(self, order: int, points: int, ends):
        self.order, self.remaining, self.ends = order, points, ends
        self.points = points
        self.lapsed = 0


class Ledger(RuleBasedStateMachine):
    """Two members and a reward; beside the database a model of ten lines."""

    session = None
    now = None

    @initialize()
    def begin(self):
        self.savepoint = self.session.begin_nested()
        self.at = self.now
        self.people = [a_patient("Ada Obi"), a_patient("Musa Bello")]
        self.session.add_all(self.people)
        self.session.flush()
        for person in self.people:
            loyalty.enrol(self.session, person.id, now=self.at)
        self.reward = a_reward(self.session, points_cost=30, stock=8, now=self.at)
        self.lots = {person.id: [] for person in self.people}
        self.debts = []  # patient, lot first drawn from, points
        self.qualifying = Counter()
        self.earned = []  # patient, source, lot, points, taken
        self.open = []  # redemption, patient, drawn
        self.stock = 8
        self.order = 0

    def teardown(self):
        if hasattr(self, "savepoint"):
            self.savepoint.rollback()
            self.session.expire_all()

    def person(self, n):
        return self.people[n].id

    def available(self, id_):
        return sum(lot.remaining for lot in self.lots[id_])

    def come_in(self, id_, points, ends):
        self.order += 1
        lot = Lot(self.order, points, ends)
        self.lots[id_].append(lot)
        self.settle_debt(id_)
        return lot

    def owed(self, id_):
        return sum(points for whose, _, points in self.debts if whose == id_)

    def settle_debt(self, id_):
        for debt in [each for each in self.debts if each[0] == id_]:
            paid = min(debt[2], self.available(id_))
            self.draw(id_, paid, first=debt[1])
            debt[2] -= paid

    def draw(self, id_, points, first=None):
        drawn = []
        in_turn = sorted(self.lots[id_], key=lambda lot: (lot is not first, lot.ends, lot.order))
        for lot in in_turn:
            part = min(points, lot.remaining)
            if part:
                lot.remaining -= part
                points -= part
                drawn.append((lot, part))
        assert points == 0
        return drawn

    @rule(n=st.integers(0, 1), naira=st.integers(0, 9_000))
    def pay(self, n, naira):
        source = uuid7()
        given = loyalty.award(
            self.session,
            patient_id=self.person(n),
            rule="payment",
            source_type="test",
            source_id=source,
            now=self.at,
            amount_kobo=naira * 100,
        )
        assert (given.points if given else 0) == naira // 100
        if given:
            self.qualifying[self.person(n)] += given.points
            lot = self.come_in(self.person(n), given.points, loyalty.validity.month_end(self.at))
            self.earned.append([self.person(n), source, lot, given.points, 0])

    @rule(pick=st.randoms(use_true_random=False), part=st.sampled_from([0, 1, 2]))
    def refund(self, pick, part):
        if not self.earned:
            return
        event = pick.choice(self.earned)
        id_, source, lot, points, taken = event
        due = points - points * part // 3 - taken - lot.lapsed
        got = loyalty.reverse(
            self.session,
            rule="payment",
            source_type="test",
            source_id=source,
            now=self.at,
            reason="refunded",
            left=Fraction(part, 3),
        )
        assert ((got.points + got.owed) if got else 0) == max(due, 0)
        if due > 0:
            now_taken = min(due, self.available(id_))
            self.draw(id_, now_taken, first=lot)
            self.debts.append([id_, lot, due - now_taken])
            self.qualifying[id_] -= due
            event[4] += due

    @rule(n=st.integers(0, 1), quantity=st.integers(1, 3))
    def redeem(self, n, quantity):
        id_, cost = self.person(n), 30 * quantity
        try:
            made = loyalty.redeem(
                self.session,
                patient_id=id_,
                reward_id=self.reward.id,
                quantity=quantity,
                now=self.at,
            )
        except refusals.OutOfStock:
            assert self.stock < quantity
        except refusals.InsufficientPoints:
            assert self.available(id_) < cost
            assert self.stock >= quantity
        else:
            self.open.append((made.id, id_, quantity, self.draw(id_, cost)))
            self.stock -= quantity

    @rule(pick=st.randoms(use_true_random=False))
    def cancel(self, pick):
        if not self.open:
            return
        chosen = self.open.pop(pick.randrange(len(self.open)))
        redemption_id, id_, quantity, drawn = chosen
        loyalty.redemptions.cancel(
            self.session,
            self.session.get(Redemption, redemption_id),
            reason="changed my mind",
            by_id=None,
            now=self.at,
        )
        self.stock += quantity
        late = 0
        for lot, part in drawn:
            if lot.ends > self.at:
                lot.remaining += part
            else:
                late += part
        if late:
            self.come_in(id_, late, loyalty.validity.grace(self.at))
        self.settle_debt(id_)

    @rule(n=st.integers(0, 1), points=st.integers(1, 600))
    def give_by_hand(self, n, points):
        bayo, ngozi = (Actor(Kind.USER, uuid7(), name) for name in ("Bayo", "Ngozi"))
        got = by_hand.give(
            self.session,
            self.person(n),
            Gift(points=points, reason="apology"),
            by=bayo,
            now=self.at,
        )
        if isinstance(got, PointsRequest):
            assert points > 500
            by_hand.approve(self.session, got.id, scope=EVERYTHING, by=ngozi, now=self.at)
        self.come_in(self.person(n), points, loyalty.validity.month_end(self.at))

    @rule(days=st.sampled_from([1, 40, 200]))
    def time_passes(self, days):
        self.at += timedelta(days=days)

    @rule()
    def midnight(self):
        late = sum(
            lot.remaining for lots in self.lots.values() for lot in lots if lot.ends <= self.at
        )
        _, points = loyalty.lapse(self.session, now=self.at)
        assert points == late
        for lots in self.lots.values():
            for lot in lots:
                if lot.ends <= self.at:
                    lot.lapsed += lot.remaining
                    lot.remaining = 0

    @invariant()
    def the_books_agree(self):
        if not hasattr(self, "lots"):
            return
        assert not loyalty.invariants.broken(self.session)
        steps = self.session.execute(
            select(LoyaltyTier.code, LoyaltyTier.min_points).order_by(LoyaltyTier.min_points)
        ).all()
        for person in self.people:
            account = loyalty.of(self.session, person.id)
            assert account.available == self.available(person.id)
            assert account.owed == self.owed(person.id)
            assert account.qualifying == self.qualifying[person.id]
            earned = [code for code, least in steps if least <= max(account.qualifying, 0)]
            assert account.tier == earned[-1]


def test_any_order_of_movements_keeps_the_books(session, now):
    class Here(Ledger):
        pass

    Here.session, Here.now = session, now
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=40,
            stateful_step_count=25,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_a_broken_book_is_found(session, now):
    ada = a_patient("Ada Obi")
    session.add(ada)
    session.flush()
    loyalty.award(
        session, patient_id=ada.id, rule="feedback", source_type="t", source_id=uuid7(), now=now
    )
    assert not loyalty.invariants.broken(session)
    session.execute(text("update loyalty_lots set remaining = 3"))
    found = {name.split()[0] for name in loyalty.invariants.broken(session)}
    assert found == {"I2", "I4"}


@pytest.mark.parametrize("name", list(loyalty.invariants.RULES))
def test_every_rule_can_be_asked_of_an_empty_book(session, name):
    assert loyalty.invariants.check(session)[name] == 0


def test_refusals_change_nothing(session, now):
    ada = a_patient("Ada Obi")
    session.add(ada)
    session.flush()
    loyalty.enrol(session, ada.id, now=now)
    reward = a_reward(session, points_cost=30, stock=1, now=now)
    with pytest.raises(DomainError):
        loyalty.redeem(session, patient_id=ada.id, reward_id=reward.id, now=now)
    session.refresh(reward)
    assert reward.stock_left == 1
    assert loyalty.of(session, ada.id).seq == 0
