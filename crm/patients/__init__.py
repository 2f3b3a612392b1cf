"""Patients: who they are, which addresses speak for them, and who may see them."""

from crm.patients.changes import CLINICAL, change, check_version, require_clinical
from crm.patients.duplicates import Candidate, PossibleDuplicate, candidates
from crm.patients.facts import Counts, Visit, age, born_on, counts, is_minor, visits
from crm.patients.families import (
    Held,
    LastAddress,
    addresses_of,
    addresses_of_many,
    best_address,
    family,
    held_by,
    hold,
    language_of,
    release,
    speak,
)
from crm.patients.people import Erased, Merged, find, get, visible
from crm.patients.refusals import MrnTaken, NinTaken
from crm.patients.registering import BORN_ON, Agreement, Registered, Registration, enrol, register
from crm.patients.revealing import reveal
from crm.patients.sealed import SEALED, read, write
from crm.patients.searching import Wanted, search

__all__ = [
    "BORN_ON",
    "CLINICAL",
    "SEALED",
    "Agreement",
    "Candidate",
    "Counts",
    "Erased",
    "Held",
    "LastAddress",
    "Merged",
    "MrnTaken",
    "NinTaken",
    "PossibleDuplicate",
    "Registered",
    "Registration",
    "Visit",
    "Wanted",
    "addresses_of",
    "addresses_of_many",
    "age",
    "best_address",
    "born_on",
    "candidates",
    "change",
    "check_version",
    "counts",
    "enrol",
    "family",
    "find",
    "get",
    "held_by",
    "hold",
    "is_minor",
    "language_of",
    "read",
    "register",
    "release",
    "require_clinical",
    "reveal",
    "search",
    "speak",
    "visible",
    "visits",
    "write",
]
