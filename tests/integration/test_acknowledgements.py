"""Acknowledgements go to a Redis that may hang."""

import asyncio

import pytest
from arq.connections import ArqRedis
from structlog.testing import capture_logs

import worker.acknowledgements
from tests.waiting import eventually
from worker.acknowledgements import Acknowledgements, Finished
from worker.leases import Leases


async def test_a_redis_that_never_answers_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it is to be told is kept, the lease too, and sent by another connection."""
    monkeypatch.setattr(worker.acknowledgements, "PATIENCE_SECONDS", 0.1)
    asked = []

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.read(1))
        await reader.read()
        writer.close()

    async with await asyncio.start_server(hang, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        leases = Leases("redis://", "me", 10)
        leases.hold("j", "queue")
        redis = ArqRedis(host="127.0.0.1", port=port)
        acknowledgements = Acknowledgements(redis, leases)
        acknowledgements.add(Finished("j", "queue"))
        with capture_logs() as logged:
            sending = asyncio.create_task(acknowledgements.run())

            async def asked_twice() -> bool:
                return len(asked) > 1

            await eventually(asked_twice, "it is asked by a second connection")
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
        await redis.aclose(close_connection_pool=True)
    assert logged[0]["event"] == "acknowledgements.kept"
    assert (logged[0]["number"], logged[0]["error"]) == (1, "TimeoutError")
    assert leases.held == 1
