"""Messages to owners: one, many, and what was said so far."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from sqlalchemy import select

from crm import campaigns, communications, owners
from crm.api.kit import Data, Door, Page, call, idempotent, needs
from crm.api.line_shapes import LineOut, LineQuery
from crm.api.message_shapes import (
    BulkOut,
    MessageOut,
    Variables,
    WordsBody,
    narrowed,
    send_all,
    send_one,
)
from crm.communications import To
from crm.kit.errors import Invalid
from crm.kit.permissions import Permission
from crm.models import Owner, PersonKind

door = Door("owner_communications", __name__)

MOST = 1_000


class OwnerBulkBody(WordsBody):
    """One template for many owners, named or found by a filter; values may differ by owner."""

    owner_ids: Annotated[list[UUID], Field(max_length=MOST)] = Field(default_factory=list)
    filter: dict[str, Any] | None = None
    per_owner_variables: dict[UUID, Variables] = Field(default_factory=dict, max_length=MOST)
    dry_run: bool = False


@door.post("/owners/<uuid:owner_id>/communications")
@needs(Permission.MESSAGES_SEND)
@idempotent
@door.input(WordsBody)
@door.output(Data[MessageOut], status_code=202)
def send(owner_id: UUID, json_data: WordsBody) -> Data[MessageOut]:
    """Send an owner a message, now or later, past the gate."""
    owners.get(call.session, owner_id, scope=narrowed(Permission.OWNERS_READ))
    return Data(data=send_one(json_data.wish(To.owner(owner_id))))


@door.post("/owners/communications/bulk")
@needs(Permission.MESSAGES_BULK)
@idempotent
@door.input(OwnerBulkBody)
@door.doc(responses={200: "What would be sent, for a dry run."})
@door.output(Data[BulkOut], status_code=202)
def send_bulk(json_data: OwnerBulkBody) -> tuple[Data[BulkOut], int]:
    """Send one template to up to a thousand owners; each is answered for."""
    call.require(Permission.OWNERS_READ)
    if json_data.body is not None:
        raise Invalid("body", "Many people get a template, no words of one's own.")
    wishes = [
        json_data.wish(
            To.owner(owner_id),
            client_ref=str(owner_id),
            reference=json_data.reference and f"{json_data.reference}:{owner_id}",
            variables=json_data.variables | json_data.per_owner_variables.get(owner_id, {}),
        )
        for owner_id in _owner_ids(json_data)
    ]
    answer, status = send_all(wishes, dry_run=json_data.dry_run)
    return Data(data=answer), status


@door.get("/owners/<uuid:owner_id>/communications")
@needs(Permission.MESSAGES_READ)
@door.input(LineQuery, location="query")
@door.output(Page[LineOut])
def index(owner_id: UUID, query_data: LineQuery) -> Page[LineOut]:
    """What was said with an owner, newest first; words for those who may send them."""
    scope = narrowed(Permission.OWNERS_READ)
    owners.get(call.session, owner_id, scope=scope)
    found = communications.search(
        call.session,
        PersonKind.OWNER,
        owner_id,
        query_data.wanted(),
        scope=scope,
        page=query_data.page(),
        opens_bodies=_may_open(owner_id),
    )
    sent = communications.timelines(call.session, [line.row.id for line in found.items])
    return Page[LineOut].of(found, lambda line: LineOut.of(line, sent.get(line.row.id)))


def _may_open(owner_id: UUID) -> bool:
    """Themselves, and whoever writes to such owners."""
    if call.scope.owner_id == owner_id:
        return True
    writes = call.actor.scope(Permission.MESSAGES_SEND)
    query = select(Owner.id).where(Owner.id == owner_id, owners.visible(writes))
    return call.session.scalar(query) is not None


def _owner_ids(given: OwnerBulkBody) -> list[UUID]:
    if bool(given.owner_ids) == (given.filter is not None):
        raise Invalid("owner_ids", "Give either owner_ids or a filter.")
    if given.filter is None:
        return list(dict.fromkeys(given.owner_ids))
    scope = narrowed(Permission.OWNERS_READ)
    found = campaigns.owners_matching(
        call.session, given.filter, scope=scope, now=call.now, limit=MOST + 1
    )
    if len(found) > MOST:
        raise Invalid("filter", f"More than {MOST} owners: use a campaign.", code="too_many")
    if not found:
        raise campaigns.EmptyAudience("The filter finds nobody.")
    return found
