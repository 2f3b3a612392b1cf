"""How satisfied owners are: what they say each quarter, the rounds that ask, the figures."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field

from crm import satisfaction
from crm.api.figures import RateOut, ScoreGroupOut, ScoresOut
from crm.api.kit import Body, Data, Door, Out, Page, Query, call, idempotent, needs
from crm.api.kit.fields import Note, Quarter, State
from crm.kit.permissions import Permission
from crm.kit.scores import LEAST
from crm.kit.windows import Window
from crm.models import AnswerSource, ContractModel, FollowUp, OwnerSatisfaction
from crm.satisfaction import Metrics, Wanted

door = Door("satisfaction", __name__)

Score = Annotated[int, Field(ge=1, le=5)]
Likelihood = Annotated[int, Field(ge=0, le=10)]


class Answers(Body):
    """The questions beside the first."""

    payout_timeliness: Score | None = None
    communication: Score | None = None
    transparency: Score | None = None
    support: Score | None = None
    nps: Likelihood | None = None
    comment: Note | None = None


class SatisfactionBody(Answers):
    """What an owner says of a quarter; the current one unless said."""

    overall: Score
    contract_id: UUID | None = None
    period: Quarter | None = None
    channel: AnswerSource | None = Field(
        default=None, description="By which way staff or the bot heard it; owners' own is web."
    )


class SatisfactionChange(Answers):
    """What may change within a day, or be added later; a field left out stays."""

    overall: Score | None = None


class RoundBody(Body):
    """Which quarter to ask about; the current one unless said."""

    period: Quarter | None = None


class MetricsFilter(Body):
    """Which days (the last ninety unless said, at most 24 months), whose, grouped by what."""

    since: date | None = Field(default=None, alias="from")
    until: date | None = Field(default=None, alias="to")
    hospital_id: UUID | None = None
    state: State | None = None
    contract_model: ContractModel | None = None
    group_by: Literal["month", "hospital", "state", "contract_model"] | None = None


class SatisfactionOut(Out):
    """What an owner said of a quarter."""

    id: UUID
    owner_id: UUID
    contract_id: UUID | None
    hospital_id: UUID | None
    period: str
    overall: int
    payout_timeliness: int | None
    communication: int | None
    transparency: int | None
    support: int | None
    nps: int | None
    comment: str | None
    channel: str
    said_at: datetime

    @classmethod
    def of(cls, row: OwnerSatisfaction) -> Self:
        """The shape of a row, its comment opened."""
        same = cls.model_fields.keys() & row.__table__.columns.keys()
        comment = satisfaction.comment_of(call.session, row)
        values = {name: getattr(row, name) for name in same}
        return cls(**values, comment=comment, channel=row.source)


class AnsweredOut(Out):
    """What an answer led to."""

    id: UUID
    period: str
    sentiment: str
    follow_up_id: UUID | None

    @classmethod
    def of(cls, row: OwnerSatisfaction, follow_up: FollowUp | None) -> Self:
        """The shape of an answer."""
        words = ("negative", "negative", "neutral", "positive", "positive")
        return cls(
            id=row.id,
            period=row.period,
            sentiment=words[row.overall - 1],
            follow_up_id=follow_up.id if follow_up else None,
        )


class RoundOut(Out):
    """Who is going to be asked."""

    period: str
    invited: int


class DriverOut(Out):
    """The mean of one dimension over those who answered it."""

    mean: float | None
    n: int


class MetricsOut(ScoresOut):
    """The figures; groups of fewer than five answers are left out and counted."""

    owner_weighted_average: float | None
    drivers: Mapping[str, DriverOut]
    response_rate: RateOut
    series: list[ScoreGroupOut]
    suppressed_groups: int
    as_of: datetime
    window: Mapping[str, date]

    @classmethod
    def of_metrics(cls, found: Metrics, window: Window) -> Self:
        """The shape of the figures."""
        is_hidden = found.tally.is_hidden
        return cls(
            **ScoresOut.of(found.tally).model_dump(),
            owner_weighted_average=None if is_hidden else found.owner_weighted_average,
            drivers={
                name: DriverOut(mean=each.mean if each.n >= LEAST else None, n=each.n)
                for name, each in found.drivers.items()
            },
            response_rate=RateOut.of(found.response, found.as_of),
            series=[ScoreGroupOut.of_group(group) for group in found.series],
            suppressed_groups=found.suppressed_groups,
            as_of=found.as_of,
            window={"from": window.since, "to": window.until},
        )


@door.post("/owners/<uuid:owner_id>/satisfaction")
@needs(Permission.SATISFACTION_WRITE)
@idempotent
@door.input(SatisfactionBody)
@door.output(Data[AnsweredOut], status_code=201)
def create(owner_id: UUID, json_data: SatisfactionBody) -> Data[AnsweredOut]:
    """Say how satisfied an owner is; once for each contract and quarter."""
    row, follow_up = satisfaction.give(
        call.session,
        owner_id,
        answers=_answers(json_data),
        contract_id=json_data.contract_id,
        period=json_data.period,
        source=_source(json_data.channel),
        scope=call.scope,
        now=call.now,
    )
    call.concerns("satisfaction", row.id, hospital_id=row.hospital_id)
    return Data(data=AnsweredOut.of(row, follow_up))


@door.patch("/owners/<uuid:owner_id>/satisfaction/<uuid:satisfaction_id>")
@needs(Permission.SATISFACTION_WRITE)
@door.input(SatisfactionChange)
@door.output(Data[AnsweredOut])
def change(
    owner_id: UUID, satisfaction_id: UUID, json_data: SatisfactionChange
) -> Data[AnsweredOut]:
    """Change what was said less than a day ago, or add what was left out."""
    row, follow_up = satisfaction.edit(
        call.session,
        satisfaction_id,
        owner_id=owner_id,
        answers=_answers(json_data),
        scope=call.scope,
        now=call.now,
    )
    call.concerns("satisfaction", row.id, hospital_id=row.hospital_id)
    return Data(data=AnsweredOut.of(row, follow_up))


@door.get("/owners/<uuid:owner_id>/satisfaction")
@needs(Permission.SATISFACTION_READ)
@door.input(Query, location="query")
@door.output(Page[SatisfactionOut])
def index(owner_id: UUID, query_data: Query) -> Page[SatisfactionOut]:
    """What one owner said, newest first."""
    found = satisfaction.of_owner(call.session, owner_id, scope=call.scope, page=query_data.page())
    return Page[SatisfactionOut].of(found, SatisfactionOut.of)


@door.get("/owners/satisfaction/metrics")
@needs(Permission.SATISFACTION_READ)
@door.input(MetricsFilter, location="query")
@door.output(Data[MetricsOut])
def metrics(query_data: MetricsFilter) -> Data[MetricsOut]:
    """Average, recommendation, what drives it and who answers, at one's hospitals."""
    window = Window.of(query_data.since, query_data.until, now=call.now)
    wanted = Wanted(
        window=window,
        hospital_id=query_data.hospital_id,
        state=query_data.state,
        contract_model=query_data.contract_model,
    )
    found = satisfaction.metrics(
        call.session, wanted, scope=call.scope, now=call.now, group_by=query_data.group_by
    )
    return Data(data=MetricsOut.of_metrics(found, window))


@door.post("/owners/satisfaction/rounds")
@needs(Permission.MESSAGES_BULK)
@idempotent
@door.input(RoundBody)
@door.output(Data[RoundOut], status_code=202)
def start_round(json_data: RoundBody) -> Data[RoundOut]:
    """Invite the owners of one's hospitals to this quarter's survey; nobody twice."""
    period = json_data.period or satisfaction.current(call.now)
    invited = satisfaction.invite_owners(
        call.session, period=period, scope=call.scope, now=call.now
    )
    return Data(data=RoundOut(period=period, invited=invited))


def _answers(body: Answers) -> dict[str, Any]:
    sent = body.model_dump(exclude_unset=True)
    return {name: sent[name] for name in satisfaction.QUESTIONS if sent.get(name) is not None}


def _source(channel: AnswerSource | None) -> AnswerSource:
    if not call.scope.is_staff:
        return AnswerSource.WEB
    return channel or AnswerSource.CALL
