"""Faults of the test's own Redis database."""

import os

from arq.connections import ArqRedis

CLAIM = "counterfoil:tests"
"""The key by which a process of the test run claims a Redis database for itself."""


async def wipe(redis: ArqRedis) -> None:
    """Empty the Redis database as FLUSHALL would; only this process's claim to it stays."""
    async with redis.pipeline(transaction=True) as pipe:
        pipe.flushdb()
        pipe.set(CLAIM, os.getpid(), ex=3600)
        await pipe.execute()
