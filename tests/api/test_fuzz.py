"""Every operation of the document, with values that fit it and values that do not.

Never a 5xx, never an answer the document does not know, never one of another shape than it says.
"""

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS

from crm.api import doors
from crm.kit.permissions import Role
from tests.api.caller import Api

TRIES = 2
"""For each operation and each way: the simplest and one by chance, other in each run."""
CHECKED = ["not_a_server_error", "status_code_conformance", "content_type_conformance"]
CHECKED += ["response_headers_conformance", "response_schema_conformance"]
NOUNS = sorted(door.name for door in doors())


@pytest.mark.parametrize("way", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize("noun", NOUNS)
def test_no_request_breaks_the_api_or_its_document(api: Api, noun: str, way: GenerationMode):
    admin = api.as_(Role.ADMIN)
    schema = schema_of(api)
    checks = CHECKS.get_by_names(CHECKED)
    for result in schema.include(operation_id_regex=rf"^[a-z]+_{noun}_[^_]").get_all_operations():
        operation = result.ok()
        if operation.path.endswith("/auth/sign-out"):
            continue
        play(operation, way, admin.token, checks)


_schemas: dict = {}


def schema_of(api: Api):
    """The document as a schema, made once: it takes longer than a test of it."""
    if api.app not in _schemas:
        with api.app.test_client() as client:
            schema = schemathesis.openapi.from_dict(client.get("/openapi.json").json)
        schema.app = api.app
        _schemas[api.app] = schema
    return _schemas[api.app]


def play(operation, way: GenerationMode, token: str, checks) -> None:
    @given(case=operation.as_strategy(generation_mode=way))
    @settings(
        max_examples=TRIES,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[hypothesis.Phase.generate],
        print_blob=True,
    )
    def one(case) -> None:
        answer = case.call(headers={"Authorization": f"Bearer {token}"})
        case.validate_response(answer, checks=checks)

    try:
        one()
    except hypothesis.errors.Unsatisfiable:
        assert way is GenerationMode.NEGATIVE, operation.label
