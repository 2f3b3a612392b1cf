"""At a desk, points are spent only with a code that the member's own phone was sent."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm import addresses, one_time_codes, patients
from crm.kit.errors import DomainError
from crm.models import AccountKind, AddressHolder, CodePurpose, Patient


class Unreachable(DomainError):
    """There is no address that a code could be sent to."""

    code = "no_address"


def ask(session: Session, patient: Patient, *, now: datetime) -> tuple[UUID, datetime]:
    """Send the member a code; the challenge it answers and when it ends. Raises Unreachable."""
    address = patients.best_address(session, patient.id)
    if address is None:
        raise Unreachable("There is no phone or e-mail of this patient to send a code to.")
    return one_time_codes.send(
        session,
        channel=address.channel,
        value=addresses.value_of(session, address),
        kind=AccountKind.PATIENT,
        purpose=CodePurpose.REDEEM,
        language=patient.language,
        now=now,
    )


def prove(
    session: Session, patient: Patient, *, challenge_id: UUID, code: str, now: datetime
) -> None:
    """Spend the code that the member reads out. Raises WrongCode."""
    challenge = one_time_codes.check(
        session, challenge_id, code, purpose=CodePurpose.REDEEM, now=now
    )
    speaks_for = {patient.id, patient.guardian_id}
    holders = select(AddressHolder.patient_id).where(
        AddressHolder.address_id == challenge.address_id
    )
    if speaks_for.isdisjoint(session.scalars(holders)):
        raise one_time_codes.WrongCode("That code is not right, or it has expired.")
    one_time_codes.spend(session, challenge, now=now)
