"""Messages to anybody: one, many, what is due, how they fare, and whether a channel works."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from bot.channels.carrier import Channel
from crm import campaigns, communications, message_statistics
from crm.api.figures import RateOut
from crm.api.gate_shapes import ExplainedOut, ExplainQuery, WayOut
from crm.api.kit import Body, Data, Door, Out, call, idempotent, needs
from crm.api.kit.fields import Code
from crm.api.message_shapes import (
    BulkOut,
    ChannelWord,
    MessageOut,
    ToBody,
    Variables,
    WordsBody,
    send_all,
    send_one,
)
from crm.api.trials import TrialBody, TrialOut, try_channel
from crm.communications import Wish
from crm.gate import Kind
from crm.kit.clock import lagos_day
from crm.kit.errors import Invalid
from crm.kit.permissions import Permission
from crm.message_statistics import Counts, Grouping, Statistics
from crm.models import Purpose

door = Door("communications", __name__)

MOST = 1_000
_LONGEST_SPAN = timedelta(days=400)
_ClientRef = Annotated[str, Field(max_length=64)]


class SendBody(WordsBody):
    """One message to somebody."""

    to: ToBody
    client_ref: _ClientRef | None = None

    def wished(self) -> Wish:
        """The same as the operation understands it."""
        return self.wish(self.to.to(self.channel), client_ref=self.client_ref)


class RecipientBody(ToBody):
    """One of many who get the same template, with values of their own."""

    variables: Variables = Field(default_factory=dict)
    client_ref: _ClientRef | None = None


class SendBulkBody(Body):
    """Up to a thousand messages, each in full, or one template with its recipients."""

    messages: Annotated[list[SendBody], Field(max_length=MOST)] = Field(default_factory=list)
    template_code: Code | None = None
    channel: ChannelWord = "auto"
    variables: Variables = Field(default_factory=dict)
    recipients: Annotated[list[RecipientBody], Field(max_length=MOST)] = Field(default_factory=list)
    atomic: bool = False
    dry_run: bool = False

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if bool(self.messages) == bool(self.recipients):
            raise ValueError("either messages, or a template_code with recipients")
        if bool(self.recipients) != bool(self.template_code):
            raise ValueError("recipients get a template_code, and messages have their own")
        return self

    def wishes(self) -> list[Wish]:
        """The same as the operation understands it."""
        if self.messages:
            return [each.wished() for each in self.messages]
        words = WordsBody(channel=self.channel, template_code=self.template_code)
        return [
            words.wish(
                each.to(self.channel),
                client_ref=each.client_ref,
                variables=self.variables | each.variables,
            )
            for each in self.recipients
        ]


class ProcessBody(Body):
    """How much to look at."""

    limit: int = Field(default=10_000, ge=1, le=10_000)
    channels: list[Channel] = Field(default_factory=list, max_length=3)
    dry_run: bool = False


class ProcessedOut(Out):
    """What was found and done; workers do the sending."""

    due: int
    claimed: int = Field(description="Given to the workers.")
    expired: int = Field(description="Past their time to live; never sent late.")
    campaigns_due: int
    paused_campaigns: list[str]
    oldest_due_age_s: float


class StatisticsQuery(Body):
    """Which messages, by Lagos days; the last 30 unless said otherwise."""

    since: date | None = None
    until: date | None = None
    channel: Channel | None = None
    purpose: Purpose | None = None
    template: Code | None = None
    campaign_id: UUID | None = None
    hospital_id: UUID | None = None
    group_by: Grouping = Grouping.DAY

    def wanted(self) -> message_statistics.Wanted:
        """The same as the operation understands it. Raises Invalid for a span too long."""
        until = self.until or lagos_day(call.now)
        since = self.since or until - timedelta(days=29)
        if not since <= until <= since + _LONGEST_SPAN:
            raise Invalid("since", "At most 400 days, from the first to the last.", code="range")
        if not date(2000, 1, 1) <= since <= until <= date(2200, 1, 1):
            raise Invalid("since", "These days are too far away.", code="range")
        names = ("channel", "purpose", "template", "campaign_id", "hospital_id")
        given = {name: getattr(self, name) for name in names}
        return message_statistics.Wanted(since=since, until=until, **given)


class LatencyOut(Out):
    """Seconds from handing over to delivery."""

    p50: float | None
    p95: float | None


class ErrorOut(Out):
    """A carrier's code, how often it came, what it means."""

    code: int
    n: int
    meaning: str


class GroupOut(Out):
    """One point of the series."""

    key: str
    totals: Mapping[str, int]


class StatisticsOut(Out):
    """How messages fared. Tests of channels are not among them."""

    totals: Mapping[str, int]
    rates: Mapping[str, RateOut]
    latency: LatencyOut
    received: int
    opt_outs: int
    cost_kobo: int
    currency: str = "NGN"
    top_errors: list[ErrorOut]
    series: list[GroupOut]
    as_of: datetime

    @classmethod
    def of(cls, found: Statistics, as_of: datetime) -> Self:
        """From what was counted."""
        rates = found.counts.rates
        return cls(
            totals=found.counts.totals,
            rates={name: RateOut.of(rate, as_of) for name, rate in rates.items()},
            latency=LatencyOut(p50=found.p50_s, p95=found.p95_s),
            received=found.received,
            opt_outs=found.opt_outs,
            cost_kobo=found.cost_kobo,
            top_errors=[
                ErrorOut(code=each.code, n=each.number, meaning=each.meaning)
                for each in found.top_errors
            ],
            series=[_group(key, counts) for key, counts in found.series],
            as_of=as_of,
        )


def _group(key: str, counts: Counts) -> GroupOut:
    return GroupOut(key=key, totals=counts.totals)


@door.post("/communications/send")
@needs(Permission.MESSAGES_SEND)
@idempotent
@door.input(SendBody)
@door.output(Data[MessageOut], status_code=202)
def send(json_data: SendBody) -> Data[MessageOut]:
    """Send one message, now or later, past the gate; a `reference` is taken once."""
    sent = send_one(json_data.wished())
    call.concerns("message", sent.id)
    return Data(data=sent)


@door.post("/communications/send-bulk")
@needs(Permission.MESSAGES_BULK)
@idempotent
@door.input(SendBulkBody)
@door.doc(responses={200: "What would be sent, for a dry run."})
@door.output(Data[BulkOut], status_code=202)
def send_bulk(json_data: SendBulkBody) -> tuple[Data[BulkOut], int]:
    """Send up to a thousand messages; each is answered for, and those that may go, go."""
    answer, status = send_all(
        json_data.wishes(), dry_run=json_data.dry_run, is_atomic=json_data.atomic
    )
    return Data(data=answer), status


@door.post("/communications/process-scheduled")
@needs(Permission.MESSAGES_RUN)
@door.input(ProcessBody)
@door.output(Data[ProcessedOut])
def process_scheduled(json_data: ProcessBody) -> Data[ProcessedOut]:
    """Take up what is due by now: what the minute's job does, by hand."""
    found = campaigns.process_scheduled(
        call.session, now=call.now, scope=call.scope, **json_data.model_dump()
    )
    return Data(data=ProcessedOut.model_validate(found))


@door.post("/communications/test")
@needs(Permission.CHANNELS_TEST)
@door.input(TrialBody)
@door.output(Data[TrialOut])
def test(json_data: TrialBody) -> Data[TrialOut]:
    """Try a channel on a tester's address and wait for the carrier's word; counted nowhere."""
    return Data(data=try_channel(json_data))


@door.get("/communications/statistics")
@needs(Permission.STATISTICS_READ)
@door.input(StatisticsQuery, location="query")
@door.output(Data[StatisticsOut])
def statistics(query_data: StatisticsQuery) -> Data[StatisticsOut]:
    """How messages fared: counts, rates with intervals, times, cost and errors."""
    found = message_statistics.statistics(
        call.session, query_data.wanted(), scope=call.scope, group_by=query_data.group_by
    )
    return Data(data=StatisticsOut.of(found, call.now))


@door.get("/communications/explain")
@needs(Permission.MESSAGES_READ)
@door.input(ExplainQuery, location="query")
@door.output(Data[ExplainedOut])
def explain(query_data: ExplainQuery) -> Data[ExplainedOut]:
    """Whether a message may go to this person now, by which way, and if not, why."""
    to, scope = query_data.to()
    found = communications.explain(
        call.session,
        to,
        channel=query_data.channel,
        purpose=Purpose(query_data.purpose),
        scope=scope,
        now=call.now,
        has_template=query_data.has_template,
    )
    ways = [WayOut.model_validate(each) for each in found]
    answer = next((way for way in ways if way.verdict.kind is not Kind.STOP), ways[0])
    return Data(data=ExplainedOut(answer=answer, ways=ways))
