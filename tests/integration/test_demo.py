"""`counterfoil demo`: the whole story on servers of its own, checked by itself, and nothing left behind."""

import os
import time
from pathlib import Path

import pytest

from tests.processes import environment, run_command
from tests.serving import is_free, query
from worker.embedded import embedded_postgres
from worker.settings import Settings


def commands_with(folder: Path) -> list[str]:
    """Return the command lines of the processes that name a folder, or work in it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line = (process / "cmdline").read_text().replace("\0", " ")
            if str(folder) in line or (process / "cwd").resolve().is_relative_to(folder):
                found.append(line)
        except OSError:  # it has ended meanwhile
            continue
    return found


@pytest.mark.timeout(300)  # longer than the suite's own limit, for a busy machine
def test_the_demonstration_tells_the_whole_story_and_leaves_nothing_behind(settings: Settings, tmp_path: Path) -> None:
    """Under a minute, exit code 0, its outcome checked by itself; no process, no database, no worker's health key."""
    given = {name: value for name, value in environment(settings).items() if not name.endswith("_URL")}
    began = time.monotonic()
    ended = run_command(given, "demo", cwd=tmp_path, seconds=280)
    seconds = time.monotonic() - began
    assert ended.code == 0, ended.out + ended.err
    assert seconds < 60 * max(1, os.getloadavg()[0] / (os.cpu_count() or 1)), "a minute, where nothing else runs"
    for told in ("import", "--on-conflict skip", "soft_delete", "restore", "audit task --key KEL-7", "Checked: counts"):
        assert told in ended.out
    assert "boris was mistaken" in ended.out
    assert "curl -X POST" in ended.out
    assert commands_with(tmp_path) == []
    data = tmp_path / ".counterfoil" / "demo"
    assert is_free(data / "postgres.lock")
    assert is_free(data / "redis.lock")
    with embedded_postgres(data) as url:
        left = query(url, "SELECT array_agg(datname::text) FROM pg_database WHERE datname LIKE 'counterfoil_demo%'")
    assert left is None
