"""The demo's two years: enough to look at, true to every rule, the same for the same seed.

A filling takes seconds, so one is shared by the tests that only look.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import column, create_engine, func, select, table, text
from sqlalchemy.orm import Session

from bot.channels.carrier import Channel
from bot.sandbox import people
from crm import addresses, bank_accounts, demo, holidays, owners, payouts, users
from crm.demo.house import YEARS_BACK
from crm.kit.clock import lagos, lagos_day
from crm.kit.crypto import Vault
from crm.kit.permissions import Role
from crm.loyalty import invariants
from crm.models import (
    Appointment,
    AppointmentStatus,
    Campaign,
    CampaignRecipient,
    Contract,
    ContractModel,
    Hospital,
    InsurancePolicy,
    Patient,
    Payout,
    PayoutLine,
    PayoutStatus,
    Practitioner,
    RecipientState,
    Redemption,
    Reminder,
    ReminderStatus,
    RevenueEntry,
    Service,
    UserGrant,
)
from crm.patients import sealed
from crm.payouts.compute import compute
from crm.payouts.inputs import Inputs, fingerprint
from tests.databases import CHEAP, Databases, sqlalchemy_url, vault
from tests.stack import SUNDAY_MORNING

NOW = SUNDAY_MORNING.astimezone(UTC)
COUNTED = [
    "users",
    "patient_profiles",
    "addresses",
    "consents",
    "appointments",
    "appointment_reminders",
    "feedback_invitations",
    "patient_feedback",
    "follow_ups",
    "loyalty_transactions",
    "loyalty_lots",
    "payments",
    "reward_redemptions",
    "owners",
    "contracts",
    "revenue_entries",
    "owner_payouts",
    "payout_lines",
    "messages",
    "campaign_recipients",
]


@pytest.fixture(scope="module")
def filled(copies: Databases) -> Iterator[Session]:
    """A seeded database with the demo in it, to be looked at and not changed."""
    with copies.lived_in() as url:
        engine = create_engine(sqlalchemy_url(url))
        with Session(engine, info={"vault": vault()}) as session:
            yield session
        engine.dispose()


def count(session: Session, model: type, *conditions: object) -> int:
    return session.scalar(select(func.count()).select_from(model).where(*conditions)) or 0


def test_there_is_enough_to_look_at(filled: Session) -> None:
    assert count(filled, Hospital) == 3
    assert len(set(filled.scalars(select(Hospital.state)))) == 3
    assert count(filled, Service) == 12
    assert count(filled, Practitioner) >= 12
    assert count(filled, Patient) == 200
    assert count(filled, Contract) == 8
    assert set(filled.scalars(select(Contract.model))) == set(ContractModel)
    assert count(filled, RevenueEntry) > 5_000
    assert count(filled, Appointment) > 2_000
    assert count(filled, Redemption) > 100


def test_the_owner_of_the_phone_page_is_one_of_them(filled: Session) -> None:
    _, name, number, channel = people.FIRST[2]
    address = addresses.find(filled, Channel(channel), number)
    [owner] = owners.held_by(filled, address.id)
    [account] = bank_accounts.of_owner(filled, owner.id)
    assert name.split()[-1] in owner.name
    assert (account.is_active, account.number_last4) == (True, "4323")
    assert payouts.account(filled, owner.id).last is not None


def test_visits_reach_two_years_back_and_a_month_ahead(filled: Session) -> None:
    first, last = filled.execute(
        select(func.min(func.lower(Appointment.during)), func.max(func.lower(Appointment.during)))
    ).one()
    assert NOW - first > YEARS_BACK * 0.95
    assert (last - NOW).days > 20
    found = Counter(filled.scalars(select(Appointment.status)))
    assert min(found[s] for s in ("fulfilled", "noshow", "cancelled", "booked")) > 50
    ahead = func.lower(Appointment.during) > NOW
    past = [AppointmentStatus.FULFILLED, AppointmentStatus.NOSHOW]
    assert count(filled, Appointment, ahead, Appointment.status.in_(past)) == 0


def test_nobody_is_in_two_places_at_once(filled: Session) -> None:
    overlaps = text("""
        select count(*) from appointments a join appointments b on a.id < b.id
            and a.during && b.during
            and (a.practitioner_id = b.practitioner_id or a.patient_id = b.patient_id)
        where a.status <> 'cancelled' and b.status <> 'cancelled'
    """)
    assert filled.scalar(overlaps) == 0


def test_visits_are_on_days_and_hours_when_somebody_works(filled: Session) -> None:
    closed = holidays.closed_days(lagos_day(NOW - YEARS_BACK), lagos_day(NOW) + YEARS_BACK)
    for starts_at in filled.scalars(select(func.lower(Appointment.during))):
        local = lagos(starts_at)
        assert local.weekday() < 6
        assert 8 <= local.hour < 17
        assert local.date() not in closed


def test_booked_visits_have_their_reminders_to_come(filled: Session) -> None:
    to_come = select(Reminder.due_at).where(Reminder.status == ReminderStatus.PENDING)
    assert len(filled.scalars(to_come).all()) > 20
    assert all(due_at > NOW for due_at in filled.scalars(to_come))


def broken_rules(session: Session) -> dict[str, object]:
    found = {name: session.execute(text(rule)).all() for name, rule in invariants.RULES.items()}
    return {name: rows for name, rows in found.items() if rows}


def test_the_ledger_keeps_every_rule(filled: Session) -> None:
    assert broken_rules(filled) == {}
    tiers = set(filled.scalars(text("select distinct tier from loyalty_points")))
    assert len(tiers) >= 3
    expired = text("select count(*) from loyalty_lots where expires_at <= :now and remaining > 0")
    assert filled.scalar(expired, {"now": NOW}) == 0


def test_payouts_stand_in_every_status_and_can_be_recomputed(filled: Session) -> None:
    payouts = filled.scalars(select(Payout)).all()
    assert {payout.status for payout in payouts} == set(PayoutStatus)
    for payout in payouts:
        inputs = Inputs.from_json(payout.calc_snapshot)
        figures = compute(inputs)
        assert fingerprint(payout.calc_snapshot) == bytes(payout.calc_hash)
        assert figures.net_kobo == payout.net_kobo
        lines = filled.scalars(
            select(PayoutLine.amount_kobo)
            .where(PayoutLine.payout_id == payout.id)
            .order_by(PayoutLine.ordinal)
        ).all()
        assert [line.amount_kobo for line in figures.lines] == lines
        assert sum(lines) == payout.net_kobo


def test_what_was_paid_went_to_a_verified_account(filled: Session) -> None:
    unsafe = text("""
        select count(*) from owner_payouts p join bank_accounts b on b.id = p.bank_account_id
        where p.status in ('approved', 'processing', 'completed') and p.net_kobo > 0
            and b.verified_at is null
    """)
    assert filled.scalar(unsafe) == 0
    late = text("select count(*) from owner_payouts where paid_at > :now or updated_at > :now")
    assert filled.scalar(late, {"now": NOW}) == 0


def test_the_tax_and_the_guarantee_and_the_cap_all_show(filled: Session) -> None:
    codes = set(filled.scalars(select(PayoutLine.code)))
    expected = {"share", "tier", "rent", "guarantee", "wht", "carry_out", "carry_in"}
    assert expected | {"deduction.insurance", "deduction.upkeep"} <= codes


def test_insurance_is_in_every_state(filled: Session) -> None:
    today = lagos_day(NOW)
    held = filled.scalars(select(InsurancePolicy.expires_on)).all()
    assert any(day < today for day in held)
    assert any(0 <= (day - today).days <= 30 for day in held)
    assert any((day - today).days > 30 for day in held)
    insured = set(filled.scalars(select(InsurancePolicy.patient_id)))
    assert 50 < len(insured) < 200


def test_families_share_phones_and_children_have_guardians(filled: Session) -> None:
    shared = text("""
        select max(held) from (
            select count(*) as held from address_holders group by address_id
        ) as h
    """)
    assert filled.scalar(shared) >= 3
    minors = [
        patient
        for patient in filled.scalars(select(Patient))
        if (NOW.date() - sealed.read(filled, patient, "born_on")).days < 18 * 365
    ]
    assert len(minors) > 20
    assert all(patient.guardian_id for patient in minors)


def test_sealed_values_open_and_are_found(filled: Session) -> None:
    patient = filled.scalars(select(Patient).where(Patient.nin_sealed.is_not(None)).limit(1)).one()
    nin = sealed.read(filled, patient, "nin")
    vault: Vault = filled.info["vault"]
    assert len(nin) == 11
    assert sealed.index_of(vault, "nin", nin) == bytes(patient.nin_index)
    assert set(sealed.read(filled, patient, "home")) == {"line", "city", "lga"}


def test_the_finished_campaigns_counters_are_its_recipients(filled: Session) -> None:
    campaign = filled.scalars(select(Campaign)).one()
    states = Counter(filled.scalars(select(CampaignRecipient.state)))
    assert {state: states[state] for state in RecipientState} == dict(campaign.progress)
    assert campaign.read > 10
    assert campaign.excluded > 10


def test_every_staff_role_can_sign_in_with_the_password_that_is_told(filled: Session) -> None:
    held = set(filled.scalars(select(UserGrant.role)))
    assert held == set(Role) - {Role.PATIENT, Role.OWNER}
    for before, _ in demo.GROUP.values():
        user = users.find_by_email(filled, demo.address(before))
        assert user
        assert CHEAP.matches(demo.PASSWORD, user.password_hash)


def test_a_house_with_patients_is_left_alone(filled: Session) -> None:
    assert not demo.fill(filled, now=NOW, passwords=CHEAP)


def figures(session: Session) -> dict[str, object]:
    """What a filling comes to."""
    told = {name: session.scalar(select(func.count()).select_from(table(name))) for name in COUNTED}
    told["names"] = session.scalars(select(Patient.full_name).order_by(Patient.id)).all()
    for name, where in (
        ("net_kobo", "owner_payouts"),
        ("amount_kobo", "revenue_entries"),
        ("available", "loyalty_points"),
        ("rating", "patient_feedback"),
    ):
        told[name] = session.scalar(select(func.sum(column(name))).select_from(table(where)))
    starts_at = func.lower(Appointment.during)
    told["starts"] = session.scalars(select(starts_at).order_by(starts_at)).all()
    return told


def test_the_same_seed_tells_the_same_story(filled: Session, session: Session) -> None:
    assert demo.fill(session, now=NOW, passwords=CHEAP)
    assert figures(session) == figures(filled)


def test_another_seed_on_another_day_tells_another_story(filled: Session, session: Session) -> None:
    new_year = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    assert demo.fill(session, now=new_year, passwords=CHEAP, seed=2)
    told, before = figures(session), figures(filled)
    assert told["patient_profiles"] == before["patient_profiles"]
    assert told["names"] != before["names"]
    assert told["net_kobo"] != before["net_kobo"]
    assert broken_rules(session) == {}
