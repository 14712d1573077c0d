"""A measured process: started, listened to, told words, and killed; it ends with us, whatever ends us."""

import asyncio
import json
import signal
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from worker.embedded.child import leashed

HOME = Path(__file__).parents[1]
LINE_BYTES = 2**24
"""The longest line that a child may say: it holds a time for every answered job."""
LOG_LINES = 3


class ChildFailed(Exception):
    """A measured process ended, or was silent, where it should have said something."""

    def __init__(self, name: str, awaited: str, log: Sequence[str]) -> None:
        """Build the message from what was awaited and the last lines of the child's log."""
        self.name = name
        self.awaited = awaited
        said = " | ".join(line.strip() for line in log) or "nothing in its log"
        super().__init__(f"no {awaited!r} from {name}: {said}")


@dataclass(frozen=True)
class Child:
    """A process that speaks in lines of JSON."""

    name: str
    process: Process
    log: Path

    @property
    def pid(self) -> int:
        """Its process id: everything in front of its command was replaced by it."""
        return self.process.pid

    async def expect(self, event: str, *, within: float = 60.0) -> dict[str, Any]:
        """Return the data of the next such event, within so many seconds; raises ChildFailed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                while line := await self._line():
                    with suppress(ValueError):
                        said = json.loads(line)
                        if isinstance(said, dict) and said.get("event") == event:
                            return said
        raise ChildFailed(self.name, event, self.log.read_text(errors="replace").splitlines()[-LOG_LINES:])

    async def tell(self, word: str) -> None:
        """Say a word to it."""
        if self.process.stdin is not None:
            self.process.stdin.write(f"{word}\n".encode())
            await self.process.stdin.drain()

    async def kill(self) -> None:
        """End it at once: there is nothing of it that anybody still needs."""
        with suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()

    async def _line(self) -> bytes:
        return await self.process.stdout.readline() if self.process.stdout is not None else b""


@asynccontextmanager
async def running(
    name: str, command: Sequence[str], environment: Mapping[str, str], logs: Path
) -> AsyncIterator[Child]:
    """Run a command for the time of the block; its standard error goes to a file in `logs`."""
    path = logs / f"{name.replace(' ', '-').replace('/', '-')}.log"
    with path.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *leashed(command, signal.SIGKILL),
            cwd=HOME,
            env=environment,
            stdin=PIPE,
            stdout=PIPE,
            stderr=log,
            limit=LINE_BYTES,
            start_new_session=True,  # a terminal's Ctrl-C is for us alone
        )
    child = Child(name, process, path)
    try:
        yield child
    finally:
        await child.kill()
