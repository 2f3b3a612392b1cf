"""The authorisation matrix: every route with every role, at one's own hospital and nobody's."""

from uuid import UUID, uuid4

import pytest

from crm.kit.permissions import PERMISSIONS, Role
from tests.api.caller import PREFIX, Api, Caller

ENDS_THE_CALLER = "/auth/sign-out"
STAFF = [role for role in Role if role not in {Role.PATIENT, Role.OWNER}]


def routes(api: Api):
    """Method, path with made-up ids, and the view, of every route of the API."""
    for rule in api.app.url_map.iter_rules():
        if rule.rule.startswith(PREFIX) and not rule.rule.endswith(ENDS_THE_CALLER):
            path = "".join(
                str(uuid4()) if is_id else part for is_id, part in _parts(rule)
            ).removeprefix(PREFIX)
            for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
                yield method, path, api.app.view_functions[rule.endpoint]


def _parts(rule):
    for is_dynamic, data in rule._trace:
        yield is_dynamic, data.replace("|", "")


def ask(caller: Caller, method: str, path: str):
    if method == "GET":
        return caller.get(path)
    return {"POST": caller.post, "PATCH": caller.patch, "PUT": caller.put}.get(
        method, lambda p, _: caller.delete(p)
    )(path, {})


@pytest.mark.parametrize("role", STAFF)
def test_a_role_may_exactly_what_the_matrix_gives(api: Api, role: Role):
    """Without the permission 403; with it anything but that: made-up ids and empty bodies."""
    caller = api.as_(role, hospital="IKJ")
    for method, path, view in routes(api):
        if not hasattr(view, "needs"):
            continue
        status = ask(caller, method, path).status_code
        if view.needs in PERMISSIONS[role]:
            assert status not in {401, 500}, f"{method} {path}: {status}"
        else:
            assert status == 403, f"{role} {method} {path}: {status}"


@pytest.mark.parametrize("role", [Role.PATIENT, Role.OWNER])
def test_patients_and_owners_may_exactly_what_the_matrix_gives(api: Api, role: Role):
    who = uuid4()
    caller = api.as_patient(who) if role is Role.PATIENT else api.as_owner(who)
    for method, path, view in routes(api):
        if not hasattr(view, "needs"):
            continue
        status = ask(caller, method, path).status_code
        if view.needs in PERMISSIONS[role]:
            assert status not in {401, 500}, f"{method} {path}: {status}"
        else:
            assert status == 403, f"{role} {method} {path}: {status}"


def test_nobody_gets_past_the_door_without_signing_in(api: Api):
    nobody = api.as_nobody()
    for method, path, view in routes(api):
        if hasattr(view, "needs"):
            assert ask(nobody, method, path).status_code == 401, f"{method} {path}"


def test_ids_that_are_none_are_not_found(api: Api):
    admin = api.as_(Role.ADMIN)
    for method, path, view in routes(api):
        if hasattr(view, "needs") and method == "GET" and _has_id(path):
            assert ask(admin, method, path).status_code in {404, 410}, f"{method} {path}"
            broken = path.replace(_id_in(path), "not-an-id")
            assert ask(admin, method, broken).status_code == 404, f"{method} {broken}"


def _id_in(path: str) -> str:
    return next((part for part in path.split("/") if _is_id(part)), "")


def _has_id(path: str) -> bool:
    return bool(_id_in(path))


def _is_id(part: str) -> bool:
    try:
        UUID(part)
    except ValueError:
        return False
    return True
