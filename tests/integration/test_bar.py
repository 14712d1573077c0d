"""A bar on a terminal that moves while a job is under way."""

import asyncio
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import Self

from persistence.sessions import Sessions
from tests.processes import environment, worker_process
from tests.relays import jobs
from tests.waiting import eventually
from tests.worlds import plant
from worker.settings import Settings

ROWS = 60_000
STEP = re.compile(r"(\d+)% .{0,40}?([\d,]+) rows, [\d,]+/s", re.DOTALL)


async def test_the_bar_of_an_import_moves_and_so_does_that_of_who_follows_it(
    settings: Settings, sessions: Sessions, tmp_path: Path
) -> None:
    """Each shows a share that grows, and rows a second; both end with the job."""
    await plant(sessions, tasks=0)
    file = tmp_path / "tasks.csv"
    file.write_text("key,title,project.key\n" + "".join(f"k{row},Task {row},alpha\n" for row in range(ROWS)))
    with Terminal(settings, "import", str(file), "--entity", "task") as sender:

        async def sent() -> bool:
            return bool(await jobs(sessions))

        await eventually(sent, "the file is sent")
        (job,) = await jobs(sessions)
        with Terminal(settings, "job", job.id, "--follow") as follower, worker_process(settings, tmp_path / "log"):
            shown = await asyncio.gather(asyncio.to_thread(sender.ended), asyncio.to_thread(follower.ended))
    for code, text in shown:
        steps = [(int(share), int(rows.replace(",", ""))) for share, rows in STEP.findall(text)]
        assert code == 0
        assert steps == sorted(steps)
        assert len(set(steps)) > 2, text[-2_000:]


class Terminal:
    """A command whose standard error is a terminal; it is killed where it has not ended by the end of the block."""

    def __init__(self, settings: Settings, *arguments: str) -> None:
        """Start it."""
        self._ours, theirs = pty.openpty()
        given = {**environment(settings), "TERM": "xterm-256color", "COLUMNS": "120"}
        command = [sys.executable, "-m", "worker.cli", *arguments]
        self._process = subprocess.Popen(command, env=given, stdout=subprocess.DEVNULL, stderr=theirs)
        os.close(theirs)

    def __enter__(self) -> Self:
        """Return it."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        with self._process:
            self._process.kill()

    def ended(self) -> tuple[int, str]:
        """Return its exit code and what it has shown, without colours."""
        shown = b""
        try:
            while data := os.read(self._ours, 65_536):
                shown += data
        except OSError:  # how a terminal says that nobody writes any more
            pass
        finally:
            os.close(self._ours)
        return self._process.wait(60), re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown.decode(errors="replace"))
