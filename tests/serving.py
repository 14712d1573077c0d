"""Processes that hold embedded servers, and ways to look at them."""

import asyncio
import fcntl
import os
import shutil
import socket
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
import redis

from tests.waiting import wait_until
from worker.embedded import (
    ServerUrls,
)

REPOSITORY = Path(__file__).parents[1]
SITE_PACKAGES = sysconfig.get_path("purelib")
NOBODY = 65534
NAMELESS = 54321
SERVE_UNTIL_STDIN_CLOSES = """
import sys
from pathlib import Path
from worker.embedded import EmbeddedServerError, embedded_servers
try:
    with embedded_servers(Path(sys.argv[1]), durable=False) as urls:
        print(urls.database_url, urls.redis_url, flush=True)
        sys.stdin.read()
except EmbeddedServerError as error:
    sys.exit(f"{type(error).__name__}: {error}")
"""

needs_death_signal = pytest.mark.skipif(
    sys.platform != "linux" or not shutil.which("setpriv"),
    reason="only Linux tells a child that its parent was killed, through setpriv of util-linux",
)
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can start a process as another user")


def query(database_url: str, sql: str) -> Any:  # noqa: ANN401 - the value's type is the query's
    """Return the first value of the first row that `sql` gives."""

    async def ask() -> Any:  # noqa: ANN401 - the same
        connection = await asyncpg.connect(database_url)
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    return asyncio.run(ask())


@contextmanager
def client(redis_url: str) -> Iterator["redis.Redis"]:
    """Yield a Redis client that speaks text."""
    connection = redis.Redis.from_url(redis_url, decode_responses=True)
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def serving(
    data: Path,
    *,
    python: str = sys.executable,
    user: int | None = None,
    env: dict[str, str] | None = None,
) -> Iterator[tuple["subprocess.Popen[str]", ServerUrls]]:
    """Yield a process that holds both servers on `data`, and their URLs; end it, and wait for its servers' end."""
    with subprocess.Popen(
        [python, "-c", SERVE_UNTIL_STDIN_CLOSES, str(data)],
        env=os.environ | {"PYTHONPATH": f"{REPOSITORY}:{SITE_PACKAGES}"} | (env or {}),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        user=user,
        group=user,
        extra_groups=None if user is None else [],
    ) as process:
        assert process.stdout
        line = process.stdout.readline()
        urls = ServerUrls(*line.split()) if line else None
        try:
            assert urls, "no servers: see the error output"
            yield process, urls
        finally:
            process.communicate()
            wait_until(lambda: urls is None or are_gone(data, urls), "the servers are gone")


def are_gone(data: Path, urls: ServerUrls) -> bool:
    """Return whether no server on `data` listens, PostgreSQL shut down in order, and no process holds the folder."""
    return (
        not listens(urls.database_url)
        and not listens(urls.redis_url)
        and not (data / "postgres" / "cluster" / "postmaster.pid").exists()
        and all(is_free(data / lock) for lock in ("postgres.lock", "redis.lock"))
    )


def listens(url: str) -> bool:
    """Return whether something accepts connections on the host and port of `url`."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", urlsplit(url).port or 0)) == 0


def is_free(lock: Path) -> bool:
    """Return whether no process, dying servers included, holds `lock`."""
    with lock.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def python_for(user: int) -> str:
    """Return an interpreter that `user` can run and that sees this project; skip the test when there is none."""
    program = "import sys, worker.embedded; sys.exit(sys.version_info < (3, 11))"
    for python in (sys.executable, shutil.which("python3", path=os.defpath)):
        try:
            done = subprocess.run(
                [python or "", "-c", program],
                env={"PYTHONPATH": f"{REPOSITORY}:{SITE_PACKAGES}"},
                check=False,
                capture_output=True,
                user=user,
                group=user,
                extra_groups=[],
            )
        except OSError:
            continue
        if python and done.returncode == 0:
            return python
    pytest.skip(f"user {user} can run no Python 3.11 that sees this project")
