"""Waking up: how a worker hears at once that a job was put on its queue."""

import asyncio
from collections.abc import Callable, Collection
from contextlib import suppress
from enum import StrEnum
from typing import Any

import structlog
from arq.connections import ArqRedis
from redis.exceptions import RedisError, ResponseError

CHANNEL = "counterfoil:wake"
"""On which our own doors name the queue to which they have added jobs, for servers that send no keyspace events."""

ADAPTIVE_SECONDS = (0.005, 0.5)
"""The shortest and the longest pause of a worker that nobody wakes: it doubles while there is nothing to do."""

NET_SECONDS = 1.0
"""The longest pause of a worker that is woken: an event may be lost with its connection."""

SILENT_SECONDS = 10.0
"""After which a connection on which nothing comes is asked whether it is still there."""

_AGAIN_SECONDS = 1.0


class Source(StrEnum):
    """From where a worker hears of new jobs."""

    EVENTS = "keyspace events"
    PUBLISHED = "published by our own doors; stock clients are found by polling"


async def source_of(redis: ArqRedis) -> Source:
    """Return from where a worker can hear; turns the events of sorted sets on where the server permits it."""
    try:
        flags = (await redis.config_get("notify-keyspace-events"))["notify-keyspace-events"]
        wanted = flags + "".join(flag for flag in "Ez" if flag not in flags.replace("A", "z"))
        if wanted != flags:
            await redis.config_set("notify-keyspace-events", wanted)
    except (ResponseError, KeyError):  # a managed server that permits neither command
        return Source.PUBLISHED
    return Source.EVENTS


async def wake_on(redis: ArqRedis, source: Source, keys: Collection[str], wake: Callable[[], None]) -> None:
    """Call `wake` whenever something was added to one of the keys (queues, arq's set of aborts), until cancelled."""
    database = redis.connection_pool.connection_kwargs.get("db", 0) or 0
    channels = [CHANNEL]  # on which room under a limit is told of too
    if source is Source.EVENTS:
        channels.append(f"__keyevent@{database}__:zadd")
    names = {key.encode() for key in keys}
    while True:
        with suppress(RedisError, OSError):
            if source is Source.EVENTS:  # a server that was restarted meanwhile has forgotten that they are wanted
                await source_of(redis)
            async with redis.pubsub() as heard:
                await heard.subscribe(*channels)
                wake()  # whatever came before this
                await _listen(heard, names, wake)
        structlog.get_logger("counterfoil.engine").warning("wake.lost")
        await asyncio.sleep(_AGAIN_SECONDS)


async def _listen(heard: Any, names: Collection[bytes], wake: Callable[[], None]) -> None:  # noqa: ANN401
    """Wake until the connection is lost; one on which nothing comes, not even an answer to a ping, is lost too."""
    is_asked = False
    while True:
        message = await heard.parse_response(block=False, timeout=SILENT_SECONDS)
        if message is None and is_asked:
            return
        if message is None:
            await heard.ping()
        elif message[0] == b"message" and message[2] in names:
            wake()
        is_asked = message is None
