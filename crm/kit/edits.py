"""Editing a row that others may be editing too."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from crm.kit.errors import StaleVersion


class Versioned(Protocol):
    """A row that counts its edits."""

    version: Any
    updated_at: Any


def edit(row: Versioned, changes: Mapping[str, Any], *, version: int, now: datetime) -> list[str]:
    """Set these fields of a locked row and count the edit; returns the names that changed.

    Nothing is counted when nothing changes. Raises StaleVersion.
    """
    if row.version != version:
        raise StaleVersion("Somebody changed this meanwhile.", version=row.version)
    changed = [name for name, value in changes.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, changes[name])
    if changed:
        row.version, row.updated_at = row.version + 1, now
    return changed
