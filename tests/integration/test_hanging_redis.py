"""A Redis that hangs, or has vanished without a word: its connections stay open, and nothing comes."""

import asyncio
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen

import pytest
from arq.connections import ArqRedis
from structlog.testing import capture_logs

import worker.wakeup
from tests.waiting import eventually
from worker.composition import GONE_SECONDS, open_redis
from worker.embedded.process import free_ports, start, stop
from worker.embedded.redis import prepared_redis
from worker.settings import Settings
from worker.wakeup import Source, wake_on


@contextmanager
def redis_process(settings: Settings, folder: Path) -> Iterator[tuple[Settings, "Popen[bytes]"]]:
    """Run a Redis of the test's own, which may be stopped; yields settings for it, and its process."""
    with prepared_redis(folder, durable=False) as server:
        child = start(server, port := next(free_ports()))
        try:
            yield settings.model_copy(update={"redis_url": type(settings.redis_url)(server.url(port))}), child
        finally:
            child.send_signal(signal.SIGCONT)
            stop(child, server)


async def test_the_system_asks_whether_a_silent_machine_is_still_there(redis: ArqRedis) -> None:
    """On every connection: one to a machine that has vanished without a word becomes an error."""
    connection = await redis.connection_pool.get_connection()
    await connection.send_command("PING")
    assert await connection.read_response() == b"PONG"
    peer = connection._writer.get_extra_info("socket")  # noqa: SLF001 - it has no other way to its socket
    await redis.connection_pool.release(connection)
    assert peer.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
    assert peer.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == GONE_SECONDS * 1000
    assert peer.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) < GONE_SECONDS


async def test_a_connection_that_has_fallen_silent_is_not_listened_to_for_ever(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It answers no ping; whoever listens anew looks first at what has come meanwhile. At rest it answers and stays."""
    monkeypatch.setattr(worker.wakeup, "SILENT_SECONDS", 0.2)
    wakes: list[None] = []
    with redis_process(settings, tmp_path) as (own, child), capture_logs() as lines:
        async with open_redis(own) as redis:
            listening = asyncio.create_task(wake_on(redis, Source.PUBLISHED, [own.queue], lambda: wakes.append(None)))

            async def pinged_twice() -> bool:
                return int((await redis.info("commandstats")).get("cmdstat_ping", {"calls": 0})["calls"]) > 3

            async def lost() -> bool:
                return {"event": "wake.lost", "log_level": "warning"} in lines

            async def listens_again() -> bool:
                return len(wakes) == 2

            await eventually(pinged_twice, "the silent connection was asked")
            assert len(wakes) == 1
            child.send_signal(signal.SIGSTOP)
            await eventually(lost, "the connection is given up")
            child.send_signal(signal.SIGCONT)
            await eventually(listens_again, "somebody listens again")
            listening.cancel()
