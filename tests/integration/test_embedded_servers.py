"""The embedded servers are real, keep to themselves, and say in one line what they lack."""

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
import redis

from tests.serving import (
    REPOSITORY,
    client,
    query,
    serving,
)
from worker.embedded import (
    DataInUse,
    DataUnreachable,
    StartFailed,
    embedded_postgres,
    embedded_redis,
    embedded_servers,
)
from worker.embedded.redis import find_program


def test_both_servers_answer(tmp_path: Path) -> None:
    """PostgreSQL 18 and a Redis of 6.2 or newer answer at their URLs, with the settings that the worker relies on."""
    with embedded_servers(tmp_path / "data", durable=False) as urls:
        assert query(urls.database_url, "SELECT current_setting('server_version_num')::int / 10000") == 18
        assert query(urls.database_url, "SELECT current_database() || ' ' || current_user") == "counterfoil counterfoil"
        assert query(urls.database_url, "SELECT upper('é') || current_setting('timezone')") == "ÉUTC"
        assert query(urls.database_url, "SELECT current_setting('max_connections')") == "200"
        assert query(urls.database_url, "SELECT current_setting('unix_socket_directories')") == ""
        with client(urls.redis_url) as connection:
            assert connection.ping()


def test_a_wrong_password_is_refused(tmp_path: Path) -> None:
    """Another user of the machine, who can reach the ports, needs the passwords."""
    with embedded_servers(tmp_path / "data", durable=False) as urls:
        with pytest.raises(asyncpg.InvalidPasswordError):
            query(urls.database_url.replace("counterfoil:", "counterfoil:x"), "SELECT 1")
        with client(urls.redis_url.replace("://:", "://:x")) as connection, pytest.raises(redis.AuthenticationError):
            connection.ping()


def test_secrets_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    """The folder and the files with passwords are closed to other users."""
    data = tmp_path / "data"
    with embedded_servers(data, durable=False):
        modes = [path.stat().st_mode & 0o777 for path in (data, data / "postgres/password", data / "redis/redis.conf")]
        assert modes == [0o700, 0o600, 0o600]


def test_data_is_kept_between_runs(tmp_path: Path) -> None:
    """What was written in one run is there in the next, in both servers."""
    with embedded_servers(tmp_path / "data") as urls, client(urls.redis_url) as connection:
        query(urls.database_url, "CREATE TABLE kept AS SELECT 42 AS answer")
        connection.set("kept", "42")
    with embedded_servers(tmp_path / "data") as urls, client(urls.redis_url) as connection:
        assert query(urls.database_url, "SELECT answer FROM kept") == 42
        assert connection.get("kept") == "42"


def test_two_folders_side_by_side_do_not_meet(tmp_path: Path) -> None:
    """Servers on different folders run at the same time and do not see each other's data."""
    with (
        embedded_servers(tmp_path / "one", durable=False) as one,
        embedded_servers(tmp_path / "two", durable=False) as two,
        client(one.redis_url) as first,
        client(two.redis_url) as second,
    ):
        query(one.database_url, "CREATE TABLE mine ()")
        first.set("mine", "1")
        assert query(two.database_url, "SELECT to_regclass('mine')") is None
        assert second.get("mine") is None


def test_a_folder_in_use_is_refused_with_the_pid_of_its_user(tmp_path: Path) -> None:
    """A second start on a folder says which process holds it, and leaves that process's servers alone."""
    with serving(tmp_path / "data") as (process, urls):
        for start in (embedded_postgres, embedded_redis):
            with pytest.raises(DataInUse, match=rf"{tmp_path}/data is in use by process {process.pid}: stop"):
                start(tmp_path / "data").__enter__()
        assert query(urls.database_url, "SELECT 1") == 1


def test_a_folder_in_use_is_refused_within_one_process(tmp_path: Path) -> None:
    """The same process cannot start a second server on a folder either."""
    with embedded_redis(tmp_path), pytest.raises(DataInUse, match=str(os.getpid())):
        embedded_redis(tmp_path).__enter__()


def test_a_pid_file_whose_pid_is_somebody_elses_now_does_not_prevent_a_start(tmp_path: Path) -> None:
    """After a killed PostgreSQL its pid may belong to a living process that has nothing to do with it."""
    with embedded_postgres(tmp_path, durable=False):
        pid_file = tmp_path / "postgres/cluster/postmaster.pid"
        lines = pid_file.read_text().splitlines(keepends=True)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as bystander:
        pid_file.write_text("".join([f"{bystander.pid}\n", *lines[1:]]))
        with embedded_postgres(tmp_path, durable=False) as database_url:
            assert query(database_url, "SELECT 1") == 1
        bystander.kill()


@pytest.mark.parametrize("start", [embedded_postgres, embedded_redis])
def test_a_port_that_was_taken_meanwhile_is_passed_over(tmp_path: Path, start: Any) -> None:  # noqa: ANN401 - either of two
    """When somebody else takes the chosen port first, the next one is tried."""
    with socket.socket() as taken, socket.socket() as free:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        free.bind(("127.0.0.1", 0))
        ports = [taken.getsockname()[1], free.getsockname()[1]]
        free.close()
        with start(tmp_path, durable=False, ports=ports) as url:
            assert urlsplit(url).port == ports[1]


def test_a_server_that_does_not_start_is_an_error_that_quotes_its_log(tmp_path: Path) -> None:
    """The error says what the server said last and where the rest stands."""
    with embedded_postgres(tmp_path, durable=False):
        pass
    (tmp_path / "postgres/cluster/PG_VERSION").write_text("12\n")
    with pytest.raises(StartFailed, match="database files are incompatible") as refused:
        embedded_postgres(tmp_path).__enter__()
    assert refused.value.log == tmp_path / "postgres.log"
    assert str(tmp_path / "postgres.log") in str(refused.value)


def test_a_folder_that_cannot_be_made_is_a_one_line_error(tmp_path: Path) -> None:
    """A data folder below a file is refused with the folder's name and a way out."""
    (tmp_path / "file").touch()
    with pytest.raises(DataUnreachable, match=r"file/data cannot be used: .*; run as") as refused:
        embedded_redis(tmp_path / "file" / "data").__enter__()
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("piece", ["embedded_postgres", "embedded_redis"])
def test_a_missing_wheel_is_a_one_line_error_that_says_what_to_install(tmp_path: Path, piece: str) -> None:
    """Without the wheels, and without a Redis on the PATH, the error names the command that installs them."""
    program = f"""
import pathlib, worker.embedded as e
try:
    e.{piece}(pathlib.Path("data")).__enter__()
except e.MissingPart as error:
    print(error)
"""
    done = subprocess.run(
        # -S: the standard library alone, without the installed wheels.
        [sys.executable, "-S", "-c", program],
        env={"PYTHONPATH": str(REPOSITORY), "PATH": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "pip install 'counterfoil[embedded]'" in done.stdout
    assert done.stdout.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("said", "taken"),
    [
        ("Redis server v=5.0.14 sha=0", False),
        ("Redis server v=6.2.0 sha=0", True),
        ("Valkey server v=8.0.1 sha=0", True),
    ],
)
def test_a_redis_on_the_path_is_preferred_unless_it_is_too_old(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    said: str,
    taken: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """The machine's own Redis or Valkey serves from 6.2 on; an older one is passed over for the wheel's."""
    program = tmp_path / "redis-server"
    program.write_text(f"#!/bin/sh\necho '{said}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.defpath}")
    assert (find_program() == str(program)) is taken
