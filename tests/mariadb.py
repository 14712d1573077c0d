"""A MariaDB of the tests' own, from the `mariadbd` on the PATH, and quick copies of a database on it."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from getpass import getuser
from pathlib import Path
from socket import AF_UNIX, socket
from time import monotonic
from typing import Any

import pymysql
import pytest
from pymysql.constants import CLIENT

from worker.embedded.child import leashed

START_SECONDS = 30.0
# What a crash of the machine would lose is nobody's loss.
QUICKLY = ("--innodb-flush-log-at-trx-commit=0", "--innodb-log-file-size=16M", "--innodb-buffer-pool-size=64M")
ALONE = ("--skip-networking", "--skip-log-bin", "--performance-schema=OFF")


@dataclass(frozen=True)
class MariaDB:
    """A running server, reached through its socket as root, without a password."""

    socket: Path

    def url(self, name: str) -> str:
        """Return the URL of a database."""
        return f"mysql://root@localhost/{name}?unix_socket={self.socket}"

    def run(self, statements: str, database: str | None = None) -> list[Sequence[Any]]:
        """Run statements, and return the rows of the first."""
        with (
            pymysql.connect(
                unix_socket=str(self.socket), user="root", database=database, client_flag=CLIENT.MULTI_STATEMENTS
            ) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(statements)
            rows = list(cursor.fetchall())
            while cursor.nextset():
                pass
            connection.commit()
            return rows

    def create(self, name: str, schema: str = "") -> None:
        """Create a database, with the schema that `described` returned of another."""
        self.run(f"CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin; USE {name}; {schema}")

    def drop(self, name: str) -> None:
        """Drop a database."""
        self.run(f"DROP DATABASE IF EXISTS {name}")

    def described(self, name: str) -> str:
        """Return the statements that make what a database holds: tables, triggers, and the rows of small tables."""
        tables = [row[0] for row in self.run("SHOW FULL TABLES WHERE Table_type = 'BASE TABLE'", name)]
        found = ["SET foreign_key_checks = 0"]
        found += [self.run(f"SHOW CREATE TABLE `{table}`", name)[0][1] for table in tables]
        for table in ("alembic_version", "job_kind"):
            found.append(f"INSERT INTO `{table}` SELECT * FROM {name}.`{table}`")  # noqa: S608 - names of this file
        triggers = [row[0] for row in self.run("SHOW TRIGGERS", name)]
        found += [self.run(f"SHOW CREATE TRIGGER `{trigger}`", name)[0][2] for trigger in triggers]
        return ";\n".join(found)


@contextmanager
def mariadb(folder: Path) -> Iterator[MariaDB]:
    """Run a server on a new folder for the time of the block; skips the test where none is installed.

    It ends with the thread that entered the block, whatever ends that: enter it from the main thread.
    """
    program, install = shutil.which("mariadbd"), shutil.which("mariadb-install-db")
    if program is None or install is None:
        pytest.skip("no mariadbd on the PATH; `apt-get install mariadb-server` brings it")
    data, address = folder / "data", folder / "socket"
    common = ["--no-defaults", f"--datadir={data}", f"--user={getuser()}"]
    # A server that starts removes the temporary tables that it finds, also another server's in the same folder.
    environment = {**os.environ, "TMPDIR": str(folder)}
    made = subprocess.run(
        [install, *common, "--auth-root-authentication-method=normal", "--skip-test-db"],
        check=False,
        capture_output=True,
        text=True,
        env=environment,
    )
    assert made.returncode == 0, f"{made.stdout}{made.stderr}"
    with (folder / "log").open("wb") as log:
        command = [program, *common, f"--socket={address}", f"--pid-file={folder / 'pid'}", *QUICKLY, *ALONE]
        child = subprocess.Popen(leashed(command, signal.SIGKILL), stdout=log, stderr=log, env=environment)
    try:
        server = MariaDB(address)
        _wait(server, child, folder / "log")
        yield server
    finally:
        child.kill()
        child.wait()


def _wait(server: MariaDB, child: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = monotonic() + START_SECONDS
    while True:
        with socket(AF_UNIX) as probe:  # the driver leaves a socket open that it could not connect
            if probe.connect_ex(str(server.socket)) == 0:
                return
        assert child.poll() is None, log.read_text()
        assert monotonic() < deadline, log.read_text()
