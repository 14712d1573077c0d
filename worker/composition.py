"""The composition root: engines, pools and registries are made here, once, and handed on as keyword arguments."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from urllib.parse import unquote

from arq.connections import ArqRedis, RedisSettings, create_pool
from redis.asyncio import ConnectionPool
from redis.exceptions import RedisError

from domain.errors import Unreachable
from persistence.engine import REACH_SECONDS
from worker import wire
from worker.settings import Settings, without_password

GONE_SECONDS = 20
"""After which a connection to a machine that has vanished without a word is an error, and not a wait for ever."""

_KEEP_ALIVE = {
    socket.TCP_KEEPIDLE: GONE_SECONDS // 2,
    socket.TCP_KEEPINTVL: GONE_SECONDS // 4,
    socket.TCP_KEEPCNT: 2,
    socket.TCP_USER_TIMEOUT: GONE_SECONDS * 1000,
}


def redis_settings(url: str) -> RedisSettings:
    """Return arq's settings for a URL; arq itself would take the escapes of a name or password as they stand."""
    given = RedisSettings.from_dsn(url)
    username, password = (value and unquote(value) for value in (given.username, given.password))
    return replace(given, conn_retries=0, username=username, password=password)


@asynccontextmanager
async def open_redis(settings: Settings) -> AsyncIterator[ArqRedis]:
    """Open a pool of Redis connections that speaks JSON, and close it at the end; raises Unreachable."""
    url = settings.redis_url.get_secret_value()
    try:
        async with asyncio.timeout(REACH_SECONDS):
            redis = await create_pool(
                redis_settings(url),
                job_serializer=wire.encode,
                job_deserializer=wire.decode,
                default_queue_name=settings.queue,
            )
    except (RedisError, OSError, ValueError, TimeoutError) as error:
        why = str(error) or type(error).__name__
        raise Unreachable("Redis", without_password(settings.redis_url), why, "REDIS_URL") from error
    await _keep_alive(redis.connection_pool)
    try:
        yield redis
    finally:
        await redis.aclose(close_connection_pool=True)


async def _keep_alive(pool: ConnectionPool) -> None:
    """Have the system find out whether the other end of each connection is still there, for which arq has no setting.

    Not redis-py's `socket_timeout`: on Python 3.11 that swallows cancellations now and then (`asyncio.wait_for`).
    """
    if "path" in pool.connection_kwargs:  # a Unix socket, which has no other machine
        return
    pool.connection_kwargs |= {"socket_keepalive": True, "socket_keepalive_options": _KEEP_ALIVE}
    await pool.disconnect()
    # It forgets the connection on which arq has asked whether Redis is there.
    pool.reset()  # type: ignore[no-untyped-call]
