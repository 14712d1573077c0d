"""What a worker says of its jobs in its log, as it says it."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from benchmarks.child import LOG_LINES, Child, ChildFailed

LOOK_SECONDS: Final = 0.05
"""Between two looks: when a job began and ended stands in the lines themselves."""
PATIENCE_SECONDS: Final = 1_800.0
"""The longest job: five million rows on a slow machine."""


@dataclass
class Log:
    """The log of a worker that logs in JSON, read on from where the last reader was."""

    child: Child
    _position: int = 0

    async def event(self, *events: str, job_id: str | None = None) -> dict[str, Any]:
        """Return the next line of one of these events, of this job where one is named; raises ChildFailed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                while True:
                    ended = self.child.process.returncode is not None
                    for line in self._lines():
                        if line.get("event") in events and line.get("job_id") == job_id:
                            return line
                    if ended:
                        break
                    await asyncio.sleep(LOOK_SECONDS)
        last = self.child.log.read_text(errors="replace").splitlines()[-LOG_LINES:]
        raise ChildFailed(self.child.name, " or ".join(events), last)

    def _lines(self) -> Iterator[dict[str, Any]]:
        with self.child.log.open("rb") as file:
            file.seek(self._position)
            for line in file:
                if not line.endswith(b"\n"):  # the rest of it is still to come
                    return
                self._position += len(line)
                with suppress(ValueError):
                    if isinstance(said := json.loads(line), dict):
                        yield said


def time_of(line: dict[str, Any]) -> datetime:
    """Return when a line was logged."""
    return datetime.fromisoformat(line["timestamp"])
