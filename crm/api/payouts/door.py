"""The door that all routes of payouts hang on."""

from crm.api.kit import Door

door = Door("payouts", "crm.api.payouts")
