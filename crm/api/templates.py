"""Templates: their words, versions and approval."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints

from bot.channels.carrier import Channel
from crm import templates
from crm.api.kit import Body, Data, Door, Out, Page, Query, call, needs
from crm.api.kit.fields import Language, Reason
from crm.api.message_shapes import Variables
from crm.kit.permissions import Permission
from crm.models import Purpose, Template, TemplateCategory, TemplateStatus, TemplateVersion
from crm.templates import Prices
from crm.templates.finding import templates_of
from crm.templates.writing import Words

door = Door("templates", __name__)

TemplateCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{2,49}$")]


class VariableBody(Body):
    """One variable, with an example that reviewers and previews see."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,30}$")]
    type: Literal["text", "number", "money", "date", "moment"] = "text"
    example: Annotated[str, StringConstraints(min_length=1, max_length=200)] | int


class WordsBody(Body):
    """What a version says; `{name}` stands for a variable."""

    body: str = Field(min_length=1, max_length=10_000)
    subject: str = Field(default="", max_length=200)
    variables: list[VariableBody] = Field(default_factory=list, max_length=20)

    def words(self) -> Words:
        """The same as the operation understands it."""
        variables = [each.model_dump() for each in self.variables]
        return Words(self.body, variables, self.subject)


class TemplateBody(WordsBody):
    """A new template: a text in one language for one channel."""

    code: TemplateCode
    channel: Channel
    language: Language = "en"
    category: TemplateCategory
    purpose: Literal["care", "reminder", "notice", "survey", "loyalty", "marketing"]


class RejectBody(Body):
    """Why the words go back."""

    reason: Reason


class PreviewBody(Body):
    """Values to fill the words with; examples stand in for those left out."""

    variables: Variables = Field(default_factory=dict)


class TemplateQuery(Query):
    """Which templates; `version` is the newest unless a number is given."""

    channel: Channel | None = None
    category: TemplateCategory | None = None
    language: Language | None = None
    status: TemplateStatus | None = None
    purpose: Purpose | None = None
    code: Annotated[str, StringConstraints(max_length=50)] | None = None
    version: int | None = Field(default=None, ge=1, le=100_000)


class VariableOut(Out):
    """One variable; every one must be given, or be known of the person."""

    name: str
    type: str
    example: str | int
    required: bool
    """False where it is known of every person."""


class TemplateOut(Out):
    """One version of a template, with what it costs and how it fared in the last 30 days."""

    id: UUID
    version_id: UUID
    code: str
    version: int
    channel: Channel
    language: str
    category: TemplateCategory
    purpose: Purpose
    subject: str
    body: str
    variables: list[VariableOut]
    status: TemplateStatus
    provider_status: str | None
    rejection_reason: str | None
    segments: int
    price_kobo: int
    created_by: UUID | None
    created_at: datetime
    approved_by: UUID | None
    approved_at: datetime | None
    used_last_30d: int
    delivery_rate_30d: float | None


class FilledOut(Out):
    """The words as somebody would read them."""

    subject: str
    text: str
    segments: int
    price_kobo: int


@door.get("/communications/templates")
@needs(Permission.TEMPLATES_READ)
@door.input(TemplateQuery, location="query")
@door.output(Page[TemplateOut])
def index(query_data: TemplateQuery) -> Page[TemplateOut]:
    """The templates in their newest version, the latest written first."""
    wanted = query_data.model_dump(exclude={"limit", "cursor"})
    found = templates.search(call.session, query_data.page(), **wanted)
    shelf = _Shelf.of(list(found.items))
    return Page[TemplateOut].of(found, shelf.shape)


@door.post("/communications/templates")
@needs(Permission.TEMPLATES_WRITE)
@door.input(TemplateBody)
@door.output(Data[TemplateOut], status_code=201)
def create(json_data: TemplateBody) -> Data[TemplateOut]:
    """Write a new template, as a draft."""
    version = templates.create(
        call.session,
        code=json_data.code,
        channel=json_data.channel,
        language=json_data.language,
        category=json_data.category,
        purpose=Purpose(json_data.purpose),
        words=json_data.words(),
        by=call.actor,
        now=call.now,
    )
    return _shown(version)


@door.post("/communications/templates/<uuid:template_id>/versions")
@needs(Permission.TEMPLATES_WRITE)
@door.input(WordsBody)
@door.output(Data[TemplateOut], status_code=201)
def revise(template_id: UUID, json_data: WordsBody) -> Data[TemplateOut]:
    """Write the next version; the one in use stays until this one is approved."""
    return _shown(
        templates.revise(call.session, template_id, json_data.words(), by=call.actor, now=call.now)
    )


@door.get("/communications/template-versions/<uuid:version_id>")
@needs(Permission.TEMPLATES_READ)
@door.output(Data[TemplateOut])
def show(version_id: UUID) -> Data[TemplateOut]:
    """One version."""
    return _shown(templates.get_version(call.session, version_id))


@door.post("/communications/template-versions/<uuid:version_id>/preview")
@needs(Permission.TEMPLATES_READ)
@door.input(PreviewBody)
@door.output(Data[FilledOut])
def preview(version_id: UUID, json_data: PreviewBody) -> Data[FilledOut]:
    """The words filled with these values, with their parts and price; nothing is kept."""
    version = templates.get_version(call.session, version_id)
    templates.refuse_unknown(version, json_data.variables)
    shelf = _Shelf.of([version])
    filled, parts, price = shelf.fill(version, json_data.variables)
    return Data(
        data=FilledOut(subject=filled.subject, text=filled.text, segments=parts, price_kobo=price)
    )


@door.post("/communications/template-versions/<uuid:version_id>/submit")
@needs(Permission.TEMPLATES_WRITE)
@door.output(Data[TemplateOut])
def submit(version_id: UUID) -> Data[TemplateOut]:
    """Ask for approval."""
    return _shown(templates.submit(call.session, version_id))


@door.post("/communications/template-versions/<uuid:version_id>/approve")
@needs(Permission.TEMPLATES_WRITE)
@door.output(Data[TemplateOut])
def approve(version_id: UUID) -> Data[TemplateOut]:
    """Let the words be sent from now on; somebody else than their author does this."""
    return _shown(templates.approve(call.session, version_id, by=call.actor, now=call.now))


@door.post("/communications/template-versions/<uuid:version_id>/reject")
@needs(Permission.TEMPLATES_WRITE)
@door.input(RejectBody)
@door.output(Data[TemplateOut])
def reject(version_id: UUID, json_data: RejectBody) -> Data[TemplateOut]:
    """Send the words back, with the reason."""
    return _shown(
        templates.reject(call.session, version_id, reason=json_data.reason, by=call.actor)
    )


@door.post("/communications/template-versions/<uuid:version_id>/archive")
@needs(Permission.TEMPLATES_WRITE)
@door.output(Data[TemplateOut])
def archive(version_id: UUID) -> Data[TemplateOut]:
    """Use the words no more."""
    return _shown(templates.archive(call.session, version_id))


class _Shelf:
    """What the shapes of some versions are made of, read at once."""

    def __init__(
        self,
        owners: Mapping[UUID, Template],
        prices: Prices,
        used: Mapping[UUID, tuple[int, int]],
    ) -> None:
        self._owners, self._prices, self._used = owners, prices, used

    @classmethod
    def of(cls, versions: list[TemplateVersion]) -> Self:
        """Read what belongs to these versions."""
        session, ids = call.session, [version.id for version in versions]
        return cls(
            templates_of(session, versions),
            Prices.on(session, call.now),
            templates.usage(session, ids, now=call.now),
        )

    def fill(
        self, version: TemplateVersion, given: Mapping[str, Any]
    ) -> tuple[templates.Rendered, int, int]:
        """The words, their parts and their price."""
        template = self._owners[version.template_id]
        examples = {each["name"]: each["example"] for each in version.variables}
        filled = templates.render(version, {**examples, **given})
        parts = filled.segments_on(template.channel)
        return filled, parts, self._prices.of(template.channel, template.purpose, parts)

    def shape(self, version: TemplateVersion) -> TemplateOut:
        """The version as it is answered."""
        template = self._owners[version.template_id]
        _, parts, price = self.fill(version, {})
        used, arrived = self._used.get(version.id, (0, 0))
        own = {name: getattr(version, name) for name in _OF_VERSION}
        known = {name: getattr(template, name) for name in _OF_TEMPLATE}
        return TemplateOut(
            **own,
            **known,
            version_id=version.id,
            variables=[_variable(each) for each in version.variables],
            segments=parts,
            price_kobo=price,
            used_last_30d=used,
            delivery_rate_30d=arrived / used if used else None,
        )


_OF_TEMPLATE = ("id", "code", "channel", "language", "category", "purpose")
_OF_VERSION = (
    "version", "subject", "body", "status", "provider_status", "rejection_reason", "created_by",
    "created_at", "approved_by", "approved_at",
)  # fmt: skip


def _variable(given: Mapping[str, Any]) -> VariableOut:
    return VariableOut(**given, required=given["name"] not in templates.PERSONAL)


def _shown(version: TemplateVersion) -> Data[TemplateOut]:
    call.concerns("template_version", version.id)
    return Data(data=_Shelf.of([version]).shape(version))
