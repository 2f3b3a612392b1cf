"""Telling WhatsApp that an answer is being written, while the answer is late.

A courtesy beside the work: asked for in a thread of its own, one at a time, never waited for. What
fails, or would have to queue, is dropped.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from threading import BoundedSemaphore
from uuid import UUID

import structlog
from sqlalchemy import text

from bot.channels.carrier import CarrierError
from bot.wiring import Wiring
from workers.runtime import Counts, job

log = structlog.get_logger()

_MOST = 8
"""As many may wait; in an outage of the carrier there is nobody to be told anyway."""

_ANSWERED = text("""
    select heard.provider_id
    from messages reply
    cross join lateral (
        select provider_id from messages
        where conversation_id = reply.conversation_id and direction = 'in' and id < reply.id
        order by id desc limit 1
    ) heard
    where reply.id = any(:replies) and reply.channel = 'whatsapp' and reply.purpose = 'reply'
        and heard.provider_id is not null
""")


@job
def show(wiring: Wiring, provider_id: str) -> Counts:
    """Tell it for a message whose answer failed and will be tried again."""
    return {"told": _tell(wiring, [provider_id])}


def late(wiring: Wiring, replies: Sequence[UUID]) -> int:
    """Tell it for replies that could not leave now and will be sent later."""
    if not wiring.settings.typing_indicator or not replies:
        return 0
    with wiring.sessions() as session:
        heard = session.scalars(_ANSWERED, {"replies": list(replies)}).all()
    return _tell(wiring, heard)


def _tell(wiring: Wiring, provider_ids: Sequence[str]) -> int:
    if not wiring.settings.typing_indicator:
        return 0
    return sum(_begin(wiring, provider_id) for provider_id in provider_ids)


def _begin(wiring: Wiring, provider_id: str) -> bool:
    if not _room().acquire(blocking=False):
        return False
    _thread().submit(_ask, wiring, provider_id)
    return True


def _ask(wiring: Wiring, provider_id: str) -> None:
    try:
        wiring.carrier.typing(provider_id)
    except CarrierError as error:
        log.info("typing.not_shown", reason=str(error))
    except Exception:  # a courtesy must not end the thread that offers it
        log.exception("typing.surprise")
    finally:
        _room().release()


@cache
def _thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="typing")


@cache
def _room() -> BoundedSemaphore:
    return BoundedSemaphore(_MOST)


def _start_anew() -> None:
    """Threads do not live on in a child: it starts its own."""
    _thread.cache_clear()
    _room.cache_clear()


os.register_at_fork(after_in_child=_start_anew)
