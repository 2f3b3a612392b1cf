"""Owners: who they are, where they are reached, and who may see them."""

from crm.owners.changes import lock, make, update
from crm.owners.reaching import (
    Reached,
    add_address,
    best_address,
    best_addresses,
    reached_at,
    remove_address,
    tell_everywhere,
)
from crm.owners.reading import get, search, tin, visible
from crm.owners.revealing import Revealed, reveal
from crm.owners.speaking import held_by, speak

__all__ = [
    "Reached",
    "Revealed",
    "add_address",
    "best_address",
    "best_addresses",
    "get",
    "held_by",
    "lock",
    "make",
    "reached_at",
    "remove_address",
    "reveal",
    "search",
    "speak",
    "tell_everywhere",
    "tin",
    "update",
    "visible",
]
