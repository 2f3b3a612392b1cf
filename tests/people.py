"""The people of the tests. Their numbers are in the block that no operator holds."""

from dataclasses import dataclass

from bot.channels.carrier import Channel


@dataclass(frozen=True, slots=True)
class Person:
    """Someone with a phone."""

    name: str
    number: str
    channel: Channel


ADA = Person("Ada", "+2349140000011", Channel.WHATSAPP)
BISI = Person("Bisi", "+2349140000013", Channel.WHATSAPP)
EMEKA = Person("Emeka", "+2349140000015", Channel.WHATSAPP)
MUSA = Person("Musa", "+2349140000012", Channel.SMS)
NGOZI = Person("Ngozi", "+2349140000014", Channel.SMS)

PEOPLE = {person.name: person for person in (ADA, BISI, EMEKA, MUSA, NGOZI)}
