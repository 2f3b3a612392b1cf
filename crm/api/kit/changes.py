"""What a PATCH changes: the fields that were sent."""

from collections.abc import Container
from typing import Any

from pydantic import BaseModel

from crm.kit.errors import Invalid


def given(body: BaseModel, *, nullable: Container[str] = ()) -> dict[str, Any]:
    """The fields sent but for the version; null empties those that may be empty. Raises Invalid."""
    sent = {
        name: getattr(body, name)
        for name in type(body).model_fields
        if name in body.model_fields_set
    }
    sent.pop("version", None)
    for name, value in sent.items():
        if value is None and name not in nullable:
            raise Invalid(name, "This may be changed, but not emptied.", code="empty")
    return sent
