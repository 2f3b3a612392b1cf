"""Phone numbers as people in Nigeria write them, read once at the edge.

Rules beyond the library's: a leading 00 means "international" (the metadata know only 009),
letters typed for digits are read as digits, landlines from before 2024 get their new prefix, and
what is no person's number (short codes, USSD, two numbers at once) is refused in words that say
what to do. Source: numbering plan of the Nigerian Communications Commission, phonenumbers 9.0.43.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from crm.kit.errors import DomainError


class PhoneKind(StrEnum):
    """What answers at a number."""

    MOBILE = "mobile"
    LANDLINE = "landline"
    TOLL_FREE = "toll_free"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Phone:
    """A valid number in E.164 and what kind of line it is."""

    e164: str
    kind: PhoneKind

    @property
    def is_textable(self) -> bool:
        """Whether SMS and WhatsApp can reach it."""
        return self.kind is PhoneKind.MOBILE


class PhoneError(DomainError):
    """This is not a phone number we can use; the message says what to do."""

    code = "phone_invalid"
    status = 422


LONGEST_INPUT = 200
SHORTEST_NUMBER = 7
TWO_NUMBERS = 20
"""From so many digits on it can only be two numbers in one breath; E.164 ends at fifteen."""

_NG_MOBILE = re.compile(
    r"(?:702[0-24-9]|819[01])\d{6}|(?:70[13-9]|7[12]\d|80[1-9]|81[0-8]|90[1-9]|91[0-6])\d{7}",
    re.ASCII,
)
_NG_PREFIX = re.compile(r"(?:\+?234)?0?(?=\d{10}$)")
_OLD_NG_LANDLINE = re.compile(r"0([1-9]\d{7})")
_SEPARATORS = re.compile(r"[\s().-]+")
_SCHEME = re.compile(r"(?:whatsapp|tel|sms):", re.IGNORECASE)
_BETWEEN_NUMBERS = re.compile(r"[,;/&\n]|\b(?:or|and|abi|ko|tabi|na)\b", re.IGNORECASE)
_TYPED_FOR_DIGITS = str.maketrans("OoIil|", "001111")

_KINDS = {
    PhoneNumberType.MOBILE: PhoneKind.MOBILE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE: PhoneKind.MOBILE,
    PhoneNumberType.FIXED_LINE: PhoneKind.LANDLINE,
    PhoneNumberType.TOLL_FREE: PhoneKind.TOLL_FREE,
}


def parse(text: str, region: str = "NG") -> Phone:
    """The number a person meant. Raises PhoneError with words for that person."""
    if text.startswith("+234") and _NG_MOBILE.fullmatch(text, 4):
        return Phone(text, PhoneKind.MOBILE)
    typed = _as_typed(text)
    if region == "NG" and (mobile := _ng_mobile(typed)):
        return Phone(f"+234{mobile}", PhoneKind.MOBILE)
    _refuse_what_is_no_number(typed)
    phone = _read(_international(typed), region) or _read(_renumbered(typed), region)
    if phone is None:
        raise PhoneError(_advice(typed, region))
    return phone


def mask(address: str) -> str:
    """The address for logs and screens: ``080****4567``, ``+44****1123``."""
    number = _SCHEME.sub("", address)
    if number.startswith("+234"):
        return f"0{number[4:6]}****{number[-4:]}"
    return f"{number[:3]}****{number[-4:]}"


def _as_typed(text: str) -> str:
    """Plain digits and blanks: no invisible marks, no foreign digits, no ``whatsapp:``."""
    folded = unicodedata.normalize("NFKC", text[:LONGEST_INPUT])
    seen = (letter for letter in folded if unicodedata.category(letter) != "Cf")
    plain = "".join(str(unicodedata.decimal(letter, letter)) for letter in seen).strip()
    return _read_letters_as_digits(_SCHEME.sub("", plain))


def _read_letters_as_digits(text: str) -> str:
    """``O8O3l`` is 08031, unless other letters show that words are meant."""
    letters = {letter for letter in text if letter.isalpha()}
    return text.translate(_TYPED_FOR_DIGITS) if letters <= set("OoIil") else text


def _ng_mobile(typed: str) -> str | None:
    """The ten national digits, when they are a Nigerian mobile in any usual spelling."""
    national = _NG_PREFIX.sub("", _SEPARATORS.sub("", typed), count=1)
    return national if _NG_MOBILE.fullmatch(national) else None


def _refuse_what_is_no_number(typed: str) -> None:
    digits = sum(letter.isdigit() for letter in typed)
    if not digits:
        raise PhoneError("I see no phone number. Please type it in digits, like 08031234567.")
    if "*" in typed or "#" in typed:
        raise PhoneError("That is a network code, not a phone number. Please send the number.")
    if digits >= TWO_NUMBERS or _is_several(typed):
        raise PhoneError("That is more than one number. Please send the one to write to.")
    if typed.isdigit() and digits < SHORTEST_NUMBER:
        raise PhoneError("That is a short code. Please send a full phone number.")


def _is_several(typed: str) -> bool:
    parts = _BETWEEN_NUMBERS.split(typed)
    return sum(len(re.findall(r"\d", part)) >= SHORTEST_NUMBER for part in parts) > 1


def _international(typed: str) -> str:
    """``00 234`` is ``+234``; 009, which the library knows, stays."""
    digits = _SEPARATORS.sub("", typed)
    if digits.startswith("00") and not digits.startswith("009"):
        return f"+{digits[2:]}"
    return typed


def _renumbered(typed: str) -> str:
    """An eight-digit landline in its ten-digit form of January 2024."""
    old = _OLD_NG_LANDLINE.fullmatch(_SEPARATORS.sub("", typed))
    return f"020{old[1]}" if old else typed


def _read(text: str, region: str) -> Phone | None:
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    kind = _KINDS.get(phonenumbers.number_type(number), PhoneKind.OTHER)
    return Phone(phonenumbers.format_number(number, PhoneNumberFormat.E164), kind)


def _advice(typed: str, region: str) -> str:
    digits = sum(letter.isdigit() for letter in typed)
    if region == "NG" and typed.startswith("0") and digits != 11:  # noqa: PLR2004 -- said in words
        return f"A Nigerian mobile number has 11 digits, like 08031234567; this one has {digits}."
    return "I cannot find that phone number. Please check it, digit by digit."
