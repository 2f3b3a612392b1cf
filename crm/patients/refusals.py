"""How the table says no, in words for people."""

from contextlib import AbstractContextManager

from sqlalchemy.orm import Session

from crm.kit.errors import DomainError
from crm.kit.violations import meaning


class MrnTaken(DomainError):
    """Another patient of this hospital has the number."""

    code = "mrn_taken"


class NinTaken(DomainError):
    """Another patient, here or at another hospital of the group, has this NIN."""

    code = "nin_taken"


def spoken(session: Session) -> AbstractContextManager[None]:
    """Write what the block changes; a number that is taken is said in words."""
    return meaning(
        session,
        {
            "uq_patient_profiles_home_hospital_id_mrn": MrnTaken(
                "Another patient of this hospital has this hospital number."
            ),
            "uq_patient_profiles_nin_index": NinTaken(
                "This NIN belongs to another patient's record."
            ),
        },
    )
