"""People by the thousand for a benchmark, written by SQL: a house as houses are.

Of a hundred patients eighty-five are reached and agreed to offers; the others have no address,
never agreed, asked us to stop, died, took their word back or have heard enough. Every fifth has a
second address.
"""

from collections.abc import Mapping
from typing import Any, LiteralString

import psycopg
from sqlalchemy import text

from bot.wiring import Wiring
from crm import addresses
from crm.demo.words import NAMES
from crm.kit.states import STATES

REACHED = 15
"""Patients whose number ends (of a hundred) here or above are reached and agreed."""

ADDRESSES_EACH = 1.15
"""In the mean."""
_BATCH = 10_000

_FIRST_NAMES = [name for women, men, _ in NAMES.values() for name in (*women, *men)]
_SURNAMES = [name for *_, surnames in NAMES.values() for name in surnames]

_PEOPLE = """
create table bench_people as
select n, n % 100 as kind, uuidv7() as id, uuidv7() as address_id, uuidv7() as second_id,
    uuidv7() as talk_id, h.id as hospital_id,
    (cast(:firsts as text[]))[1 + n % cardinality(cast(:firsts as text[]))]
        || ' ' || (cast(:lasts as text[]))[1 + n / 7 % cardinality(cast(:lasts as text[]))]
        || case when n % 3 = 0 then '-' || chr(65 + n % 26) || lower(to_hex(n)) else '' end as name
from generate_series(1, :number) as n
join (select id, row_number() over (order by code) - 1 as at from hospitals) h on h.at = n % 3
"""
_PATIENTS = """
insert into patient_profiles (id, home_hospital_id, mrn, full_name, birth_year, gender, state,
    language, status)
select id, hospital_id, 'M' || n, name, 1940 + n % 65,
    (array['female', 'male'])[1 + n % 2],
    (cast(:states as text[]))[1 + n % cardinality(cast(:states as text[]))],
    (array['en', 'en', 'pcm'])[1 + n % 3], case when kind = 11 then 'deceased' else 'active' end
from bench_people
"""
_ADDRESSES = """
insert into addresses (id, channel, value_sealed, value_index)
select address_id, 'whatsapp', sha256(address_id::text::bytea),
    substr(sha256(address_id::text::bytea), 1, 16)
from bench_people where kind >= 4
union all
select second_id, 'sms', sha256(second_id::text::bytea),
    substr(sha256(second_id::text::bytea), 1, 16)
from bench_people where kind >= 4 and n % 5 = 0
"""
_HOLDERS = """
insert into address_holders (address_id, patient_id)
select address_id, id from bench_people where kind >= 4
union all
select second_id, id from bench_people where kind >= 4 and n % 5 = 0
"""
_TALKS = """
insert into conversations (id, address_id, patient_id, language, heard_at)
select talk_id, address_id, id, 'en', now() - n % 90 * interval '1 day'
from bench_people where kind >= 4
"""
_CONSENTS = """
insert into consents (id, address_id, patient_id, purpose, is_granted, wording, language, source,
    at)
select uuidv7(), address_id, id, purpose, is_granted, 'bench', 'en', 'bench', now()
from bench_people join (values
    (1, 'care', true, 8, 99), (2, 'marketing', true, 8, 99), (3, 'marketing', false, 12, 13)
) as said (nth, purpose, is_granted, first, last) on kind between first and last
order by nth
"""
_SUPPRESSIONS = """
insert into suppressions (id, address_id, reason, since)
select uuidv7(), address_id, case when kind = 10 then 'carrier' else 'stop' end, now()
from bench_people where kind between 8 and 10
"""
_MESSAGES = """
insert into messages (id, direction, channel, purpose, lane, status, address_id, conversation_id,
    patient_id, body_sealed, due_at, status_at)
select uuidv7(), case when part % 2 = 0 then 'in' else 'out' end, 'whatsapp',
    case when kind = 14 and part % 2 = 1 then 'marketing' else 'reply' end, 'urgent',
    case when part % 2 = 0 then 'answered' else 'read' end, address_id, talk_id, id,
    sha256(n::text::bytea), now(), now()
from bench_people, generate_series(1,
    case when kind = 14 and :messages > 0 then 4 else :messages end) as part
where kind >= 4
"""
_SEAL = """
update addresses a set value_sealed = s.value, value_index = s.index
from unnest(cast(:ids as uuid[]), cast(:values as bytea[]), cast(:indexes as bytea[]))
    as s (id, value, index)
where a.id = s.id
"""


def fill(wiring: Wiring, number: int, *, messages: int) -> None:
    """Add so many patients, in a table `bench_people` too, with so many messages each."""
    given: Mapping[str, Any] = {
        "number": number,
        "messages": messages,
        "firsts": _FIRST_NAMES,
        "lasts": _SURNAMES,
        "states": list(STATES),
    }
    parts = (_PATIENTS, _ADDRESSES, _HOLDERS, _TALKS, _CONSENTS, _SUPPRESSIONS, _MESSAGES)
    run(wiring, _PEOPLE, "create index on bench_people (kind, n)", *parts, **given)


def seal_phones(wiring: Wiring) -> int:
    """Make the addresses numbers that open and are found; returns how many."""
    vault, sealed = wiring.vault, 0
    with wiring.engine.begin() as connection:
        ids = connection.execute(text("select id from addresses order by id")).scalars().all()
        for some in (ids[start : start + _BATCH] for start in range(0, len(ids), _BATCH)):
            phones = [f"+23480{sealed + n:08d}" for n in range(len(some))]
            pairs = zip(some, phones, strict=True)
            values = [vault.seal(phone, where=addresses.WHERE, row=id_) for id_, phone in pairs]
            indexes = [addresses.index_of(vault, phone) for phone in phones]
            connection.execute(text(_SEAL), {"ids": some, "values": values, "indexes": indexes})
            sealed += len(some)
    return sealed


def run(wiring: Wiring, *statements: str, **given: Any) -> None:
    """Run these statements; what a row refers to is not looked up, which would take minutes."""
    _as_superuser(wiring, "grant set on parameter session_replication_role to public")
    with wiring.engine.begin() as connection:
        connection.exec_driver_sql("set local session_replication_role = replica")
        for statement in statements:
            connection.execute(text(statement), given)


def settle(wiring: Wiring) -> None:
    """Tidy up after the filling, as a house that has stood for a while is."""
    _as_superuser(wiring, "vacuum analyze")
    _as_superuser(wiring, "checkpoint")


def _as_superuser(wiring: Wiring, statement: LiteralString) -> None:
    url = wiring.settings.database_url
    with psycopg.connect(url, user="postgres", autocommit=True) as connection:
        connection.execute(statement)
