"""What moves points: visits booked and lost, feedback, payments and the friends one brings."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from crm.demo.house import House
from crm.demo.loading import Row
from crm.demo.opinions import Opinion
from crm.demo.people import Person
from crm.demo.visits import Visit
from crm.models import AppointmentStatus, PaymentStatus, ReferralStatus

_NAIRA = 100
_PRICES = {
    "General consultation": 12_000,
    "Antenatal": 15_000,
    "Child health": 10_000,
    "Dental": 28_000,
    "Eye": 20_000,
    "Physiotherapy": 18_000,
}
_REFERRALS = 14
_LOST = {
    AppointmentStatus.CANCELLED: "the visit was cancelled",
    AppointmentStatus.NOSHOW: "the patient did not come",
}


@dataclass(slots=True)
class Happening:
    """Something that moves points."""

    at: datetime
    order: int
    kind: str
    patient_id: UUID
    source_id: UUID
    amount_kobo: int = 0
    reason: str = ""


def payments(house: House, visits: Sequence[Visit]) -> tuple[list[Row], list[Row]]:
    """Nine in ten visits that were kept are paid by the patient; one in a hundred is given back."""
    chance = house.chance
    rows = [
        _payment(house, visit, number)
        for number, visit in enumerate(visits)
        if visit.status is AppointmentStatus.FULFILLED and chance.is_so(0.9)
    ]
    refunds = []
    for row in rows:
        at = row["settled_at"] + timedelta(days=2)
        if chance.is_so(0.01) and at < house.now:
            row |= {"refunded_kobo": row["amount_kobo"], "status": PaymentStatus.REFUNDED}
            refunds.append(
                {
                    "id": chance.id_at(at),
                    "payment_id": row["id"],
                    "reference": f"{row['reference']}-R",
                    "amount_kobo": row["amount_kobo"],
                    "refunded_at": at,
                }
            )
    return rows, refunds


def _payment(house: House, visit: Visit, number: int) -> Row:
    chance, at = house.chance, min(house.now, visit.closed_at + timedelta(minutes=10))
    naira = _PRICES.get(visit.service.name, 12_000) + chance.randrange(0, 30) * 500
    return {
        "id": chance.id_at(at),
        "hospital_id": visit.hospital_id,
        "patient_id": visit.person.id,
        "provider": "cashier",
        "reference": f"{visit.person.hospital.code}{visit.starts_at:%y%m%d}-{number:05d}",
        "invoice": None,
        "amount_kobo": naira * _NAIRA,
        "refunded_kobo": 0,
        "status": PaymentStatus.SETTLED,
        "settled_at": at,
        "created_at": at,
        "updated_at": at,
    }


def referrals(house: House, people: Sequence[Person], visits: Sequence[Visit]) -> list[Row]:
    """Friends whom members brought; some have not been here yet, some await a second look."""
    kept: dict[UUID, Visit] = {}
    for visit in visits:
        if visit.status is AppointmentStatus.FULFILLED:
            kept.setdefault(visit.person.id, visit)
    known = sorted(people, key=lambda person: person.since)
    friends = [p for p in known[20:] if p.is_active][::9][:_REFERRALS]
    return [
        _referral(house, known[number], friend, kept.get(friend.id))
        for number, friend in enumerate(friends)
    ]


def _referral(house: House, member: Person, friend: Person, visit: Visit | None) -> Row:
    status = ReferralStatus.REWARDED if visit else ReferralStatus.PENDING
    doubts: list[str] = []
    if not visit and house.chance.is_so(0.5):
        status, doubts = ReferralStatus.REVIEW, ["many_this_month"]
    return {
        "id": house.chance.id_at(friend.since),
        "referrer_id": member.id,
        "friend_id": friend.id,
        "status": status,
        "doubts": doubts,
        "first_visit_id": visit.id if visit else None,
        "rewarded_at": visit.closed_at if visit else None,
        "created_at": friend.since,
        "updated_at": visit.closed_at if visit else friend.since,
    }


def booked(visits: Sequence[Visit]) -> Iterator[Happening]:
    """Points at booking, taken back when nobody came."""
    for visit in visits:
        who = visit.person.id
        yield Happening(visit.booked_at, 0, "booking", who, visit.id)
        if visit.status in _LOST:
            lost = _LOST[visit.status]
            yield Happening(visit.closed_at, 1, "take_back", who, visit.id, reason=lost)


def said(found: Sequence[Opinion]) -> Iterator[Happening]:
    """Points for any answer, good or bad."""
    for each in found:
        yield Happening(each.at, 2, "feedback", each.visit.person.id, each.visit.id)


def paid(settled: Sequence[Row], refunds: Sequence[Row]) -> Iterator[Happening]:
    """Points for what was paid, taken back with the money."""
    for row in settled:
        who, at = row["patient_id"], row["settled_at"]
        yield Happening(at, 3, "payment", who, row["id"], row["amount_kobo"])
    whose = {row["id"]: row["patient_id"] for row in settled}
    for row in refunds:
        paid_id, at = row["payment_id"], row["refunded_at"]
        why = "the payment was refunded"
        yield Happening(at, 4, "unpaid", whose[paid_id], paid_id, reason=why)


def brought(friends: Sequence[Row]) -> Iterator[Happening]:
    """Points for both when a friend's first visit was kept."""
    for row in friends:
        if row["rewarded_at"]:
            yield Happening(row["rewarded_at"], 5, "referral", row["referrer_id"], row["id"])
            yield Happening(row["rewarded_at"], 5, "welcome", row["friend_id"], row["id"])
