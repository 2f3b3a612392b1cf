"""Is it alive, can it serve, and how is it doing."""

from collections.abc import Callable

from flask import Blueprint, Response, current_app, jsonify
from redis import RedisError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from bot import metrics
from bot.wiring import Wiring
from crm import outbox
from crm.migrations import run as migrations
from crm.models import Lane
from workers import runtime, schedule

pages = Blueprint("health", __name__)

Check = Callable[[Wiring], bool]


@pages.get("/healthz")
def alive() -> Response:
    """This process answers; nothing else is asked."""
    return jsonify(status="ok")


@pages.get("/readyz")
def ready() -> tuple[Response, int]:
    """Database, migrations, queue, every lane's worker and the scheduler: 200 when all are."""
    wiring: Wiring = current_app.extensions["wiring"]
    found = examine(wiring)
    return jsonify(status="ready" if all(found.values()) else "not ready", checks=found), (
        200 if all(found.values()) else 503
    )


@pages.get("/metrics")
def figures() -> Response:
    """Prometheus's figures: this machine's counters and the outbox as it stands."""
    wiring: Wiring = current_app.extensions["wiring"]
    try:
        outbox_now = _outbox(wiring)
    except SQLAlchemyError:
        outbox_now = ""
    return Response(metrics.render() + outbox_now.encode(), content_type=metrics.CONTENT_TYPE)


def examine(wiring: Wiring) -> dict[str, bool]:
    """Every check by name; one that cannot be made has failed."""
    checks: dict[str, Check] = {
        "database": _database_answers,
        "migrations": _is_migrated,
        "queue": _queue_answers,
        "scheduler": lambda w: schedule.scheduler_alive(w.redis),
    }
    found = {name: _holds(check, wiring) for name, check in checks.items()}
    return found | {f"worker-{lane}": alive for lane, alive in _workers(wiring).items()}


def _holds(check: Check, wiring: Wiring, *, tries: int = 2) -> bool:
    """Once more over a new connection: a restart of the server cut those that rested."""
    try:
        return check(wiring)
    except DBAPIError as error:
        return error.connection_invalidated and tries > 1 and _holds(check, wiring, tries=tries - 1)
    except (SQLAlchemyError, RedisError):
        return False


def _database_answers(wiring: Wiring) -> bool:
    with wiring.engine.connect() as connection:
        return connection.execute(text("select 1")).scalar_one() is not None


def _is_migrated(wiring: Wiring) -> bool:
    with wiring.engine.connect() as connection:
        return migrations.is_current(connection)


def _queue_answers(wiring: Wiring) -> bool:
    return bool(wiring.redis.ping())


def _workers(wiring: Wiring) -> dict[str, bool]:
    try:
        return runtime.workers_alive(wiring.redis)
    except RedisError:
        return dict.fromkeys(Lane, False)


def _outbox(wiring: Wiring) -> str:
    """Depth and age of the outbox, read from its table when asked for."""
    with wiring.transaction() as session:
        depth = outbox.depth(session)
        age_s = outbox.oldest_pending_age_s(session, now=wiring.now()) or 0.0
    lines = [f'outbox_depth{{lane="{lane}"}} {count}' for lane, count in depth.items()]
    return "\n".join(["# TYPE outbox_depth gauge", *lines, _AGE_TYPE, f"outbox_age {age_s}", ""])


_AGE_TYPE = "# TYPE outbox_age gauge"
