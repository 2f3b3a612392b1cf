"""Whom a personal talk is about, what they may see, and their points account."""

from conversations.desk import Answers, Desk
from conversations.desk.identity import patient_of
from crm import loyalty
from crm.kit.permissions import Actor, Kind, Role, Scope
from crm.loyalty.refusals import NotEnrolled
from crm.models import LoyaltyAccount, Patient
from crm.patients import Held


def patient(desk: Desk, answers: Answers) -> Held:
    """Whom the talk is about; the identity talk has let them in."""
    found = patient_of(desk, answers)
    assert found is not None  # noqa: S101 -- no personal talk is played without
    return found


def record(desk: Desk, answers: Answers) -> Patient:
    """All that is written of them."""
    return desk.session.get_one(Patient, patient(desk, answers).id)


def own_scope(patient: Held | Patient) -> Scope:
    """What a patient may see: their own."""
    return Scope(frozenset(), patient_id=patient.id)


def itself(patient: Held | Patient) -> Actor:
    """The patient, acting for themselves."""
    return Actor(Kind.PATIENT, patient.id, patient.first_name, ((Role.PATIENT, None),))


def account_of(desk: Desk, answers: Answers) -> LoyaltyAccount | None:
    """The account of whom the talk is about; None before their first points."""
    try:
        return loyalty.of(desk.session, patient(desk, answers).id)
    except NotEnrolled:
        return None
