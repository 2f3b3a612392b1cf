"""Addresses as the carrier writes them: +234…, whatsapp:+234…, whatsapp:NG.<id>."""

import re

PREFIX = "whatsapp:"
_E164 = re.compile(r"\+[1-9]\d{7,14}")
_NIGERIAN = re.compile(r"\+234[1-9]\d{9}")
_NIGERIAN_MOBILE = re.compile(r"\+234[789][01]\d{8}")
_BUSINESS_SCOPED = re.compile(r"[A-Z]{2}\.[A-Za-z0-9]{1,128}")


def channel_of(address: str) -> str:
    """Tell the channel from the prefix."""
    return "whatsapp" if address.startswith(PREFIX) else "sms"


def bare(address: str) -> str:
    """Return the number or id without the channel's prefix."""
    return address.removeprefix(PREFIX)


def on(channel: str, address: str) -> str:
    """Write a bare address as one of a channel."""
    return PREFIX + bare(address) if channel == "whatsapp" else bare(address)


def is_valid(address: str) -> bool:
    """Say whether the carrier would take this as a destination."""
    person = bare(address)
    if channel_of(address) == "whatsapp" and _BUSINESS_SCOPED.fullmatch(person):
        return True
    if not _E164.fullmatch(person):
        return False
    return not person.startswith("+234") or is_landline(person) or is_mobile(person)


def is_mobile(person: str) -> bool:
    """Say whether a number outside Nigeria or a Nigerian mobile was given."""
    return not person.startswith("+234") or bool(_NIGERIAN_MOBILE.fullmatch(person))


def is_landline(person: str) -> bool:
    """Say whether a Nigerian number is a fixed line (old 8 or new 10 digits)."""
    digits = person.removeprefix("+234")
    if digits == person or _NIGERIAN_MOBILE.fullmatch(person):
        return False
    old = re.fullmatch(r"[1-9]\d{7}", digits)
    return bool(old or (_NIGERIAN.fullmatch(person) and digits.startswith("2")))


def is_number(address: str) -> bool:
    """Say whether there is a telephone number behind an address."""
    return bare(address).startswith("+")
