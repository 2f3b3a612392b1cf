"""The document of the API is true, valid, and readable without a network."""

import pytest
from openapi_spec_validator import validate

from tests.api.caller import Api


@pytest.fixture
def document(api: Api) -> dict:
    with api.app.test_client() as client:
        return client.get("/openapi.json").json


def test_the_document_is_valid_openapi(document: dict):
    validate(document)
    assert document["openapi"].startswith("3.1")


def test_every_route_says_what_it_does_and_who_may(document: dict):
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"], f"{method} {path}"
            assert "x-permission" in operation or "security" not in operation, f"{method} {path}"


def test_the_docs_page_asks_nothing_of_other_hosts(api: Api):
    with api.app.test_client() as client:
        page = client.get("/docs")
        with client.get("/docs/swagger-ui-bundle.js") as script:
            assert script.content_length > 100_000
    assert page.status_code == 200
    assert "http" not in page.text.replace("<http", "")
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert "unsafe" not in page.headers["Content-Security-Policy"]
