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

# Owners of hospitals.
DANLADI = Person("Danladi", "+2349140000021", Channel.SMS)
FOLAKE = Person("Folake", "+2349140000022", Channel.WHATSAPP)
OKON = Person("Okon", "+2349140000023", Channel.SMS)
HALIMA = Person("Halima", "+2349140000024", Channel.SMS)
UCHE = Person("Uche", "+2349140000025", Channel.SMS)
TUNDE = Person("Tunde", "+2349140000026", Channel.SMS)
AMINA = Person("Amina", "+2349140000027", Channel.WHATSAPP)
SIMON = Person("Simon", "+2349140000028", Channel.SMS)

OWNERS = (DANLADI, FOLAKE, OKON, HALIMA, UCHE, TUNDE, AMINA, SIMON)
PEOPLE = {person.name: person for person in (ADA, BISI, EMEKA, MUSA, NGOZI, *OWNERS)}
