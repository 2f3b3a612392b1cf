"""Somebody who calls the API."""

from dataclasses import dataclass
from functools import cached_property
from uuid import UUID, uuid4

from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from bot.wiring import Wiring
from crm import sign_in, users
from crm.kit.permissions import Role
from crm.models import AccountKind, Hospital
from crm.sign_in import Device

PREFIX = "/api/crm"
PASSWORD = "a password that is long enough"


class Api:
    """The API of one test, and whoever calls it."""

    def __init__(self, app: Flask, wiring: Wiring) -> None:
        self.app, self.wiring = app, wiring

    @cached_property
    def hospitals(self) -> dict[str, UUID]:
        """The seeded hospitals' ids by code: IKJ, WUS, PHC."""
        with self.wiring.sessions() as session:
            return dict(session.execute(select(Hospital.code, Hospital.id)).all())

    def as_(self, *roles: Role, hospital: str | None = None, strong: bool = True) -> "Caller":
        """A new staff user with these roles, at one hospital (by code) or at all."""
        place = self.hospitals[hospital] if hospital else None
        with self.wiring.transaction() as session:
            user = users.create(
                session,
                self.wiring.passwords,
                name=f"{'-'.join(roles)} {hospital or 'everywhere'}",
                email=f"{uuid4().hex}@example.com",
                password=PASSWORD,
                grants=[(role, place) for role in roles],
                now=self.wiring.now(),
            )
        return self._signed_in(AccountKind.USER, user.id, strong=strong)

    def as_patient(self, patient_id: UUID) -> "Caller":
        """A patient, signed in for themselves."""
        return self._signed_in(AccountKind.PATIENT, patient_id)

    def as_owner(self, owner_id: UUID) -> "Caller":
        """An owner, signed in for themselves."""
        return self._signed_in(AccountKind.OWNER, owner_id)

    def as_nobody(self) -> "Caller":
        """Somebody who is not signed in."""
        return Caller(self.app, UUID(int=0), "")

    def _signed_in(self, kind: AccountKind, id_: UUID, *, strong: bool = False) -> "Caller":
        with self.wiring.transaction() as session:
            tokens = sign_in.start(
                session,
                self.wiring.tokens,
                kind,
                id_,
                device=Device("127.0.0.1", "test"),
                is_strong=strong,
                now=self.wiring.now(),
            )
        return Caller(self.app, id_, tokens.access_token)


@dataclass
class Caller:
    """Sends requests with one token; POSTs carry an Idempotency-Key by themselves."""

    app: Flask
    id: UUID
    token: str

    def get(self, path: str, **query: object) -> TestResponse:
        return self._send("GET", path, query_string=query or None)

    def post(self, path: str, json: object = None, *, key: str | None = None, **more: object):
        headers = {"Idempotency-Key": key if key is not None else uuid4().hex}
        return self._send(
            "POST", path, headers=headers, json=json if json is not None else {}, **more
        )

    def patch(self, path: str, json: object, *, headers: dict[str, str] | None = None):
        return self._send("PATCH", path, json=json, headers=headers)

    def put(self, path: str, json: object) -> TestResponse:
        return self._send("PUT", path, json=json)

    def delete(self, path: str) -> TestResponse:
        return self._send("DELETE", path)

    def _send(
        self, method: str, path: str, *, headers: dict[str, str] | None = None, **more: object
    ) -> TestResponse:
        carried = dict(headers or {})
        if self.token:
            carried["Authorization"] = f"Bearer {self.token}"
        with self.app.test_client() as client:
            return client.open(f"{PREFIX}{path}", method=method, headers=carried, **more)
