"""Owners: found, written down, changed, reached; and everything about one on one page."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Annotated, Any, Literal, ParamSpec
from uuid import UUID

from flask import make_response, request
from pydantic import Field, StringConstraints
from werkzeug.wrappers import Response as AnyResponse

from bot.channels.carrier import Channel
from crm import owners
from crm.api import owner_profiles
from crm.api.kit import (
    Body,
    Data,
    Door,
    Empty,
    Out,
    Page,
    Query,
    call,
    expected_version,
    idempotent,
    needs,
)
from crm.api.kit.fields import Email, Language, PhoneText, Reason, State, Title, Version
from crm.api.owner_profiles import OwnerAddressOut, OwnerProfileOut
from crm.kit.errors import Gone, Invalid
from crm.kit.permissions import Permission
from crm.models import Owner, OwnerKind, OwnerStatus

door = Door("owners", __name__)

P = ParamSpec("P")
View = Callable[P, Any]

Tin = Annotated[str, StringConstraints(min_length=1, max_length=20)]


class OwnerBody(Body):
    """A new owner, and where they are reached."""

    kind: OwnerKind
    name: Title
    hospital_id: UUID | None = None
    resident: bool = True
    tin: Tin | None = None
    state: State | None = None
    language: Language = "en"
    preferred_channel: Channel = Channel.WHATSAPP
    whatsapp: PhoneText | None = None
    phone: PhoneText | None = None
    email: Email | None = None


class OwnerChange(Body):
    """What may change; a field left out stays, `tin: null` takes the number away."""

    version: Version | None = None
    kind: OwnerKind | None = None
    name: Title | None = None
    status: Literal["active", "inactive"] | None = None
    resident: bool | None = None
    tin: Tin | None = None
    state: State | None = None
    language: Language | None = None
    preferred_channel: Channel | None = None


class OwnerFilter(Query):
    """Which owners; `phone` is a whole number in any spelling."""

    name: str | None = Field(default=None, min_length=1, max_length=120)
    phone: PhoneText | None = None
    status: OwnerStatus | None = None
    hospital_id: UUID | None = None


class OwnerAddressBody(Body):
    """A phone for SMS or WhatsApp, or an e-mail address."""

    channel: Channel
    phone: PhoneText | None = None
    email: Email | None = None

    def value(self) -> str:
        """What the channel needs. Raises Invalid when it is missing."""
        field = "email" if self.channel is Channel.EMAIL else "phone"
        value: str | None = getattr(self, field)
        if value is None:
            raise Invalid(field, f"A {self.channel} address needs it.", code="missing")
        return value


class OwnerRevealBody(Body):
    """Why somebody needs to see what is masked."""

    reason: Reason


class OwnerOut(Out):
    """An owner without what is sealed."""

    id: UUID
    kind: OwnerKind
    name: str
    hospital_id: UUID | None
    status: OwnerStatus
    resident: bool
    has_tin: bool
    state: str | None
    language: str
    preferred_channel: Channel
    version: int
    created_at: datetime


class OwnerRevealedOut(Out):
    """The tax number and every address, in full."""

    tin: str | None
    addresses: list[OwnerAddressOut]


_PART = "|".join(owner_profiles.PARTS)
Parts = Annotated[str, StringConstraints(pattern=rf"^({_PART})(,({_PART}))*$", max_length=100)]


class OwnerProfileQuery(Body):
    """What to show beside the owner, with commas between."""

    include: Parts = "contracts,payouts,satisfaction"
    payout_limit: int = Field(default=10, ge=1, le=50)


def revalidated(view: View[P]) -> View[P]:
    """Answer 304 to whoever has the newest already (`If-None-Match`)."""

    @wraps(view)
    def checked(*args: P.args, **kwargs: P.kwargs) -> AnyResponse:
        answer = make_response(view(*args, **kwargs))
        answer.add_etag()
        return answer.make_conditional(request)

    return checked


@door.get("/owners")
@needs(Permission.OWNERS_READ)
@door.input(OwnerFilter, location="query")
@door.output(Page[OwnerOut])
def index(query_data: OwnerFilter) -> Page[OwnerOut]:
    """The owners one may see, by name."""
    found = owners.search(
        call.session,
        scope=call.scope,
        page=query_data.page(),
        **query_data.model_dump(exclude={"limit", "cursor"}),
    )
    return Page[OwnerOut].of(found, OwnerOut.model_validate)


@door.post("/owners")
@needs(Permission.OWNERS_WRITE)
@idempotent
@door.input(OwnerBody)
@door.output(Data[OwnerOut], status_code=201)
def create(json_data: OwnerBody) -> Data[OwnerOut]:
    """Write down an owner."""
    reached = {
        Channel.WHATSAPP: json_data.whatsapp,
        Channel.SMS: json_data.phone,
        Channel.EMAIL: json_data.email,
    }
    facts = json_data.model_dump(exclude={"whatsapp", "phone", "email"})
    owner = owners.make(call.session, **facts, by=call.actor, now=call.now)
    for channel, value in reached.items():
        if value is not None:
            owners.add_address(call.session, owner, channel, value, now=call.now)
    return _one(owner)


@door.get("/owners/<uuid:owner_id>")
@needs(Permission.OWNERS_READ)
@door.output(Data[OwnerOut])
def show(owner_id: UUID) -> Data[OwnerOut]:
    """One owner."""
    return _one(_living(owner_id))


@door.get("/owners/<uuid:owner_id>/profile")
@needs(Permission.OWNERS_READ)
@revalidated
@door.input(OwnerProfileQuery, location="query")
@door.output(Data[OwnerProfileOut])
def profile(owner_id: UUID, query_data: OwnerProfileQuery) -> Data[OwnerProfileOut]:
    """Everything about an owner: contracts, payouts, satisfaction, messages, bank accounts."""
    owner = _living(owner_id)
    parts = set(query_data.include.split(","))
    shown = owner_profiles.compose(owner, parts, payout_limit=query_data.payout_limit)
    return Data(data=shown)


@door.patch("/owners/<uuid:owner_id>")
@needs(Permission.OWNERS_WRITE)
@door.input(OwnerChange)
@door.output(Data[OwnerOut])
def change(owner_id: UUID, json_data: OwnerChange) -> Data[OwnerOut]:
    """Change what is said of an owner."""
    changes = _changes(json_data)
    owner = owners.update(
        call.session,
        owner_id,
        changes=changes,
        version=expected_version(json_data.version),
        by=call.actor,
        now=call.now,
    )
    return _one(owner)


@door.post("/owners/<uuid:owner_id>/addresses")
@needs(Permission.OWNERS_WRITE)
@idempotent
@door.input(OwnerAddressBody)
@door.output(Data[OwnerAddressOut], status_code=201)
def add_address(owner_id: UUID, json_data: OwnerAddressBody) -> Data[OwnerAddressOut]:
    """Let a phone or e-mail address reach an owner."""
    owner = owners.lock(call.session, owner_id, by=call.actor)
    channel, value = json_data.channel, json_data.value()
    address = owners.add_address(call.session, owner, channel, value, now=call.now)
    return Data(data=OwnerAddressOut(id=address.id, channel=channel, value=value))


@door.delete("/owners/<uuid:owner_id>/addresses/<uuid:address_id>")
@needs(Permission.OWNERS_WRITE)
@door.output(Data[Empty])
def remove_address(owner_id: UUID, address_id: UUID) -> Data[Empty]:
    """No longer write to an owner there; the address hears it a last time."""
    owner = owners.lock(call.session, owner_id, by=call.actor)
    owners.remove_address(call.session, owner, address_id, now=call.now)
    call.concerns("owner", owner.id, hospital_id=owner.hospital_id)
    return Data(data=Empty())


@door.post("/owners/<uuid:owner_id>/reveal")
@needs(Permission.OWNERS_REVEAL)
@door.input(OwnerRevealBody)
@door.output(Data[OwnerRevealedOut])
def reveal(owner_id: UUID, json_data: OwnerRevealBody) -> Data[OwnerRevealedOut]:
    """The tax number and every address in full, for a reason that is written down."""
    owner = _living(owner_id)
    seen = owners.reveal(call.session, owner, reason=json_data.reason, by=call.actor, now=call.now)
    addresses = [OwnerAddressOut.of(each, is_masked=False) for each in seen.addresses]
    return Data(data=OwnerRevealedOut(tin=seen.tin, addresses=addresses))


def _living(owner_id: UUID) -> Owner:
    """The owner in scope. Raises NotFound, Gone when erased."""
    owner = owners.get(call.session, owner_id, scope=call.scope)
    call.concerns("owner", owner.id, hospital_id=owner.hospital_id)
    if owner.status is OwnerStatus.ERASED:
        raise Gone("This owner was erased.")
    return owner


def _changes(asked: OwnerChange) -> dict[str, Any]:
    """The fields sent. Raises Invalid for a null where a value must be."""
    changes = asked.model_dump(exclude_unset=True, exclude={"version"})
    for field, value in changes.items():
        if value is None and field not in {"tin", "state"}:
            raise Invalid(field, "This may not be empty.", code="missing")
    if asked.status is not None:
        changes["status"] = OwnerStatus(asked.status)
    return changes


def _one(owner: Owner) -> Data[OwnerOut]:
    call.concerns("owner", owner.id, hospital_id=owner.hospital_id)
    return Data(data=OwnerOut.model_validate(owner))
