"""The people whose phones are drawn: three to begin with, more by hand."""

import re
from dataclasses import dataclass

from bot.sandbox import addresses
from bot.sandbox.store import Store

FIRST_NUMBER = 2349140000001
FIRST = (
    ("adaeze", "Adaeze", "+2349140000001", "whatsapp"),
    ("musa", "Musa", "+2349140000002", "sms"),
    ("salako", "Chief Salako", "+2349142000001", "sms"),
)
"""Two who are new to the house, and an owner whom the demo's data knows."""
NAME_LIMIT = 40


class BadPerson(ValueError):
    """The form for a new person cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with one phone; a family that shares one is one of these."""

    id: str
    name: str
    number: str
    channel: str

    @property
    def channel_name(self) -> str:
        """The channel as people call it."""
        return "WhatsApp" if self.channel == "whatsapp" else "SMS"


def everyone(store: Store) -> list[Person]:
    """Return all people in the order they came; the first ones are always there."""
    rows = store.rows("select id, name, number, channel from people order by position")
    if not rows:
        for place, person in enumerate(FIRST):
            store.run("insert or ignore into people values (?, ?, ?, ?, ?)", *person, place)
        return everyone(store)
    return [Person(*row) for row in rows]


def add(store: Store, *, name: str, number: str, channel: str) -> Person:
    """Give somebody a phone. Raises BadPerson."""
    name, number = name.strip()[:NAME_LIMIT], normalised(number)
    if not name:
        raise BadPerson("Give the person a name.")
    if not addresses.is_valid(number) or addresses.is_landline(number):
        raise BadPerson("The number must be a mobile number such as +2349140000003.")
    if any(person.number == number for person in everyone(store)):
        raise BadPerson("That number already has a phone here.")
    person = Person(_free_id(store, name), name, number, "sms" if channel == "sms" else "whatsapp")
    position = len(everyone(store))
    fields = (person.id, person.name, person.number, person.channel, position)
    store.run("insert into people values (?, ?, ?, ?, ?)", *fields)
    return person


def next_number(store: Store) -> str:
    """The first number of the sandbox's range that nobody has."""
    taken = {person.number for person in everyone(store)}
    number = FIRST_NUMBER
    while f"+{number}" in taken:
        number += 1
    return f"+{number}"


def normalised(number: str) -> str:
    """Write a number as typed in Nigeria in its international form."""
    digits = re.sub(r"[^\d+]", "", number)
    return "+234" + digits[1:] if digits.startswith("0") else digits


def _free_id(store: Store, name: str) -> str:
    taken = {person.id for person in everyone(store)}
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "person"
    number = 2
    while slug in taken or slug in ("live", "static", "people", "faults", "clock", "mail"):
        slug, number = f"{slug.rstrip('-0123456789')}-{number}", number + 1
    return slug
