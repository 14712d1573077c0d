"""Chaos for some seconds: that it runs, counts, finds no breach, and leaves nothing behind."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.waiting import wait_until

REPOSITORY = Path(__file__).parents[2]
LAST_LINE = re.compile(
    r"jobs: (?P<jobs>\d+), faults: (?P<faults>\d+), lost: 0, doubled: 0, stuck: 0, worst recovery: \d+\.\d s"
)


@contextmanager
def chaos(folder: Path, *options: str) -> Iterator["subprocess.Popen[str]"]:
    """Run chaos with its temporary files in `folder`, for the time of the block."""
    with subprocess.Popen(
        [sys.executable, "-m", "chaos", *options],
        cwd=REPOSITORY,
        env={**os.environ, "TMPDIR": str(folder), "PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def processes_in(folder: Path) -> list[str]:
    """Return the command lines of the processes that name the folder, or work in it."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            place = str((entry / "cwd").readlink())
        except (OSError, ValueError):
            continue
        if str(folder) in command or str(folder) in place:
            found.append(command)
    return found


@pytest.mark.timeout(300)
def test_every_job_takes_effect_once_while_workers_and_servers_are_killed(tmp_path: Path) -> None:
    """Half a minute of chaos ends with exit code 0, and with figures that show that something happened."""
    with chaos(tmp_path, "--minutes", "0.25", "--seed", "1", "--rate", "30") as process:
        out, _ = process.communicate()
    found = LAST_LINE.fullmatch(out.splitlines()[-1])
    assert process.returncode == 0, out
    assert found, out
    assert int(found["jobs"]) > 50
    assert int(found["faults"]) >= 3


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_nothing_behind(tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C in the middle ends servers and workers, and removes their data."""
    with chaos(tmp_path, "--minutes", "5", "--seed", "1", "--logs", str(tmp_path)) as process:
        wait_until((tmp_path / "worker-0.log").exists, "a worker was started", seconds=60)
        process.send_signal(number)
        assert process.wait(60) == 130
    assert processes_in(tmp_path) == []
    assert not list(tmp_path.glob("counterfoil-chaos-*"))
