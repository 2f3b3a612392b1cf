"""Patients from a file: good rows count, bad ones are named by their line."""

import pytest
from sqlalchemy import func, select

from crm import imports, patients
from crm.kit.errors import Invalid
from crm.kit.permissions import EVERYTHING
from crm.models import Consent, Patient

HEADER = "first_name,last_name,phone,date_of_birth,gender,nin,hospital_number,consent"
GOOD = "Zainab,Bello,0914 000 0021,25/11/1990,f,,OLD-1,yes"


def load(session, clinic, now, *rows, header=HEADER, **more):
    return imports.from_csv(
        session,
        "\n".join((header, *rows)),
        hospital_id=clinic.hospital.id,
        scope=EVERYTHING,
        now=now,
        **more,
    )


def how_many(session):
    return session.scalar(select(func.count()).select_from(Patient))


def test_good_rows_are_registered_and_bad_ones_named(session, clinic, now):
    done = load(
        session,
        clinic,
        now,
        GOOD,
        "Musa,Bello,123,1980-01-01,m,,,no",
        "Hauwa,Sani,09140000023,31/31/1990,f,,,no",
        "=1+1,,09140000024,,,,,",
        "Bola,Ade,09140000025,1980-01-01,unknown,,,",
        "Ngozi,Eze,09140000026,1980-01-01,f,123,,",
        "",
        "Tunde,Ojo,09140000027,1980-01-01,m,,OLD-1,yes",
        GOOD,
        "Sade,Ojo,09140000028,2020-01-01,f,,,yes",
        '"Ada, the elder",Obi,09140000029,,,,,',
    )
    assert done.rows == 10
    assert len(done.created) == 2
    assert [(error.line, error.field, error.code) for error in done.errors] == [
        (3, "phone", "phone_invalid"),
        (4, "date_of_birth", "date"),
        (5, "first_name", "name"),
        (6, "gender", "gender"),
        (7, "nin", "nin"),
        (9, "hospital_number", "mrn_taken"),
        (10, "last_name", "possible_duplicate"),
        (11, "guardian_id", "guardian_needed"),
    ]


def test_consent_is_written_only_where_the_file_says_so(session, clinic, now):
    done = load(session, clinic, now, GOOD, "Musa,Bello,09140000022,1980-01-01,m,,,no")
    zainab, musa = done.created
    agreed = set(session.scalars(select(Consent.patient_id).where(Consent.source == "import")))
    assert agreed == {zainab}
    assert len(patients.addresses_of(session, musa)) == 1


def test_a_dry_run_says_the_same_and_writes_nothing(session, clinic, now):
    before = how_many(session)
    rows = (GOOD, GOOD, "Musa,Bello,123,1980-01-01,m,,,no")
    tried = load(session, clinic, now, *rows, is_dry_run=True)
    assert how_many(session) == before
    done = load(session, clinic, now, *rows)
    assert how_many(session) == before + 1
    assert (tried.rows, len(tried.created)) == (done.rows, len(done.created))
    assert tried.errors == done.errors


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("first_name,last_name", "Zainab,Bello"),
        (HEADER + ",shoe_size", GOOD + ",43"),
        ("", ""),
    ],
)
def test_columns_that_do_not_fit_are_said_at_once(session, clinic, now, header, row):
    with pytest.raises(Invalid):
        load(session, clinic, now, row, header=header)


def test_semicolons_a_byte_order_mark_and_carriage_returns_are_read(session, clinic, now):
    header = "\ufeff" + HEADER.replace(",", ";") + "\r"
    done = load(session, clinic, now, GOOD.replace(",", ";") + "\r", header=header)
    assert not done.errors
    assert len(done.created) == 1


def test_too_many_rows_are_refused(session, clinic, now):
    with pytest.raises(Invalid, match="parts"):
        load(session, clinic, now, *[GOOD] * (imports.MOST_ROWS + 1))
