"""Where a member's account is found."""

from crm.models import Patient


def path(ada: Patient, rest: str = "") -> str:
    return f"/patients/{ada.id}/loyalty{rest}"
