"""How the table says no, in words for people."""

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg.errors import UniqueViolation
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from crm.kit.errors import DomainError


class MrnTaken(DomainError):
    """Another patient of this hospital has the number."""

    code = "mrn_taken"


class NinTaken(DomainError):
    """Another patient, here or at another hospital of the group, has this NIN."""

    code = "nin_taken"


_BY_CONSTRAINT = {
    "uq_patient_profiles_home_hospital_id_mrn": MrnTaken(
        "Another patient of this hospital has this hospital number."
    ),
    "uq_patient_profiles_nin_index": NinTaken("This NIN belongs to another patient's record."),
}


@contextmanager
def spoken(session: Session) -> Iterator[None]:
    """Write what is in the session; a number that is taken is said in words."""
    try:
        with session.begin_nested():
            yield
            session.flush()
    except IntegrityError as error:
        if not isinstance(error.orig, UniqueViolation):
            raise
        refusal = _BY_CONSTRAINT.get(error.orig.diag.constraint_name or "")
        if refusal is None:
            raise
        raise type(refusal)(str(refusal)) from None
