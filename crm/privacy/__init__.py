"""Privacy: what people may ask of their data, and what reaches into every table for it."""

from crm.privacy.deadlines import due
from crm.privacy.erasing import NAME, erase
from crm.privacy.exporting import LEFT_OUT, export
from crm.privacy.holds import place_legal_hold
from crm.privacy.merging import CannotMerge, merge
from crm.privacy.places import places
from crm.privacy.whole import LegalHold, SeenElsewhere

__all__ = [
    "LEFT_OUT",
    "NAME",
    "CannotMerge",
    "LegalHold",
    "SeenElsewhere",
    "due",
    "erase",
    "export",
    "merge",
    "place_legal_hold",
    "places",
]
