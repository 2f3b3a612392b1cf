"""Sealing of sensitive fields: AES-256-GCM with a key ring, and blind indexes for look-up.

A sealed value is ``version byte | key id length | key id | nonce (12) | ciphertext and tag``.
Associated data is the field's name and the row's id, so that a value moved to another row or
column does not open.
"""

import base64
import hashlib
import hmac
import os
from typing import Any
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_VERSION = b"\x01"
_NONCE_BYTES = 12
_INDEX_BYTES = 16


class CannotOpen(Exception):
    """The value was sealed elsewhere, with a key we do not hold, or was changed."""


class Vault:
    """Seals with the first key of the ring, opens with any of them."""

    def __init__(self, keys: dict[str, bytes], index_key: bytes) -> None:
        """Keys are 32 bytes each, in order; the index key is separate and never rotates alone."""
        self._ciphers = {key_id.encode(): AESGCM(key) for key_id, key in keys.items()}
        self._first = next(iter(self._ciphers))
        self._head = _VERSION + bytes([len(self._first)]) + self._first
        self._index_key = index_key

    @classmethod
    def from_settings(cls, encryption_keys: str, secret_key: str) -> "Vault":
        """Read ``id:base64,id2:base64``; the index key is derived from the secret key."""
        pairs = (part.split(":", 1) for part in encryption_keys.split(","))
        keys = {key_id.strip(): base64.b64decode(key) for key_id, key in pairs}
        return cls(keys, hashlib.sha256(b"blind-index\0" + secret_key.encode()).digest())

    @property
    def head(self) -> bytes:
        """What every value begins with that the first key has sealed."""
        return self._head

    def seal(self, text: str, *, where: str, row: UUID) -> bytes:
        """Encrypt for one field (``where`` is table.column) of one row."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._ciphers[self._first].encrypt(nonce, text.encode(), _bind(where, row))
        return self._head + nonce + sealed

    def open(self, sealed: bytes, *, where: str, row: UUID) -> str:
        """Decrypt what was sealed for the same field and row. Raises CannotOpen."""
        key_id, rest = _split(bytes(sealed))
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise CannotOpen(f"no key {key_id!r} for {where}")
        try:
            opened = cipher.decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], _bind(where, row))
        except (InvalidTag, ValueError):
            raise CannotOpen(f"{where} of row {row} was changed or moved") from None
        return opened.decode()

    def seal_json(self, value: Any, *, where: str, row: UUID) -> bytes:
        """The same for what JSON can hold; ids and moments become text."""
        return self.seal(orjson.dumps(value, str).decode(), where=where, row=row)

    def open_json(self, sealed: bytes, *, where: str, row: UUID) -> Any:
        """Decrypt and read what `seal_json` sealed. Raises CannotOpen."""
        return orjson.loads(self.open(sealed, where=where, row=row))

    def index(self, text: str, *, domain: str) -> bytes:
        """A keyed fingerprint (16 bytes) by which a sealed value can be found, not read."""
        digest = hmac.digest(self._index_key, f"{domain}\0{text}".encode(), "sha256")
        return digest[:_INDEX_BYTES]


def _bind(where: str, row: UUID) -> bytes:
    return where.encode() + b"\0" + row.bytes


def _split(sealed: bytes) -> tuple[bytes, bytes]:
    if sealed[:1] != _VERSION or len(sealed) < len(_VERSION) + 1:
        raise CannotOpen("unknown format")
    end = 2 + sealed[1]
    return sealed[2:end], sealed[end:]
