"""Patients: found, registered, shown, changed, and dealt with as whole persons."""

from crm.api.patients import persons, reading, writing
from crm.api.patients.door import door

__all__ = ["door", "persons", "reading", "writing"]
