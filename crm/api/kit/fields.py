"""Field types that many bodies share."""

import unicodedata
from datetime import date, datetime, time
from typing import Annotated, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)

from crm.kit import phones

_MOST_KOBO = 10**15

Kobo = Annotated[int, Field(ge=0, le=_MOST_KOBO, description="Kobo, 100 to the naira.")]
SignedKobo = Annotated[int, Field(ge=-_MOST_KOBO, le=_MOST_KOBO, description="Kobo, signed.")]
BasisPoints = Annotated[int, Field(ge=0, le=10_000, description="Hundredths of a per cent.")]
Version = Annotated[int, Field(ge=1, le=2**31, description="The version you have read.")]
Count = Annotated[int, Field(ge=0, le=10**9)]
Note = Annotated[str, StringConstraints(max_length=2_000)]
ShortNote = Annotated[str, StringConstraints(max_length=500)]
Reason = Annotated[str, StringConstraints(min_length=5, max_length=500)]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
Month = Annotated[str, StringConstraints(pattern=r"^20\d\d-(0[1-9]|1[0-2])$")]
Quarter = Annotated[str, StringConstraints(pattern=r"^20\d\d-Q[1-4]$")]
Language = Literal["en", "pcm", "ha", "yo", "ig"]

State = Literal[
    "Abia", "Adamawa", "Akwa Ibom", "Anambra", "Bauchi", "Bayelsa", "Benue", "Borno",
    "Cross River", "Delta", "Ebonyi", "Edo", "Ekiti", "Enugu", "FCT", "Gombe", "Imo", "Jigawa",
    "Kaduna", "Kano", "Katsina", "Kebbi", "Kogi", "Kwara", "Lagos", "Nasarawa", "Niger", "Ogun",
    "Ondo", "Osun", "Oyo", "Plateau", "Rivers", "Sokoto", "Taraba", "Yobe", "Zamfara",
]  # fmt: skip
"""The 36 states and the capital's territory."""

_EARLIEST, _LATEST = 1900, 2200


def _in_living_memory(at: datetime) -> datetime:
    if not _EARLIEST <= at.year <= _LATEST:
        raise ValueError("is too far away")
    return at


Day = Annotated[date, Field(ge=date(_EARLIEST, 1, 1), le=date(_LATEST, 12, 31))]
"""A day in Lagos."""


def _on_the_wall(clock: time) -> time:
    if clock.tzinfo is not None:
        raise ValueError("must be a Lagos wall-clock time without an offset")
    return clock.replace(second=0, microsecond=0)


_CLOCK = r"^([01]\d|2[0-3]):[0-5]\d$"
WallClock = Annotated[
    time,
    AfterValidator(_on_the_wall),
    PlainSerializer(lambda clock: clock.strftime("%H:%M"), return_type=str),
    WithJsonSchema({"type": "string", "pattern": _CLOCK, "examples": ["08:30"]}),
]
"""Hours and minutes as a Lagos clock shows them."""

Moment = Annotated[AwareDatetime, AfterValidator(_in_living_memory)]
"""ISO 8601 with an offset; a time without one is refused."""


def _phone(text: str) -> str:
    try:
        return phones.parse(text).e164
    except phones.PhoneError as error:
        raise ValueError(str(error)) from None


PhoneText = Annotated[
    str,
    StringConstraints(min_length=3, max_length=40),
    AfterValidator(_phone),
    Field(examples=["08031234567"], description="Any Nigerian spelling; answered as E.164."),
]

_IN_NAMES = set(" '’ʼ.-")


def _name(text: str) -> str:
    folded = unicodedata.normalize("NFC", " ".join(text.split()))
    strange = [c for c in folded if not (c.isalpha() or unicodedata.combining(c) or c in _IN_NAMES)]
    if strange or not any(c.isalpha() for c in folded):
        raise ValueError("must be a name: letters, spaces, hyphens and apostrophes")
    return folded


Name = Annotated[str, StringConstraints(min_length=1, max_length=80), AfterValidator(_name)]
"""A person's name in any script."""

Title = Annotated[str, StringConstraints(min_length=1, max_length=120)]
"""The name of a thing."""

Email = Annotated[
    str,
    StringConstraints(
        max_length=254,
        to_lower=True,
        pattern=r"^[^@\s<>\"(),:;\[\]\\]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+$",
    ),
]

Ids = Annotated[list[UUID], Field(max_length=1_000)]
