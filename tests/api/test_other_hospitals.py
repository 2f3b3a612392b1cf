"""What belongs to one hospital cannot be seen or changed from another, by any route.

On the demo's two years of life: every route that names something is asked for a thing of Wuse by
people of Ikeja, and every list they may read is searched for Wuse's ids.
"""

from collections.abc import Iterator
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from crm.kit.permissions import PERMISSIONS, Role
from tests.api.caller import PREFIX, Api
from tests.api.test_matrix import ask
from tests.databases import Databases

OURS, THEIRS = "IKJ", "WUS"

# What each name in a path stands for: ids that belong to one hospital and no other.
THINGS = {
    "patient_id": """select id from patient_profiles p where home_hospital_id = :there
        and not exists (select from appointments a where a.patient_id = p.id
                        and a.hospital_id <> :there)""",
    "appointment_id": "select id from appointments where hospital_id = :there",
    "hold_id": "select id from appointments where hospital_id = :there",
    "entry_id": """select id from waitlist_entries where hospital_id = :there
        union all select id from revenue_entries where hospital_id = :there""",
    "owner_id": """select id from owners o where coalesce(hospital_id, :there) = :there
        and exists (select from contracts c where c.owner_id = o.id)
        and not exists (select from contracts c where c.owner_id = o.id
                        and c.hospital_id <> :there)""",
    "contract_id": "select id from contracts where hospital_id = :there",
    "payout_id": "select id from owner_payouts where hospital_id = :there",
    "hospital_id": "select id from hospitals where id = :there",
    "service_id": "select id from services where hospital_id = :there",
    "practitioner_id": "select id from practitioners where hospital_id = :there",
    "schedule_id": """select s.id from schedules s join practitioners p on p.id = practitioner_id
        where p.hospital_id = :there""",
    "feedback_id": "select id from patient_feedback where hospital_id = :there",
    "follow_up_id": "select id from follow_ups where hospital_id = :there",
    "redemption_id": """select r.id from reward_redemptions r
        join loyalty_points l on l.id = r.account_id
        join patient_profiles p on p.id = l.patient_id where home_hospital_id = :there
        and not exists (select from appointments a where a.patient_id = p.id
                        and a.hospital_id <> :there)""",
    "user_id": """select user_id as id from user_grants g where hospital_id = :there
        and not exists (select from user_grants o where o.user_id = g.user_id
                        and o.hospital_id is distinct from :there)""",
}
OPEN_TO_ALL = {"GET /hospitals/<uuid:hospital_id>", "GET /services/<uuid:service_id>"}
OPEN_TO_ALL |= {"GET /practitioners/<uuid:practitioner_id>"}
"""The group's directory: whoever books must see where one can go."""
FINISHED = {200, 201, 202, 204}


@pytest.fixture
def database_url(copies: Databases) -> Iterator[str]:
    """The demo's hospitals with everything that happened in them."""
    with copies.lived_in() as url:
        yield url


@pytest.fixture
def life(api: Api) -> Api:
    """The API over that."""
    return api


def things(session: Session, there: UUID) -> dict[str, list[UUID]]:
    return {
        name: list(session.scalars(text(f"{sql} limit 3"), {"there": there}))
        for name, sql in THINGS.items()
    }


def routes(api: Api) -> Iterator[tuple[str, object]]:
    for rule in api.app.url_map.iter_rules():
        if rule.rule.startswith(PREFIX) and not rule.rule.endswith("/auth/sign-out"):
            yield rule


ROLES = (Role.HOSPITAL_ADMIN, Role.FRONT_DESK, Role.FINANCE, Role.AUDITOR)


def test_nothing_of_another_hospital_can_be_reached(life: Api):
    """Takes its time: the demo's life is loaded, then each route is asked for each thing."""
    there = life.hospitals[THEIRS]
    with life.wiring.sessions() as session:
        found = things(session, there)
    missing = [name for name, ids in found.items() if not ids]
    assert not missing, f"the demo has none of {missing}"
    asked, reached = [], []
    for role in ROLES:
        us = life.as_(role, hospital=OURS)
        for label, method, path in requests(life, found, role):
            status = ask(us, method, path).status_code
            asked.append(label)
            if status in FINISHED or status >= 500:
                reached.append(f"{role} {label}: {status}")
    assert len(set(asked)) > 60
    assert not reached


def requests(api: Api, found: dict[str, list[UUID]], role: Role) -> Iterator[tuple[str, str, str]]:
    """Each route the role may use, with each thing of theirs in its path."""
    for rule in routes(api):
        named = [name for name in rule.arguments if name in found]
        if len(rule.arguments) != 1 or not named:
            continue
        view = api.app.view_functions[rule.endpoint]
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            label = f"{method} {rule.rule.removeprefix(PREFIX)}"
            if label not in OPEN_TO_ALL and view.needs in PERMISSIONS[role]:
                for id_ in found[named[0]]:
                    path = rule.rule.replace(f"<uuid:{named[0]}>", str(id_))
                    yield label, method, path.removeprefix(PREFIX)


def test_no_list_shows_anything_of_another_hospital(life: Api):
    """Each list is read to its end; ids of the other hospital must not be among what it says."""
    us, there = life.as_(Role.HOSPITAL_ADMIN, hospital=OURS), life.hospitals[THEIRS]
    with life.wiring.sessions() as session:
        found = {
            name: set(map(str, session.scalars(text(sql), {"there": there})))
            for name, sql in THINGS.items()
            if name not in {"hospital_id", "service_id", "practitioner_id", "schedule_id"}
        }
    theirs = set().union(*found.values())
    shown = []
    for rule in routes(life):
        if "GET" in rule.methods and not rule.arguments:
            path = rule.rule.removeprefix(PREFIX)
            for page in pages(us, path):
                shown += [f"{path} {id_}" for id_ in theirs if id_ in page]
    assert not shown[:5]


def pages(caller, path: str, most: int = 60) -> Iterator[str]:
    cursor = {}
    for _ in range(most):
        answer = caller.get(path, limit=100, **cursor)
        if answer.status_code == 422 and not cursor:
            answer = caller.get(path)
        yield answer.get_data(as_text=True)
        following = (
            (answer.json or {}).get("meta", {}).get("next_cursor") if answer.is_json else None
        )
        if not following:
            return
        cursor = {"cursor": following}


def test_the_group_sees_what_both_have(life: Api):
    """The counter-check: these lists are not empty because they are broken."""
    group = life.as_(Role.ADMIN)
    for path in ("/patients", "/owners", "/owners/payouts", "/appointments", "/contracts"):
        assert group.get(path, limit=100).json["data"], path
