"""The figures of the house: owners, patients, the service itself."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import date, datetime
from uuid import UUID

from pydantic import Field

from crm import analytics
from crm.analytics import Wanted
from crm.api.figures import RateOut, ScoresOut
from crm.api.kit import Body, Data, Door, Out, call, needs
from crm.kit.intervals import Rate
from crm.kit.permissions import Permission
from crm.kit.windows import Window

door = Door("analytics", __name__)


class ReportFilter(Body):
    """Which days (the last ninety unless said, at most 24 months) and which hospital."""

    since: date | None = Field(default=None, alias="from")
    until: date | None = Field(default=None, alias="to")
    hospital_id: UUID | None = None

    def wanted(self) -> Wanted:
        """The same as the operations know it. Raises Invalid."""
        window = Window.of(self.since, self.until, now=call.now)
        return Wanted(window, self.hospital_id)


class PatientsFilter(ReportFilter):
    """The same, and how strict attendance is."""

    late_cancel_is_missed: bool = Field(
        default=False, description="Count a visit cancelled less than two hours ahead as missed."
    )


class OwnersScoresOut(ScoresOut):
    """What owners said; the owner-weighted average counts each of them once."""

    owner_weighted_average: float | None
    response_rate: RateOut


class OwnersOut(Out):
    """How it goes with owners."""

    satisfaction: OwnersScoresOut
    payouts_completed: RateOut
    value_completed: RateOut = Field(description="The same in kobo.")
    payouts_on_time: RateOut
    engagement: Mapping[str, RateOut]
    renewal: RateOut
    as_of: datetime


class PointsFiguresOut(Out):
    """Points in the window, and what members still hold."""

    issued: int
    redeemed: RateOut
    expired: RateOut
    outstanding: int


class WishesOut(Out):
    """How contactable patients want to be reached."""

    contactable: RateOut
    by_channel: Mapping[str, int]
    by_language: Mapping[str, int]
    marketing: RateOut


class PatientsOut(Out):
    """How it goes with patients."""

    attendance: RateOut
    no_show: RateOut
    feedback_response: RateOut
    loyalty_engagement: RateOut
    points: PointsFiguresOut
    preferences: WishesOut
    as_of: datetime


class RouteTimesOut(Out):
    """How long answers of one route took; null beyond the last bound that is counted."""

    route: str
    requests: int
    p50_s: float | None
    p95_s: float | None
    p99_s: float | None
    apdex: float


class SystemOut(Out):
    """How the service does; requests are counted since its processes started."""

    delivery: Mapping[str, RateOut]
    errors: RateOut
    refused: Mapping[str, int]
    jobs_failed: RateOut
    routes: list[RouteTimesOut]
    as_of: datetime


@door.get("/analytics/owners")
@needs(Permission.ANALYTICS_READ)
@door.input(ReportFilter, location="query")
@door.output(Data[OwnersOut])
def owners(query_data: ReportFilter) -> Data[OwnersOut]:
    """Owners' satisfaction, payouts in time, engagement and renewals."""
    found = analytics.owners(call.session, query_data.wanted(), scope=call.scope, now=call.now)
    said = found.satisfaction
    satisfaction = OwnersScoresOut(
        **ScoresOut.of(said.tally).model_dump(),
        owner_weighted_average=None if said.tally.is_hidden else said.owner_weighted_average,
        response_rate=RateOut.of(said.response, said.as_of),
    )
    rates = _rates(found, found.as_of)
    return Data(
        data=OwnersOut(
            **rates,
            satisfaction=satisfaction,
            engagement=_by(found.engagement, found.as_of),
            as_of=found.as_of,
        )
    )


@door.get("/analytics/patients")
@needs(Permission.ANALYTICS_READ)
@door.input(PatientsFilter, location="query")
@door.output(Data[PatientsOut])
def patients(query_data: PatientsFilter) -> Data[PatientsOut]:
    """Patients' attendance, answers, points and wishes."""
    found = analytics.patients(
        call.session,
        query_data.wanted(),
        scope=call.scope,
        now=call.now,
        late_is_missed=query_data.late_cancel_is_missed,
    )
    points, wishes, as_of = found.points, found.preferences, found.as_of
    return Data(
        data=PatientsOut(
            **_rates(found, as_of),
            points=PointsFiguresOut(
                **_rates(points, as_of), issued=points.issued, outstanding=points.outstanding
            ),
            preferences=WishesOut(
                **_rates(wishes, as_of),
                by_channel=wishes.by_channel,
                by_language=wishes.by_language,
            ),
            as_of=as_of,
        )
    )


@door.get("/analytics/system")
@needs(Permission.ANALYTICS_READ)
@door.input(ReportFilter, location="query")
@door.output(Data[SystemOut])
def system(query_data: ReportFilter) -> Data[SystemOut]:
    """Delivery, errors, jobs and how fast each route answers."""
    found = analytics.system(call.session, query_data.wanted(), scope=call.scope, now=call.now)
    return Data(
        data=SystemOut(
            **_rates(found, found.as_of),
            delivery=_by(found.delivery, found.as_of),
            refused=found.refused,
            routes=[RouteTimesOut.model_validate(each) for each in found.routes],
            as_of=found.as_of,
        )
    )


def _rates(found: object, as_of: datetime) -> dict[str, RateOut]:
    """Every rate among the fields of a report."""
    named = ((each.name, getattr(found, each.name)) for each in fields(found))  # type: ignore[arg-type] # all are dataclasses
    return {name: RateOut.of(value, as_of) for name, value in named if isinstance(value, Rate)}


def _by(rates: Mapping[str, Rate], as_of: datetime) -> dict[str, RateOut]:
    return {str(key): RateOut.of(rate, as_of) for key, rate in rates.items()}
