"""One request to the API: who asks, whether they may, one transaction, and its audit row."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from http import HTTPStatus
from typing import Any, ParamSpec, cast
from uuid import UUID

from flask import Response, current_app, g, make_response, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.local import LocalProxy

from bot.wiring import Wiring
from crm import audit, sign_in
from crm.audit import Act
from crm.kit.errors import Denied
from crm.kit.permissions import Actor, Permission, Scope
from crm.models import AuditOutcome

P = ParamSpec("P")
View = Callable[P, Any]
Guarded = Callable[P, ResponseReturnValue]

_LONGEST_PURPOSE = 40
# Reads that are nobody's secret leave no row.
_UNWATCHED = {
    Permission.OWN_READ,
    Permission.HOSPITALS_READ,
    Permission.TEMPLATES_READ,
    Permission.REWARDS_READ,
    Permission.STATISTICS_READ,
    Permission.ANALYTICS_READ,
    Permission.JOBS_READ,
}


@dataclass
class Call:
    """What a view needs of its request."""

    wiring: Wiring
    session: Session
    actor: Actor
    scope: Scope
    now: datetime
    about: dict[str, Any] = field(default_factory=dict)

    def may(self, permission: Permission) -> bool:
        """True when the caller holds this permission too."""
        return self.actor.may(permission)

    def require(self, permission: Permission) -> Scope:
        """The scope of a further permission. Raises Denied."""
        if not self.actor.may(permission):
            raise Denied("You may not do this.", needs=permission.value)
        return self.actor.scope(permission)

    def concerns(self, kind: str, id_: UUID | None, *, hospital_id: UUID | None = None) -> None:
        """Say for the audit what this request was about."""
        self.about |= {"entity": kind, "entity_id": id_, "hospital_id": hospital_id}


call: Call = cast("Call", LocalProxy(lambda: g.call))


def needs(permission: Permission) -> Callable[[View[P]], Guarded[P]]:
    """Let in whoever holds the permission; the view runs in one transaction, audited."""

    def guard(view: View[P]) -> Guarded[P]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            return _answer(permission, lambda: view(*args, **kwargs))

        guarded.needs = permission  # type: ignore[attr-defined] # read by the guard test
        return guarded

    return guard


def public(reason: str) -> Callable[[View[P]], Guarded[P]]:
    """Let in anybody, for the reason given; the view runs in one transaction."""

    def guard(view: View[P]) -> Guarded[P]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            wiring = _wiring()
            with wiring.transaction() as session:
                nobody = Actor.nobody()
                g.call = Call(wiring, session, nobody, Scope(frozenset()), wiring.now())
                return make_response(view(*args, **kwargs))

        guarded.public = reason  # type: ignore[attr-defined] # read by the guard test
        return guarded

    return guard


def _answer(permission: Permission, view: Callable[[], Any]) -> Response:
    wiring = _wiring()
    now = wiring.now()
    with wiring.transaction() as session:
        actor = sign_in.authenticate(session, wiring.tokens, _bearer(), now=now)
        g.actor = actor
        if not actor.may(permission):
            raise Denied("You may not do this.", needs=permission.value)
        g.call = Call(wiring, session, actor, actor.scope(permission), now)
        answer = _emptied(make_response(view()))
        if request.method != "GET" or permission not in _UNWATCHED:
            audit.record(session, _act(AuditOutcome.DONE), now=now)
    return answer


def _emptied(answer: Response) -> Response:
    """An answer that says "no content" has none."""
    if answer.status_code == HTTPStatus.NO_CONTENT:
        answer.set_data(b"")
        answer.headers.remove("Content-Type")
    return answer


def note_denial(error: Denied) -> None:
    """Write down that somebody was refused; a transaction of its own, for theirs is gone."""
    actor: Actor | None = g.get("actor")
    if actor is None:
        return
    wiring = _wiring()
    with wiring.transaction() as session:
        audit.record(session, _act(AuditOutcome.DENIED, error.code), now=wiring.now())


def _act(outcome: AuditOutcome, code: str = "") -> Act:
    about = dict(g.call.about) if "call" in g else {}
    ids = [(name, value) for name, value in (request.view_args or {}).items() if _is_id(value)]
    entity, entity_id = ids[-1] if ids else (None, None)
    body = request.get_json(silent=True) if request.method != "GET" and request.is_json else None
    return Act(
        actor=g.actor,
        action=f"{request.endpoint}:{code}" if code else str(request.endpoint),
        outcome=outcome,
        entity=about.get("entity") or (entity and entity.removesuffix("_id")),
        entity_id=about.get("entity_id") or entity_id,
        hospital_id=about.get("hospital_id"),
        fields=sorted(body)[:50] if isinstance(body, dict) else [],
        purpose=request.headers.get("X-Purpose", "")[:_LONGEST_PURPOSE] or None,
        address=request.remote_addr,
        request_id=g.get("request_id"),
    )


def _is_id(value: object) -> bool:
    return isinstance(value, UUID)


def _bearer() -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _wiring() -> Wiring:
    return cast("Wiring", current_app.extensions["wiring"])
