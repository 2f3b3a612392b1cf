"""Everything about a person, as JSON: what they told us, what was done and said, and who looked."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Row, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from crm import addresses, audit, patients, reencryption
from crm.kit.crypto import Vault
from crm.kit.paging import PageRequest
from crm.kit.permissions import EVERYTHING, Actor, Scope
from crm.models import Patient, RequestKind
from crm.privacy import requests
from crm.privacy.places import Place, places
from crm.privacy.whole import all_of, require_all

LEFT_OUT: Mapping[str, str] = {
    "address_holders": "shown as addresses",
    "conversations": "where a talk stands; what was said is in messages",
    "misheard": "words of whoever held the phone",
}
_HIDDEN = ("_index", "_hash", "_folded")
_LOOKS = 1_000


def export(
    session: Session, patient_id: UUID, *, scope: Scope, by: Actor, now: datetime
) -> dict[str, Any]:
    """Everything about the person and who asked for it; a request that waits for it is done.

    Raises NotFound, Gone, SeenElsewhere.
    """
    patient = patients.get(session, patient_id, scope=scope)
    ids = all_of(session, patient)
    require_all(session, ids, scope=scope)
    requests.fulfil(session, patient, RequestKind.EXPORT, "The export was made.", by=by, now=now)
    return {
        "exported_at": now.isoformat(),
        "exported_by": {"kind": by.kind.value, "id": by.id and str(by.id)},
        "person": {"id": str(patient.id), "name": patient.full_name},
        "addresses": _addresses(session, patient),
        "family": [_named(each) for each in patients.family(session, patient, scope=scope)],
        "records": dict(_records(session, ids)),
        "looked_at": _looks(session, ids),
    }


def _addresses(session: Session, patient: Patient) -> list[dict[str, str]]:
    return [
        {
            "channel": address.channel.value,
            "value": addresses.value_of(session, address),
            "role": role.value,
        }
        for address, role in patients.addresses_of(session, patient.id)
    ]


def _named(patient: Patient) -> dict[str, str]:
    return {"id": str(patient.id), "name": patient.full_name}


def _records(session: Session, ids: Sequence[UUID]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    vault: Vault = session.info["vault"]
    for name, place in places().items():
        if name not in LEFT_OUT and (rows := _rows(session, place, ids)):
            yield name, [_shown(vault, place, row) for row in rows]


def _rows(session: Session, place: Place, ids: Sequence[UUID]) -> Sequence[Row[Any]]:
    key = list(place.table.primary_key)
    mine = select(place.table).where(place.is_theirs).order_by(*key)
    return session.execute(mine, {"patient_ids": ids}).all()


def _shown(vault: Vault, place: Place, row: Row[Any]) -> dict[str, Any]:
    values = row._mapping  # noqa: SLF001 -- the public name of a row's mapping
    return {
        column.name.removesuffix("_sealed"): _plain(vault, place, column, row)
        for column in place.table.c
        if values[column] is not None and not column.name.endswith(_HIDDEN)
    }


def _plain(vault: Vault, place: Place, column: Column[Any], row: Row[Any]) -> Any:
    value = row._mapping[column]  # noqa: SLF001 -- as above
    if column.name.endswith("_sealed"):
        where = reencryption.SealedColumn(place.table, column).where
        return _parsed(vault.open(value, where=where, row=row._mapping["id"]))  # noqa: SLF001
    if isinstance(value, Range):
        return [_said(value.lower), _said(value.upper)]
    return _said(value)


def _parsed(text: str) -> Any:
    """What was sealed as JSON, as JSON."""
    return json.loads(text) if text[:1] in {"{", "["} else text


def _said(value: Any) -> Any:
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    if isinstance(value, bool | int | float | list | dict) or value is None:
        return value
    return str(value)


def _looks(session: Session, ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """Who looked at the record or changed it, newest first; staff by their roles, not by name."""
    found = [
        event
        for id_ in ids
        for event in audit.search(
            session, scope=EVERYTHING, page=PageRequest(_LOOKS), entity_id=id_
        ).items
    ]
    return [
        {
            "at": event.at.isoformat(),
            "by": event.actor_kind.value,
            "roles": event.roles,
            "action": event.action,
            "purpose": event.purpose,
        }
        for event in found
    ]
