"""PgBouncer in transaction mode before the tests' PostgreSQL, where it is installed."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import make_url

from tests.waiting import wait_until
from worker.embedded.process import free_ports

PROGRAM = shutil.which("pgbouncer", path=os.environ.get("PATH", os.defpath) + ":/usr/sbin")
SERVER_CONNECTIONS = 2
"""So few that two transactions of one client seldom have the same."""


@contextmanager
def pgbouncer_before(database_url: str, *, files: Sequence[Path] = (), more: str = "") -> Iterator[str]:
    """Run PgBouncer before a server for the time of the block; yields the URL of the same database through it.

    `more` is added to its configuration, where `{folder}` is where it finds the `files`.
    """
    if PROGRAM is None:
        pytest.skip("PgBouncer is not installed (apt-get install pgbouncer)")
    url = make_url(database_url)
    port = next(free_ports())
    with tempfile.TemporaryDirectory(prefix="pgbouncer-") as home:
        folder = Path(home)
        (folder / "users.txt").write_text(f'"{url.username}" "{url.password}"\n')
        (folder / "pgbouncer.ini").write_text(
            _settings(folder, f"host={url.host} port={url.port or 5432}", port) + more.format(folder=folder)
        )
        for file in files:
            shutil.copy(file, folder)
        as_other = []
        if os.geteuid() == 0:  # it refuses to run as root
            as_other = ["-u", "nobody"]
            for path in (folder, *folder.iterdir()):
                shutil.chown(path, "nobody")
        with (folder / "log").open("w") as log:
            command = [PROGRAM, *as_other, str(folder / "pgbouncer.ini")]
            process = subprocess.Popen(command, stdout=log, stderr=log)
            try:
                wait_until(lambda: process.poll() is not None or _answers(port), "PgBouncer answers", seconds=20)
                assert process.poll() is None, (folder / "log").read_text()
                yield url.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(20)


def _settings(folder: Path, server: str, port: int) -> str:
    return f"""
[databases]
* = {server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = plain
auth_file = {folder}/users.txt
pool_mode = transaction
default_pool_size = {SERVER_CONNECTIONS}
server_lifetime = 60
"""


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
