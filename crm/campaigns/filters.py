"""Whom a campaign is for: a small tree of conditions over known fields, read and then compiled.

    {"all": [{"field": "state", "op": "in", "value": ["Lagos", "Ogun"]},
             {"not": {"field": "tier", "op": "in", "value": ["bronze"]}}]}

What is not known is refused; nothing of it ever reaches the database but as a bound value.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from sqlalchemy import ColumnElement, and_, exists, func, not_, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute

from bot.channels.carrier import Channel
from crm.kit.clock import at_lagos, lagos_day
from crm.kit.errors import Invalid
from crm.models import (
    Address,
    AddressHolder,
    Appointment,
    AppointmentStatus,
    Contract,
    ContractModel,
    ContractStatus,
    Gender,
    LoyaltyAccount,
    Owner,
    OwnerAddress,
    OwnerKind,
    Patient,
    PersonKind,
)

MOST_DEPTH = 5
MOST_LEAVES = 50
_MOST_VALUES = 200

Condition = ColumnElement[bool]
Column = ColumnElement[Any] | InstrumentedAttribute[Any]
Op = Literal["in", "between", "before", "after", "never"]


class _Node(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Leaf(_Node):
    """One condition on one field."""

    field: str = Field(max_length=40)
    op: Op = "in"
    value: list[str] | list[int] | str | None = None


class All(_Node):
    """Every one of these."""

    all: "list[Node]" = Field(min_length=1, max_length=MOST_LEAVES)


class AnyOf(_Node):
    """At least one of these."""

    any: "list[Node]" = Field(min_length=1, max_length=MOST_LEAVES)


class Not(_Node):
    """Not this."""

    not_: "Node" = Field(alias="not")


Node = Leaf | All | AnyOf | Not
_READ: TypeAdapter[Node] = TypeAdapter(Node)


class UnknownField(Invalid):
    """There is no such field, or it cannot be asked that way."""

    code = "unknown_field"


def compile_filter(given: Mapping[str, Any], audience: PersonKind, *, now: datetime) -> Condition:
    """The condition for a query over patients or owners; an empty filter is everybody.

    Raises Invalid for a tree that is too deep, too wide or not understood; UnknownField.
    """
    if not given:
        return true()
    _check_size(given)
    try:
        node = _READ.validate_python(given)
    except ValidationError:
        raise Invalid("filter", "A filter is made of all, any, not and fields.") from None
    return _compile(node, _FIELDS[audience], now)


def _check_size(given: Mapping[str, Any]) -> None:
    """Before anything walks the tree: a deep one must not be followed to its end."""
    level, leaves = [given], 0
    for _ in range(MOST_DEPTH):
        leaves += len(level)
        level = [child for node in level for child in _children(node)]
        if not level:
            break
    if level or leaves > MOST_LEAVES:
        raise Invalid(
            "filter",
            f"At most {MOST_DEPTH} levels and {MOST_LEAVES} conditions.",
            code="too_complex",
        )


def _children(node: Any) -> list[Any]:
    if not isinstance(node, Mapping):
        return []
    return [
        child
        for key in ("all", "any", "not")
        for child in (node[key] if isinstance(node.get(key), list) else [node.get(key)])
        if child is not None
    ]


def _compile(node: Node, fields: Mapping[str, "_Field"], now: datetime) -> Condition:
    if isinstance(node, All):
        return and_(*(_compile(each, fields, now) for each in node.all))
    if isinstance(node, AnyOf):
        return or_(*(_compile(each, fields, now) for each in node.any))
    if isinstance(node, Not):
        # Null is no answer, so it is none of these either.
        return not_(func.coalesce(_compile(node.not_, fields, now), False))
    field = fields.get(node.field)
    if field is None or node.op not in field.ops:
        raise UnknownField(f"filter.{node.field}", f"There is no {node.field} {node.op}.")
    return field.ops[node.op](node, now)


# -- fields ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Field:
    """What may be asked of a field, and how."""

    ops: Mapping[str, Callable[[Leaf, datetime], Condition]]


def _texts(leaf: Leaf, allowed: frozenset[str] | None = None) -> list[str]:
    values = leaf.value if isinstance(leaf.value, list) else [leaf.value]
    if not 0 < len(values) <= _MOST_VALUES or not all(isinstance(each, str) for each in values):
        raise _bad_value(leaf)
    texts = [str(each) for each in values]
    if allowed is not None and not allowed.issuperset(texts):
        raise _bad_value(leaf)
    return texts


def _bad_value(leaf: Leaf) -> Invalid:
    return Invalid(f"filter.{leaf.field}", f"Not a value of {leaf.field}.", code="value")


def _one_of(column: Column, allowed: type[StrEnum] | None = None) -> _Field:
    words = frozenset(str(each) for each in allowed) if allowed else None
    return _Field({"in": lambda leaf, _now: column.in_(_texts(leaf, words))})


def _hospital(column: Column) -> _Field:
    return _Field({"in": lambda leaf, _now: column.in_(_ids(leaf))})


def _ids(leaf: Leaf) -> list[UUID]:
    try:
        return [UUID(each) for each in _texts(leaf)]
    except ValueError:
        raise _bad_value(leaf) from None


def _age(leaf: Leaf, now: datetime) -> Condition:
    """By the year of birth: the day stays sealed."""
    ages = leaf.value
    if not isinstance(ages, list) or len(ages) != 2:  # noqa: PLR2004 -- from and to
        raise _bad_value(leaf)
    youngest, oldest = ages
    if not isinstance(youngest, int) or not isinstance(oldest, int):
        raise _bad_value(leaf)
    year = lagos_day(now).year
    if not 0 <= youngest <= oldest <= 150:  # noqa: PLR2004 -- nobody is older
        raise _bad_value(leaf)
    return Patient.birth_year.between(year - oldest, year - youngest)


def _visits(*conditions: Condition) -> Condition:
    return exists().where(
        Appointment.patient_id == Patient.id,
        Appointment.status == AppointmentStatus.FULFILLED,
        *conditions,
    )


def _starts() -> ColumnElement[datetime]:
    return func.lower(Appointment.during)


def _day(leaf: Leaf) -> datetime:
    try:
        return at_lagos(date.fromisoformat(str(leaf.value)))
    except ValueError:
        raise _bad_value(leaf) from None


def _last_before(leaf: Leaf, _now: datetime) -> Condition:
    return and_(_visits(), ~_visits(_starts() >= _day(leaf)))


def _last_after(leaf: Leaf, _now: datetime) -> Condition:
    return _visits(_starts() >= _day(leaf))


def _never_came(_leaf: Leaf, _now: datetime) -> Condition:
    return ~_visits()


def _tier(leaf: Leaf, _now: datetime) -> Condition:
    return exists().where(
        LoyaltyAccount.patient_id == Patient.id, LoyaltyAccount.tier.in_(_texts(leaf))
    )


_CHANNELS = frozenset(str(channel) for channel in Channel)


def _patients_channel(leaf: Leaf, _now: datetime) -> Condition:
    held = select(AddressHolder.patient_id).join(Address, Address.id == AddressHolder.address_id)
    wanted = Address.channel.in_(_texts(leaf, _CHANNELS))
    return held.where(AddressHolder.patient_id == Patient.id, wanted).exists()


def _owners_channel(leaf: Leaf, _now: datetime) -> Condition:
    held = select(OwnerAddress.owner_id).join(Address, Address.id == OwnerAddress.address_id)
    wanted = Address.channel.in_(_texts(leaf, _CHANNELS))
    return held.where(OwnerAddress.owner_id == Owner.id, wanted).exists()


def _contracts(*conditions: Condition) -> Condition:
    return exists().where(Contract.owner_id == Owner.id, *conditions)


def _contract_model(leaf: Leaf, _now: datetime) -> Condition:
    wanted = _texts(leaf, frozenset(str(each) for each in ContractModel))
    return _contracts(Contract.model.in_(wanted), Contract.status == ContractStatus.ACTIVE)


def _contract_status(leaf: Leaf, _now: datetime) -> Condition:
    wanted = _texts(leaf, frozenset(str(each) for each in ContractStatus))
    return _contracts(Contract.status.in_(wanted))


def _owners_hospital(leaf: Leaf, _now: datetime) -> Condition:
    wanted = _ids(leaf)
    return or_(Owner.hospital_id.in_(wanted), _contracts(Contract.hospital_id.in_(wanted)))


_FIELDS: Mapping[PersonKind, Mapping[str, _Field]] = {
    PersonKind.PATIENT: {
        "state": _one_of(Patient.state),
        "hospital": _hospital(Patient.home_hospital_id),
        "language": _one_of(Patient.language),
        "gender": _one_of(Patient.gender, Gender),
        "tier": _Field({"in": _tier}),
        "age": _Field({"between": _age}),
        "last_visit": _Field({"before": _last_before, "after": _last_after, "never": _never_came}),
        "channel": _Field({"in": _patients_channel}),
    },
    PersonKind.OWNER: {
        "state": _one_of(Owner.state),
        "hospital": _Field({"in": _owners_hospital}),
        "language": _one_of(Owner.language),
        "kind": _one_of(Owner.kind, OwnerKind),
        "contract_model": _Field({"in": _contract_model}),
        "contract_status": _Field({"in": _contract_status}),
        "channel": _Field({"in": _owners_channel}),
    },
}
