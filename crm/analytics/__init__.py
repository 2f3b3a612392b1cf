"""The figures of the house, each with what it counts, what it leaves out and how sure it is."""

from crm.analytics.owners import Owners, owners
from crm.analytics.patients import Patients, patients
from crm.analytics.system import System, system
from crm.analytics.wanted import Wanted

__all__ = ["Owners", "Patients", "System", "Wanted", "owners", "patients", "system"]
