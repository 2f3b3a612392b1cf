"""Users for every role, with one password that the demo tells."""

from uuid import UUID

from crm import users
from crm.demo.house import House
from crm.demo.loading import Row, load
from crm.kit.permissions import Actor, Kind, Role
from crm.models import Hospital, User, UserGrant

PASSWORD = "kola-nut-and-garden-egg"  # noqa: S105 -- the demo's own, told to everybody
DOMAIN = "grandpro.example"

GROUP: dict[Role, tuple[str, str]] = {
    Role.ADMIN: ("admin", "Ngozi Adichie"),
    Role.COMMUNICATIONS: ("communications", "Kemi Alade"),
    Role.FINANCE: ("finance", "Tunde Bakare"),
    Role.FINANCE_APPROVER: ("approver", "Hauwa Ibrahim"),
    Role.AUDITOR: ("auditor", "Ebiere Lawson"),
    Role.SERVICE: ("cashier-system", "Cashier system"),
}
"""Who works for the whole group: the name before the @, and the person's."""

_AT_EACH: dict[Role, tuple[str, tuple[str, ...]]] = {
    Role.FRONT_DESK: ("desk", ("Blessing Okoro", "Rakiya Musa", "Data Kio")),
    Role.CLINICIAN: ("clinic", ("Dr Adaeze Okafor", "Dr Aisha Bello", "Dr Boma Briggs")),
    Role.HOSPITAL_ADMIN: ("manager", ("Femi Alabi", "Sani Dogo", "Ibinabo Hart")),
}


Hired = tuple[Role, Hospital | None, str, str]
"""A role, where, the name before the @, the person's name."""


def address(before: str, hospital: Hospital | None = None) -> str:
    """The e-mail somebody signs in with: `desk.ikj@grandpro.example`."""
    place = f".{hospital.code.lower()}" if hospital else ""
    return f"{before}{place}@{DOMAIN}"


def hire(house: House) -> int:
    """Write the users down; returns how many. One hash for all: each costs a quarter second."""
    people: list[Hired] = [(role, None, *who) for role, who in GROUP.items()]
    people += [
        (role, hospital, before, names[number % len(names)])
        for number, hospital in enumerate(house.hospitals)
        for role, (before, names) in _AT_EACH.items()
    ]
    kept = house.passwords.hash(PASSWORD)
    rows = [_row(house, who, address(before, place), kept) for _, place, before, who in people]
    load(house.session, User, rows)
    load(house.session, UserGrant, [_grant(house, r, p) for r, p in zip(rows, people, strict=True)])
    for row, (role, place, _, who) in zip(rows, people, strict=True):
        grants = ((role, place.id if place else None),)
        _remember(house, Actor(Kind.USER, row["id"], who, grants), place)
    return len(rows)


def _row(house: House, name: str, email: str, password_hash: str) -> Row:
    id_ = house.chance.id_at(house.now)
    return {
        "id": id_,
        "name": name,
        "email_sealed": house.vault.seal(email, where=users.EMAIL, row=id_),
        "email_index": house.vault.index(email, domain=users.EMAIL),
        "password_hash": password_hash,
        "created_at": house.now,
        "updated_at": house.now,
    }


def _grant(house: House, row: Row, person: Hired) -> Row:
    role, place, *_ = person
    return {
        "id": house.chance.id_at(house.now),
        "user_id": row["id"],
        "role": role,
        "hospital_id": place.id if place else None,
    }


def _remember(house: House, actor: Actor, place: Hospital | None) -> None:
    role: Role = actor.grants[0][0]
    hospital_id: UUID | None = place.id if place else None
    if hospital_id is None:
        house.staff[role] = actor
    elif role is Role.HOSPITAL_ADMIN:
        house.desks[hospital_id] = actor
