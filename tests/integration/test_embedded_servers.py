"""The embedded servers are real, keep to themselves, and never outlive the process that started them."""

import asyncio
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
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
    DataInUse,
    DataUnreachable,
    ServerUrls,
    StartFailed,
    embedded_postgres,
    embedded_redis,
    embedded_servers,
)
from worker.embedded.redis import find_program

REPOSITORY = Path(__file__).parents[2]
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


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Make a folder that every user can enter and write in, unlike pytest's own, which root keeps to itself."""
    folder = Path(tempfile.mkdtemp(prefix="counterfoil-"))
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


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


def test_servers_are_gone_after_the_block(tmp_path: Path) -> None:
    """Leaving the block, by an exception as well, ends both servers before it returns."""
    with pytest.raises(ZeroDivisionError), embedded_servers(tmp_path / "data", durable=False) as urls:
        raise ZeroDivisionError
    assert are_gone(tmp_path / "data", urls)


def test_servers_are_gone_after_ctrl_c(tmp_path: Path) -> None:
    """SIGINT to the process that holds the servers ends them before it ends itself."""
    with serving(tmp_path / "data") as (process, urls):
        process.send_signal(signal.SIGINT)
        process.wait()
        assert are_gone(tmp_path / "data", urls)


@needs_death_signal
@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGKILL])
def test_servers_end_with_a_process_that_cannot_stop_them(tmp_path: Path, signum: signal.Signals) -> None:
    """Killed without a chance to clean up, the process still takes its servers with it, in order."""
    with serving(tmp_path / "data") as (process, urls):
        process.send_signal(signum)
        wait_until(lambda: are_gone(tmp_path / "data", urls), f"the servers are gone after {signum.name}")


@needs_death_signal
def test_a_folder_can_be_used_right_after_its_process_was_killed(tmp_path: Path) -> None:
    """A start while the servers of a killed process are still on their way out waits for them and keeps their data."""
    with serving(tmp_path / "data") as (process, urls):
        query(urls.database_url, "CREATE TABLE kept AS SELECT 42 AS answer")
        postmaster = int((tmp_path / "data/postgres/cluster/postmaster.pid").read_text().split()[0])
        os.kill(postmaster, signal.SIGSTOP)
        try:
            process.kill()
            process.wait()
            assert not is_free(tmp_path / "data/postgres.lock")
        finally:
            os.kill(postmaster, signal.SIGCONT)
        with embedded_postgres(tmp_path / "data", durable=False) as database_url:
            assert query(database_url, "SELECT answer FROM kept") == 42


@needs_death_signal
def test_a_first_start_that_was_killed_halfway_leaves_a_usable_folder(tmp_path: Path) -> None:
    """A half-made cluster is thrown away by the next start."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVE_UNTIL_STDIN_CLOSES, str(tmp_path)],
        env=os.environ | {"PYTHONPATH": f"{REPOSITORY}:{SITE_PACKAGES}"},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    ) as process:
        wait_until((tmp_path / "postgres.new/cluster/base").exists, "the cluster is half made")
        process.kill()
    assert not (tmp_path / "postgres").exists()
    with embedded_postgres(tmp_path, durable=False) as database_url:
        assert query(database_url, "SELECT 1") == 1


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


@needs_root
@pytest.mark.parametrize("user", [NOBODY, NAMELESS])
def test_an_ordinary_user_needs_nothing_special(open_folder: Path, user: int) -> None:
    """The servers run for a user that is not root, also for one whom the user database does not know."""
    with serving(open_folder / "data", python=python_for(user), user=user) as (_, urls):
        assert query(urls.database_url, "SELECT 1") == 1
        assert (open_folder / "data/postgres/cluster").stat().st_uid == user


@needs_root
def test_root_does_without_user_namespaces(open_folder: Path) -> None:
    """Where namespaces are refused, as in many containers, PostgreSQL runs as nobody; later it may run in one again."""
    (open_folder / "unshare").write_text("#!/bin/sh\nexit 1\n")
    (open_folder / "unshare").chmod(0o755)
    path = {"PATH": f"{open_folder}:{os.environ['PATH']}"}
    data = open_folder / "data"
    python_for(NOBODY)
    with serving(data, env=path) as (process, urls):
        assert query(urls.database_url, "CREATE TABLE kept AS SELECT 42 AS answer") is None
        assert (data / "postgres/cluster").stat().st_uid == NOBODY
        process.kill()
        wait_until(lambda: are_gone(data, urls), "the servers are gone, also those of another user")
    with serving(data) as (_, urls):
        assert query(urls.database_url, "SELECT answer FROM kept") == 42


@needs_root
def test_root_that_has_nobody_to_run_postgres_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without namespaces, and with a folder that nobody may not enter, a one-line error names the folder."""
    for program in ("unshare", "setpriv"):
        (tmp_path / program).write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / program).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(DataUnreachable, match=r"data cannot be used: PostgreSQL refuses user 0.* run as") as refused:
        embedded_postgres(tmp_path / "data").__enter__()
    assert "\n" not in str(refused.value)
