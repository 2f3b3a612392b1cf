"""The doors of the API: blueprints whose schemas are pydantic models."""

from functools import cache
from typing import Any, get_args

from apiflask import APIBlueprint
from apiflask.schema_adapters import registry
from apiflask.schema_adapters.pydantic import PydanticAdapter
from flask import Request
from pydantic import BaseModel, ValidationError

from crm.api.kit.problems import Malformed, Unreadable

PREFIX = "/api/crm"


class Door(APIBlueprint):
    """The routes of one noun, under `/api/crm`."""

    def __init__(self, name: str, import_name: str) -> None:
        """Name it after the noun; the docs group the routes by it."""
        super().__init__(name, import_name, url_prefix=PREFIX, tag=name.replace("_", " ").title())


class Adapter(PydanticAdapter):
    """Reads requests so that every refusal names its field and says why with a code."""

    def validate_input(self, request: Request, location: str, **_options: Any) -> BaseModel:
        """Return the model, or raise Malformed (422), Unreadable (400)."""
        given = _body(request) if location == "json" else _query(request, self.model_class)
        try:
            return self.model_class.model_validate(given)
        except ValidationError as error:
            raise Malformed(error) from None

    def get_schema_name(self) -> str:
        """A generic's name without its brackets: components may not have them."""
        return schema_name(self.model_class)


def schema_name(schema: Any) -> str:
    """The name of a schema in the document, with its noun, so that two nouns may have lines.

    `Page[LineOut]` of payouts is `PageOf.payouts.LineOut`.
    """
    if not (isinstance(schema, type) and issubclass(schema, BaseModel)):
        return type(schema).__name__
    generic = schema.__pydantic_generic_metadata__
    if generic["origin"]:
        inner = ".".join(_inner_name(each) for each in generic["args"])
        return f"{generic['origin'].__name__}Of.{inner}"
    noun = schema.__module__.removeprefix("crm.api.").split(".")[0]
    return f"{noun}.{schema.__name__}"


def _inner_name(argument: Any) -> str:
    """A model, or a list of them."""
    if inner := get_args(argument):
        return f"ListOf.{_inner_name(inner[0])}"
    is_model = isinstance(argument, type) and issubclass(argument, BaseModel)
    return schema_name(argument) if is_model else str(getattr(argument, "__name__", argument))


def _body(request: Request) -> object:
    if not request.get_data(cache=True):
        return {}
    given = request.get_json(force=True, silent=True)
    if given is None and request.get_data(cache=True).strip() != b"null":
        raise Unreadable("The body is not JSON.")
    return given


def _query(request: Request, model: type[BaseModel]) -> dict[str, object]:
    """What stands behind the question mark; a field that is a list may come several times."""
    lists = _lists(model)
    return {
        name: request.args.getlist(name) if name in lists else request.args[name]
        for name in request.args
    }


@cache
def _lists(model: type[BaseModel]) -> frozenset[str]:
    """The fields that are lists."""
    return frozenset(
        name
        for name, field in model.model_fields.items()
        if "list[" in str(field.annotation) or "tuple[" in str(field.annotation)
    )


registry.register("pydantic", Adapter)
