"""What owners said, one by one."""

from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from crm import owners
from crm.kit.paging import Found, PageRequest, keyset
from crm.kit.permissions import Scope
from crm.models import OwnerSatisfaction


def of_owner(
    session: Session, owner_id: UUID, *, scope: Scope, page: PageRequest
) -> Found[OwnerSatisfaction]:
    """The answers of one owner, newest first; staff see those about their hospitals.

    Raises NotFound.
    """
    owners.get(session, owner_id, scope=scope)
    is_own = OwnerSatisfaction.owner_id == scope.owner_id
    found = (
        select(OwnerSatisfaction)
        .where(OwnerSatisfaction.owner_id == owner_id)
        .where(or_(scope.where(OwnerSatisfaction.hospital_id), is_own))
    )
    return keyset(
        session, found, page, OwnerSatisfaction.said_at.desc(), OwnerSatisfaction.id.desc()
    )
