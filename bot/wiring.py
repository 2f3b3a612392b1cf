"""The plugs: everything a door needs, made once per process and handed in."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import structlog
from redis import Redis, RedisError
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from bot import metrics
from bot.channels.carrier import Carrier
from bot.config import Settings
from bot.wakes import Wakes
from crm.kit.access_tokens import AccessTokens
from crm.kit.clock import Clock
from crm.kit.crypto import Vault
from crm.kit.errors import DomainError
from crm.kit.passwords import Passwords
from crm.kit.tokens import Links
from crm.kit.unit_of_work import UnitOfWork, Units

log = structlog.get_logger()


class Jobs:
    """The way to ask for work: a dotted name and JSON arguments, never an import."""

    def __init__(self, redis: Redis) -> None:
        """One RQ queue per lane, made when first asked for."""
        self.redis = redis
        self._queues: dict[str, Queue] = {}

    def queue(self, lane: str) -> Queue:
        """The RQ queue of a lane."""
        if lane not in self._queues:
            self._queues[lane] = Queue(lane, connection=self.redis, serializer=JSONSerializer)
        return self._queues[lane]

    def enqueue(self, lane: str, function: str, *args: Any) -> None:
        """Ask for a run of ``workers.<module>.<function>``. Raises RedisError."""
        self.queue(lane).enqueue(function, *args, result_ttl=60, failure_ttl=7 * 86_400)


@dataclass
class Wiring:
    """What the doors are made of. `redis` is bounded: it fails fast rather than hang a request."""

    settings: Settings
    engine: Engine
    redis: Redis
    carrier: Carrier
    vault: Vault
    clock: Clock
    lines_kept: int = 0
    """How many connections transactions may keep from one to the next; they miss in the pool."""

    def now(self) -> datetime:
        """The moment, aware, in UTC."""
        return self.clock.now()

    @cached_property
    def jobs(self) -> Jobs:
        """The job queues."""
        return Jobs(self.redis)

    @cached_property
    def wakes(self) -> Wakes:
        """Which lanes have been woken."""
        return Wakes(self.redis)

    @cached_property
    def links(self) -> Links:
        """The public links of the house."""
        return Links(self.settings.public_base_url, self.settings.secret_key)

    @property
    def forms(self) -> Links | None:
        """The links that stand in for answers, where text messages hear none."""
        return None if self.settings.sms_two_way else self.links

    @cached_property
    def tokens(self) -> AccessTokens:
        """The tokens by which the API knows its callers."""
        return AccessTokens(self.settings.secret_key)

    @cached_property
    def passwords(self) -> Passwords:
        """How passwords are kept."""
        return Passwords(self.settings.bcrypt_cost)

    @cached_property
    def sessions(self) -> sessionmaker[UnitOfWork]:
        """Sessions that carry the vault, for the operations that seal and open fields."""
        return sessionmaker(
            self.engine, class_=UnitOfWork, expire_on_commit=False, info={"vault": self.vault}
        )

    @cached_property
    def _units(self) -> Units:
        return Units(self.sessions, most=self.lines_kept)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One transaction: commits at the end, then wakes the lanes that were posted to.

        A rule that says no undoes it all, unless it says that what was written must stay.
        """
        unit = self._units.take()
        try:
            try:
                yield unit
            except DomainError as error:
                if error.keeps:
                    unit.commit()
                raise
            unit.commit()
        except BaseException as error:
            unit.close()
            if isinstance(error, DBAPIError) and error.connection_invalidated:
                self._units.close()  # a restart of the server cut their lines, too
            raise
        lanes = unit.info.pop("lanes", ())
        self._units.give_back(unit)
        for lane in lanes:
            self.signal(lane)

    def disconnect(self) -> None:
        """Close the connections to the database that nobody is using; later ones are new."""
        self._units.close()
        self.engine.dispose()

    def signal(self, lane: str) -> None:
        """Wake a lane once for many messages; when the queue is away, the sweep finds them."""
        try:
            if self.wakes.claim(lane):
                self.jobs.enqueue(lane, "workers.delivery.deliver", lane)
        except RedisError as error:
            metrics.signals_failed.inc()
            log.warning("signal.lost", lane=lane, error=type(error).__name__)
