"""Redemption codes: ten letters of Crockford's base 32 and a check character.

Source: https://www.crockford.com/base32.html (letters, what is read as which, check modulo 37).
"""

import secrets

LENGTH = 10
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BITS, _LAST = 5, 31
"""What a letter carries."""
_CHECKS = _LETTERS + "*~$=U"
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})


def make() -> str:
    """A new code with its check character: 50 bits of chance."""
    value = secrets.randbits(_BITS * LENGTH)
    places = range(_BITS * (LENGTH - 1), -1, -_BITS)
    letters = "".join(_LETTERS[value >> place & _LAST] for place in places)
    return letters + _CHECKS[value % len(_CHECKS)]


def read(text: str) -> str | None:
    """The code somebody typed, as it was made; None when a letter was mistaken."""
    code = text.upper().translate(_READ_AS)
    letters, check = code[:LENGTH], code[LENGTH:]
    is_whole = len(code) == LENGTH + 1 and all(letter in _LETTERS for letter in letters)
    return code if is_whole and check == _check(letters) else None


def shown(code: str) -> str:
    """The code as people read it aloud: `7K2PM-9QX4T-R`."""
    half = LENGTH // 2
    return f"{code[:half]}-{code[half:LENGTH]}-{code[LENGTH:]}"


def _check(letters: str) -> str:
    value = 0
    for letter in letters:
        value = value * len(_LETTERS) + _LETTERS.index(letter)
    return _CHECKS[value % len(_CHECKS)]
