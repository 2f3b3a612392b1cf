"""The wake-up of a lane: one command after every turn, on a connection that each thread keeps.

A client's `set` takes a connection out of its pool, looks whether it is still good, packs the same
words anew, counts and puts it back: twice the cost of the command itself.
"""

from threading import local

from redis import Redis
from redis.connection import ConnectionInterface
from redis.exceptions import ConnectionError as Lost
from redis.exceptions import TimeoutError as Late

_FOR_MS = 5_000


class Wakes:
    """Which lanes have been woken and have not looked since."""

    def __init__(self, redis: Redis) -> None:
        """Over connections of this client's kind, with its limits."""
        self._pool = redis.connection_pool
        self._kept = local()
        self._commands: dict[str, list[bytes]] = {}

    def claim(self, lane: str) -> bool:
        """True when nobody has woken the lane since it last looked. Raises RedisError."""
        try:
            return self._ask(lane)
        except (Lost, Late):  # it may have gone and come back since the last turn
            return self._ask(lane)

    def _ask(self, lane: str) -> bool:
        connection = self._connection()
        if lane not in self._commands:
            words = ("SET", f"wake:{lane}", 1, "NX", "PX", _FOR_MS)
            self._commands[lane] = connection.pack_command(*words)  # type: ignore[no-untyped-call]
        connection.send_packed_command(self._commands[lane])  # type: ignore[no-untyped-call]
        return connection.read_response() is not None

    def _connection(self) -> ConnectionInterface:
        """This thread's own; one that was lost connects again when it is used."""
        connection: ConnectionInterface | None = getattr(self._kept, "connection", None)
        if connection is None:
            connection = self._kept.connection = self._pool.make_connection()
        return connection
