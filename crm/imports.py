"""Patients from a file: every row is tried by itself, and what is wrong is said by its line."""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from crm import patients
from crm.kit import phones
from crm.kit.clock import lagos_day
from crm.kit.errors import DomainError, Invalid
from crm.kit.permissions import Scope
from crm.kit.states import STATES
from crm.models import Gender
from crm.patients import Agreement, Registration

NEEDED = ("first_name", "last_name", "phone")
COLUMNS = (
    *NEEDED,
    "date_of_birth",
    "gender",
    "email",
    "state",
    "language",
    "nin",
    "nhis_number",
    "hospital_number",
    "consent",
)
MOST_ROWS = 1_000
WORDING = "import-2026-11"

_LONGEST_NAME = 80
_EARLIEST = date(1900, 1, 1)
_NIN_DIGITS = 11
_EMAIL = re.compile(r"[^@\s]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
LANGUAGES = ("en", "pcm", "ha", "yo", "ig")
_YES = {"yes", "y", "true", "1"}


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong in a line of the file; the header is line 1."""

    line: int
    field: str
    code: str
    message: str


@dataclass(slots=True)
class Imported:
    """What became of the rows."""

    rows: int = 0
    created: list[UUID] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)


def from_csv(
    session: Session,
    file: str,
    *,
    hospital_id: UUID,
    scope: Scope,
    now: datetime,
    is_dry_run: bool = False,
) -> Imported:
    """Register each good row at the hospital; a dry run says the same and writes nothing.

    A row that is like somebody in the books, or like a row before it, is an error of that row.
    Raises Invalid when the file as a whole cannot be read.
    """
    rows = _read(file)
    done = Imported(rows=len(rows))
    with session.begin_nested() as whole:
        for line, row in rows:
            _try(session, done, line, row, hospital_id=hospital_id, scope=scope, now=now)
        if is_dry_run:
            whole.rollback()
    if is_dry_run:
        session.expire_all()
    return done


def _read(file: str) -> list[tuple[int, Mapping[str, str]]]:
    text = file.removeprefix("\ufeff")
    first = text.partition("\n")[0]
    reader = csv.DictReader(io.StringIO(text), delimiter=";" if ";" in first else ",")
    _check_header([(name or "").strip() for name in reader.fieldnames or ()])
    try:
        rows = [(reader.line_num, _stripped(row)) for row in reader]
    except csv.Error as error:
        raise Invalid("file", f"The file cannot be read: {error}.", code="unreadable") from None
    rows = [(line, row) for line, row in rows if any(row.values())]
    if len(rows) > MOST_ROWS:
        raise Invalid("file", f"A file may have {MOST_ROWS} rows. Send it in parts.", code="long")
    return rows


def _check_header(names: Sequence[str]) -> None:
    missing = [name for name in NEEDED if name not in names]
    unknown = [name for name in names if name not in COLUMNS]
    if missing or unknown:
        said = [f"missing {', '.join(missing)}"] if missing else []
        said += [f"unknown {', '.join(unknown)[:200]}"] if unknown else []
        raise Invalid("file", f"The columns do not fit: {'; '.join(said)}.", code="columns")


def _stripped(row: Mapping[str | None, object]) -> Mapping[str, str]:
    """Cells beyond the header are dropped; what is missing is empty."""
    return {key.strip(): str(value or "").strip() for key, value in row.items() if key}


def _try(
    session: Session,
    done: Imported,
    line: int,
    row: Mapping[str, str],
    *,
    hospital_id: UUID,
    scope: Scope,
    now: datetime,
) -> None:
    try:
        new = _registration(row, hospital_id, now=now)
        with session.begin_nested():
            patient, _ = patients.enrol(session, new, scope=scope, source="import", now=now)
        done.created.append(patient.id)
    except Invalid as error:
        done.errors.append(RowError(line, error.field, error.field_code, str(error)))
    except DomainError as error:
        done.errors.append(RowError(line, _field_of(error), error.code, str(error)))


def _field_of(error: DomainError) -> str:
    named = {"mrn_taken": "hospital_number", "nin_taken": "nin", "possible_duplicate": "last_name"}
    return named.get(error.code, "row")


def _registration(row: Mapping[str, str], hospital_id: UUID, *, now: datetime) -> Registration:
    consent = row.get("consent", "").casefold() in _YES
    return Registration(
        full_name=f"{_name(row, 'first_name')} {_name(row, 'last_name')}",
        phone=_phone(row["phone"]),
        born_on=_birthday(row.get("date_of_birth", ""), now=now),
        gender=_gender(row.get("gender", "")),
        email=_email(row.get("email", "")),
        state=_one_of(STATES, "state", row.get("state", "")),
        language=_one_of(LANGUAGES, "language", row.get("language", "")) or "en",
        nin=_nin(row.get("nin", "")),
        nhis=row.get("nhis_number", "").upper() or None,
        mrn=row.get("hospital_number") or None,
        home_hospital_id=hospital_id,
        agreements=[Agreement("care", is_granted=True, wording=WORDING)] if consent else [],
    )


def _name(row: Mapping[str, str], column: str) -> str:
    name = " ".join(row.get(column, "").split())
    if not any(c.isalpha() for c in name) or not name.isprintable() or len(name) > _LONGEST_NAME:
        raise Invalid(column, "This is no name.", code="name")
    return name


def _phone(text: str) -> str:
    try:
        return phones.parse(text).e164
    except phones.PhoneError as error:
        raise Invalid("phone", str(error), code="phone_invalid") from None


def _birthday(text: str, *, now: datetime) -> date | None:
    """ISO, or day first as people here write it."""
    if not text:
        return None
    day = next(_days(text), None)
    if day is None or not _EARLIEST <= day <= lagos_day(now):
        raise Invalid("date_of_birth", "Write 1990-11-25 or 25/11/1990.", code="date")
    return day


def _days(text: str) -> Iterator[date]:
    for form in ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y"):
        try:
            yield datetime.strptime(text, form).date()  # noqa: DTZ007 -- a day has no time zone
        except ValueError:
            continue


def _gender(text: str) -> Gender | None:
    if not text:
        return None
    words = {gender.value: gender for gender in Gender} | {"f": Gender.FEMALE, "m": Gender.MALE}
    if text.casefold() not in words:
        raise Invalid("gender", "Write female, male, other or undisclosed.", code="gender")
    return words[text.casefold()]


def _email(text: str) -> str | None:
    if text and not _EMAIL.fullmatch(text):
        raise Invalid("email", "This is no e-mail address.", code="email")
    return text.casefold() or None


def _one_of(words: Sequence[str], column: str, text: str) -> str | None:
    """The word as records spell it, however it is written in the file."""
    if not text:
        return None
    found = next((word for word in words if word.casefold() == text.casefold()), None)
    if found is None:
        raise Invalid(column, f"There is no {column} of this name.", code=column)
    return found


def _nin(text: str) -> str | None:
    digits = text.replace(" ", "").replace("-", "")
    if digits and not (digits.isascii() and digits.isdigit() and len(digits) == _NIN_DIGITS):
        raise Invalid("nin", "A NIN has 11 digits.", code="nin")
    return digits or None
