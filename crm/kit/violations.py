"""What a constraint of the database means to people."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from crm.kit.errors import DomainError


@contextmanager
def meaning(session: Session, refusals: Mapping[str, DomainError]) -> Iterator[None]:
    """Flush what the block adds; a broken constraint of these names raises its refusal.

    The block runs in a savepoint, so that the transaction lives on.
    """
    try:
        with session.begin_nested():
            yield
            session.flush()
    except IntegrityError as error:
        refusal = refusals.get(_constraint(error) or "")
        if refusal is None:
            raise
        raise refusal from None


def _constraint(error: IntegrityError) -> str | None:
    return getattr(getattr(error.orig, "diag", None), "constraint_name", None)
