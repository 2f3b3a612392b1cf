"""What callers send about patients."""

from datetime import date
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from bot.channels.carrier import Channel
from crm.api.kit import Body, Query
from crm.api.kit.fields import (
    Code,
    Email,
    Language,
    Name,
    Note,
    PhoneText,
    Reason,
    ShortNote,
    State,
    Title,
    Version,
)
from crm.models import BloodGroup, Gender, Genotype, HolderRole, PatientStatus

_NIN_DIGITS = 11


def _nin(text: str) -> str:
    digits = text.replace(" ", "").replace("-", "")
    if not (digits.isascii() and digits.isdigit() and len(digits) == _NIN_DIGITS):
        raise ValueError("must have 11 digits")
    return digits


Nin = Annotated[str, StringConstraints(max_length=20), AfterValidator(_nin)]
Nhis = Annotated[str, StringConstraints(to_upper=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9/-]{2,29}$")]
"""The NHIS/NHIA number."""
Word = Annotated[str, StringConstraints(min_length=1, max_length=80)]
Purpose = Literal["care", "reminders", "feedback", "marketing", "loyalty", "research"]


def _split(given: Any) -> Any:
    """`include=a,b` and `include=a&include=b` are the same."""
    if isinstance(given, list):
        return [part for each in given for part in str(each).split(",") if part]
    return given


class HomeAddressBody(Body):
    """Where they live."""

    line: Title | None = None
    city: Title | None = None
    lga: Title | None = None


class EmergencyContactBody(Body):
    """Whom to call when something happens."""

    name: Name
    relation: Word | None = None
    phone: PhoneText


class PolicyBody(Body):
    """A cover with a health maintenance organisation."""

    provider: Title
    plan: Title | None = None
    policy_number: Code | None = None
    expires_on: date | None = None


class ConsentBody(Body):
    """One answer to "may we?", with the version of the words that were shown."""

    purpose: Purpose
    granted: bool
    wording_version: Code
    channel: Channel | None = None


class _Clinical(Body):
    blood_group: BloodGroup | None = None
    genotype: Genotype | None = None
    allergies: list[Word] | None = Field(default=None, max_length=50)
    clinical_notes: Note | None = None


class ProfileBody(_Clinical):
    """A new patient. Clinical fields are for clinical staff."""

    first_name: Name
    last_name: Name
    phone: PhoneText
    date_of_birth: date | None = None
    age_estimate: int | None = Field(default=None, ge=0, le=125)
    gender: Gender | None = None
    email: Email | None = None
    address: HomeAddressBody | None = None
    state: State | None = None
    language: Language = "en"
    nin: Nin | None = None
    nhis_number: Nhis | None = None
    hmo: PolicyBody | None = None
    emergency_contact: EmergencyContactBody | None = None
    guardian_id: UUID | None = None
    preferred_channel: Channel | None = None
    consents: list[ConsentBody] = Field(min_length=1, max_length=30)
    referral_code: Code | None = None
    home_hospital_id: UUID | None = None
    external_mrn: Code | None = None
    confirm_new: bool = False

    @model_validator(mode="after")
    def _has_an_age(self) -> Self:
        if (self.date_of_birth is None) == (self.age_estimate is None):
            raise ValueError("give date_of_birth or age_estimate")
        return self


class PatientChange(_Clinical):
    """What may change; a field left out stays, null empties it."""

    version: Version | None = None
    first_name: Name | None = None
    last_name: Name | None = None
    date_of_birth: date | None = None
    gender: Gender | None = None
    address: HomeAddressBody | None = None
    state: State | None = None
    language: Language | None = None
    nin: Nin | None = None
    nhis_number: Nhis | None = None
    emergency_contact: EmergencyContactBody | None = None
    guardian_id: UUID | None = None
    home_hospital_id: UUID | None = None
    external_mrn: Code | None = None
    status: Literal["active", "inactive", "deceased"] | None = None

    @model_validator(mode="after")
    def _names_come_together(self) -> Self:
        if (self.first_name is None) != (self.last_name is None):
            raise ValueError("send first_name and last_name together")
        return self


class PatientFilter(Query):
    """Who is looked for; `q` holds beginnings of names in any order."""

    q: str | None = Field(default=None, max_length=120)
    phone: PhoneText | None = None
    mrn: Code | None = None
    hospital_id: UUID | None = None
    status: PatientStatus | None = None


class PatientSearch(Body):
    """The same with numbers that must not stand in an address line or a log."""

    q: str | None = Field(default=None, max_length=120)
    phone: PhoneText | None = None
    email: Email | None = None
    nin: Nin | None = None
    nhis_number: Nhis | None = None
    mrn: Code | None = None
    limit: int = Field(default=20, ge=1, le=100)
    cursor: str | None = Field(default=None, max_length=400)

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if not any((self.q, self.phone, self.email, self.nin, self.nhis_number, self.mrn)):
            raise ValueError("say whom to look for")
        return self


Part = Literal[
    "appointments", "loyalty", "feedback", "preferences", "insurance", "consents", "family"
]


class ProfileParts(Query):
    """What is wanted beside the profile, as a list with commas."""

    include: Annotated[list[Part], BeforeValidator(_split)] = Field(
        default_factory=list, max_length=10
    )


Revealable = Literal[
    "date_of_birth",
    "nin",
    "nhis_number",
    "address",
    "emergency_contact",
    "allergies",
    "clinical_notes",
    "contacts",
    "policy_numbers",
]


class RevealBody(Body):
    """Which masked fields, and why."""

    fields: list[Revealable] = Field(min_length=1, max_length=9)
    reason: Reason


class PatientAddressBody(Body):
    """A number or an e-mail that speaks for the patient."""

    channel: Channel
    value: Annotated[str, StringConstraints(min_length=3, max_length=254)]
    role: HolderRole = HolderRole.SELF


class MergeBody(Body):
    """The record that goes, and why both are one person."""

    duplicate_id: UUID
    reason: Reason


class EraseBody(Body):
    """Why, and the name once more, so that nobody erases the wrong one."""

    reason: Reason
    confirm_name: Annotated[str, StringConstraints(min_length=1, max_length=170)]


class LegalHoldBody(Body):
    """Why the record must stay as it is."""

    reason: ShortNote = Field(min_length=5)


class PatientImportBody(Body):
    """A file of patients as text, with a header line."""

    csv: Annotated[str, StringConstraints(min_length=1, max_length=1_000_000)]
    hospital_id: UUID | None = None
    dry_run: bool = False
