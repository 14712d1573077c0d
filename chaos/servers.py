"""PostgreSQL and Redis that are killed and started again, on the same ports and data."""

import asyncio
import random
import signal
import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from worker.embedded.postgres import prepared_postgres
from worker.embedded.process import Server, start, stop
from worker.embedded.redis import prepared_redis

# Below the ports that Linux gives to clients: while a server is away, a client must not be given its port.
PORTS: Final = range(20_000, 32_000)
GONE_SECONDS: Final = 30.0


@dataclass
class Restartable:
    """One server that runs. Its threads' one thread starts it: a server ends with the thread that started it."""

    server: Server
    port: int
    hands: ThreadPoolExecutor
    child: subprocess.Popen[bytes]

    async def restart(self, signum: signal.Signals) -> None:
        """End the server by a signal, and start it again; returns as soon as it answers."""
        await asyncio.get_running_loop().run_in_executor(self.hands, self._restart, signum)

    def _restart(self, signum: signal.Signals) -> None:
        self.child.send_signal(signum)
        self.child.wait(GONE_SECONDS)
        self.child = start(self.server, self.port)


@dataclass
class Servers:
    """Both servers, and their URLs, which stay the same."""

    postgres: Restartable
    redis: Restartable
    database_url: str
    redis_url: str


@contextmanager
def running_servers(data: Path) -> Iterator[Servers]:
    """Run both servers on `data`, durable, for the time of the block.

    Others keep nothing (Redis), or commit before they write (PostgreSQL): by design, their end would lose jobs.
    """
    with ExitStack() as stack:
        hands = stack.enter_context(ThreadPoolExecutor(1, "servers"))
        postgres_server = stack.enter_context(prepared_postgres(data))
        redis_server = stack.enter_context(prepared_redis(data))
        postgres = stack.enter_context(_running(postgres_server, hands))
        redis = stack.enter_context(_running(redis_server, hands))
        yield Servers(postgres, redis, postgres_server.url(postgres.port), redis_server.url(redis.port))


@contextmanager
def _running(server: Server, hands: ThreadPoolExecutor) -> Iterator[Restartable]:
    port = _free_port()
    running = Restartable(server, port, hands, hands.submit(start, server, port).result())
    try:
        yield running
    finally:
        hands.submit(lambda: stop(running.child, server)).result()


def _free_port() -> int:
    while True:
        port = random.SystemRandom().choice(PORTS)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
