"""Worker processes, killed, stopped and paused from outside, and started again as a Procfile's runner does."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from worker.embedded.child import leashed

LOOK_SECONDS: Final = 0.1
STOP_SECONDS: Final = 60.0
HOME: Final = Path(__file__).parents[1]
COMMAND: Final = [sys.executable, "-m", "worker.cli", "worker", "--processes", "1"]
STOCK: Final = [sys.executable, "-m", "arq", "worker.stock.WorkerSettings"]
"""The last of several workers is stock arq's, on the same queue."""


@dataclass
class Workers:
    """The worker processes by slot; one that ended is started again, and counted where nobody had ended it."""

    environment: Mapping[str, str]
    logs: Path
    number: int
    processes: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)
    paused: set[int] = field(default_factory=set)
    ended_by_us: set[int] = field(default_factory=set)
    ended_alone: int = 0
    started: int = 0

    def slots(self) -> list[int]:
        """Return the slots whose worker runs and is not paused."""
        return [slot for slot, one in self.processes.items() if slot not in self.paused and one.poll() is None]

    def kill(self, slot: int) -> None:
        """Kill a worker; another takes its place."""
        self.ended_by_us.add(self.processes[slot].pid)
        self.processes[slot].kill()

    async def deploy(self, slot: int) -> None:
        """Stop a worker in order, and return as soon as it has ended; another takes its place."""
        process = self.processes[slot]
        self.ended_by_us.add(process.pid)
        process.terminate()
        await _end_of(process)

    async def pause(self, slot: int, seconds: float) -> None:
        """Stop a worker's time, and let it go on after so many seconds."""
        process = self.processes[slot]
        self.paused.add(slot)
        process.send_signal(signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            process.send_signal(signal.SIGCONT)
            self.paused.discard(slot)

    async def watch(self) -> None:
        """Start again what has ended, until cancelled."""
        while True:
            for slot in range(self.number):
                process = self.processes.get(slot)
                if process is None or process.poll() is not None:
                    self.ended_alone += process is not None and process.pid not in self.ended_by_us
                    self.processes[slot] = self._start(slot)
            await asyncio.sleep(LOOK_SECONDS)

    def _start(self, slot: int) -> subprocess.Popen[bytes]:
        self.started += 1
        is_stock = 0 < slot == self.number - 1
        command = leashed(STOCK if is_stock else COMMAND, signal.SIGKILL)
        with (self.logs / f"worker-{slot}.log").open("ab") as log:
            return subprocess.Popen(
                command,
                cwd=HOME,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # a terminal's Ctrl-C is for us alone
            )


@asynccontextmanager
async def running_workers(number: int, settings: Mapping[str, str], logs: Path) -> AsyncIterator[Workers]:
    """Run workers, with these settings, for the time of the block; at its end they are stopped, at worst killed."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("COUNTERFOIL_")}
    workers = Workers({**ours, **settings}, logs, number)
    watch = asyncio.create_task(workers.watch())
    try:
        yield workers
        watch.cancel()
        await asyncio.gather(*(workers.deploy(slot) for slot in workers.processes))
    finally:
        watch.cancel()
        for process in workers.processes.values():
            process.kill()
            process.wait()


async def _end_of(process: subprocess.Popen[bytes]) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(STOP_SECONDS):
            while process.poll() is None:  # noqa: ASYNC110 - a child's end is no event of the loop
                await asyncio.sleep(LOOK_SECONDS)
            return
    process.kill()
