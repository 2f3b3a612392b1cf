"""The door that all routes of patients hang on."""

from crm.api.kit import Door

door = Door("patients", "crm.api.patients")
