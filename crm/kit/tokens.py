"""Links that prove we made them."""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from itsdangerous import BadSignature, Signer


@dataclass(frozen=True, slots=True)
class Dated:
    """What a link speaks of, and until when it works."""

    id: UUID
    until: datetime


@dataclass(frozen=True, slots=True)
class DataLink:
    """Which request for one's data a link answers, where its code is sent, and until when."""

    request_id: UUID
    address_id: UUID
    until: datetime


@dataclass(frozen=True, slots=True)
class FormLink:
    """Which form a link opens, and what it is about."""

    kind: str
    about: UUID


FORMS = ("reminder", "feedback", "survey", "waitlist")
_CALENDAR = 64
"""What a short link opens when it is no form; forms are counted from 0."""
_SEAL_BYTES = 10


class Links:
    """Makes and checks the public links of the house."""

    def __init__(self, public_base_url: str, secret_key: str) -> None:
        """The secret signs; nothing of it is in a link."""
        self._base = public_base_url
        self._secret = secret_key

    def calendar(self, visit: UUID) -> str:
        """The address of a visit's calendar file, short enough for a text message."""
        said = bytes([_CALENDAR]) + visit.bytes
        return f"{self._base}/calendar/{self._short(said)}.ics"

    def read_calendar(self, token: str) -> UUID | None:
        """The visit a calendar link speaks of; None when we did not make it."""
        said = self._read_short(token)
        if said is None:
            return self._read("calendar", token)  # as they were made before they were short
        return UUID(bytes=said[1:]) if said[0] == _CALENDAR else None

    def unsubscribe(self, address: UUID) -> str:
        """The address at which a person stops marketing e-mails: GET shows, POST does it."""
        return f"{self._base}/unsubscribe/{self._sign('unsubscribe', address)}"

    def read_unsubscribe(self, token: str) -> UUID | None:
        """The address an unsubscribe link speaks for; None when we did not make it."""
        return self._read("unsubscribe", token)

    def feedback(self, invitation: UUID) -> str:
        """The token that answers an invitation to give feedback, for whoever holds it."""
        return self._sign("feedback", invitation)

    def read_feedback(self, token: str) -> UUID | None:
        """The invitation a token answers; None when we did not make it."""
        return self._read("feedback", token)

    def form(self, kind: str, about: UUID) -> str:
        """The address of a form, short enough for a text message; `kind` is one of `FORMS`."""
        said = bytes([FORMS.index(kind)]) + about.bytes
        return f"{self._base}/f/{self._short(said)}"

    def read_form(self, token: str) -> FormLink | None:
        """The form a link opens; None when we did not make it."""
        said = self._read_short(token)
        if said is None or said[0] >= len(FORMS):
            return None
        return FormLink(FORMS[said[0]], UUID(bytes=said[1:]))

    def _short(self, said: bytes) -> str:
        return urlsafe_b64encode(said + self._short_seal(said)).decode()

    def _read_short(self, token: str) -> bytes | None:
        try:
            raw = urlsafe_b64decode(token)
        except ValueError:
            return None
        said, seal = raw[:-_SEAL_BYTES], raw[-_SEAL_BYTES:]
        return said if hmac.compare_digest(seal, self._short_seal(said)) else None

    def _short_seal(self, said: bytes) -> bytes:
        """Eighty bits: short, and still nothing that can be guessed over the network."""
        key = self._signer("form").derive_key()
        return hmac.digest(key, said, "sha256")[:_SEAL_BYTES]

    def statement(self, payout: UUID, *, until: datetime) -> str:
        """The address of an owner's statement, which opens without signing in until then."""
        said = f"{payout.hex}-{int(until.timestamp()):x}"
        token = self._signer("statement").sign(said).decode()
        return f"{self._base}/statements/{token}.pdf"

    def read_statement(self, token: str) -> Dated | None:
        """The payout a link to a statement speaks of; None when we did not make it."""
        try:
            id_, _, until = self._signer("statement").unsign(token).decode().partition("-")
        except BadSignature:
            return None
        return Dated(UUID(hex=id_), datetime.fromtimestamp(int(until, 16), UTC))

    def data(self, request: UUID, address: UUID, *, until: datetime) -> str:
        """The page that gives people what we keep of them, for a code sent to this address."""
        said = f"{request.hex}-{address.hex}-{int(until.timestamp()):x}"
        return f"{self._base}/my-data/{self._signer('data').sign(said).decode()}"

    def read_data(self, token: str) -> DataLink | None:
        """What a link to one's data speaks of; None when we did not make it."""
        try:
            request, address, until = self._signer("data").unsign(token).decode().split("-")
        except BadSignature:
            return None
        ends = datetime.fromtimestamp(int(until, 16), UTC)
        return DataLink(UUID(hex=request), UUID(hex=address), ends)

    def _read(self, purpose: str, token: str) -> UUID | None:
        try:
            return UUID(hex=self._signer(purpose).unsign(token).decode())
        except (BadSignature, ValueError):
            return None

    def _sign(self, purpose: str, id_: UUID) -> str:
        return self._signer(purpose).sign(id_.hex).decode()

    def _signer(self, purpose: str) -> Signer:
        return Signer(self._secret, salt=f"link.{purpose}", digest_method=hashlib.sha256)
