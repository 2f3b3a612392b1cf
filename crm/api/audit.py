"""Who did, saw or was refused what."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from crm import audit
from crm.api.kit import Data, Door, Out, Page, Query, call, needs
from crm.api.kit.fields import Moment
from crm.kit.errors import Denied
from crm.kit.permissions import Kind, Permission
from crm.models import AuditOutcome

door = Door("audit", __name__)


class EventQuery(Query):
    """Which events."""

    actor_id: UUID | None = None
    entity_id: UUID | None = None
    action: str | None = Field(default=None, max_length=80)
    outcome: AuditOutcome | None = None
    since: Moment | None = None
    until: Moment | None = None


class EventOut(Out):
    """One act, look or refusal: names of fields, never what was in them."""

    id: UUID
    at: datetime
    actor_kind: Kind
    actor_id: UUID | None
    roles: list[str]
    address: str | None
    request_id: str | None
    hospital_id: UUID | None
    action: str
    entity: str | None
    entity_id: UUID | None
    fields: list[str]
    purpose: str | None
    outcome: AuditOutcome


@door.get("/audit")
@needs(Permission.AUDIT_READ)
@door.input(EventQuery, location="query")
@door.output(Page[EventOut])
def index(query_data: EventQuery) -> Page[EventOut]:
    """The events of one's hospitals, newest first."""
    found = audit.search(
        call.session,
        scope=call.scope,
        page=query_data.page(),
        **query_data.model_dump(exclude={"limit", "cursor"}),
    )
    return Page[EventOut].of(found, EventOut.model_validate)


class VerdictOut(Out):
    """Whether every seal holds, and the newest digest of each chain to keep elsewhere."""

    is_whole: bool
    broken: list[str]
    digests: dict[str, str]


@door.get("/audit/verify")
@needs(Permission.AUDIT_READ)
@door.output(Data[VerdictOut])
def verify() -> Data[VerdictOut]:
    """Recompute every seal; for those who see all hospitals."""
    if call.scope.hospitals is not None:
        raise Denied("Only who sees all hospitals may verify the whole log.")
    broken, newest = audit.verify(call.session)
    digests = {str(chain or "group"): digest.hex() for chain, digest in newest.items()}
    verdict = VerdictOut(is_whole=not broken, broken=[str(b) for b in broken], digests=digests)
    return Data(data=verdict)
