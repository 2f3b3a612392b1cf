"""The door that all routes of appointments hang on."""

from crm.api.kit import Door

door = Door("appointments", "crm.api.appointments")
