"""`counterfoil dev`: servers for development, migrated, until Ctrl-C."""

import shlex
import signal
from pathlib import Path

from tests.processes import Running, environment, run_command, started
from tests.serving import is_free, query
from worker.settings import Settings


def exported(running: Running) -> dict[str, str]:
    """Return the variables of the line that `dev` prints, as a shell would set them."""
    assert running.process.stdout
    export, *assignments = shlex.split(running.process.stdout.readline())
    assert export == "export", running.log.read_text()
    return dict(assignment.split("=", 1) for assignment in assignments)


def without_servers(settings: Settings) -> dict[str, str]:
    """Return the environment of a process that knows of no server."""
    given = environment(settings)
    return {name: value for name, value in given.items() if not name.endswith("_URL")}


def test_it_starts_servers_that_work_and_ends_them_on_any_signal(settings: Settings, tmp_path: Path) -> None:
    """The printed line is all that other commands need; after Ctrl-C or SIGTERM nothing runs, and the data is kept."""
    given = without_servers(settings)
    for number, start in ((signal.SIGINT, "first"), (signal.SIGTERM, "second")):
        with started(given, tmp_path / start, "dev", cwd=tmp_path) as dev:
            urls = exported(dev)
            assert set(urls) == {"DATABASE_URL", "REDIS_URL"}
            if start == "first":
                checked = run_command({**given, **urls}, "check")
                assert (checked.code, checked.err) == (0, ""), checked.out
                query(urls["DATABASE_URL"], "CREATE TABLE kept AS SELECT 42 AS answer")
            assert query(urls["DATABASE_URL"], "SELECT answer FROM kept") == 42
            assert dev.process.poll() is None
            assert dev.stop(number) == 0
        data = tmp_path / ".counterfoil"
        assert is_free(data / "postgres.lock")
        assert is_free(data / "redis.lock")
        assert not (data / "postgres/cluster/postmaster.pid").exists()


def test_servers_that_the_environment_names_are_used_and_left_alone(settings: Settings, tmp_path: Path) -> None:
    """It migrates them, prints their URLs, and starts and stops nothing."""
    given = environment(settings)
    with started(given, tmp_path / "log", "dev", cwd=tmp_path) as dev:
        assert exported(dev) == {name: given[name] for name in ("DATABASE_URL", "REDIS_URL")}
        assert dev.stop(signal.SIGINT) == 0
    assert query(given["DATABASE_URL"].replace("+asyncpg", ""), "SELECT count(*) FROM task") == 0
    assert {path.name for path in tmp_path.iterdir()} == {"log"}
