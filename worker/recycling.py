"""Recycling: a worker process that has run enough jobs, or has grown too large, makes way for a fresh one."""

from dataclasses import dataclass

import psutil

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Recycling:
    """After how many jobs a process is replaced, or above how many MB of resident memory; None: never."""

    jobs: int | None = None
    megabytes: int | None = None

    def room(self, started: int, free: int) -> int:
        """Return how many of `free` slots may still be filled by a process that has started so many jobs."""
        return free if self.jobs is None else max(0, min(free, self.jobs - started))

    def reason(self, started: int) -> dict[str, int]:
        """Return what is exceeded, as it is logged; nothing where the process may go on.

        A process has always started a job before it is replaced: a limit below what a fresh one needs must not
        replace processes that never come to work.
        """
        if started == 0:
            return {}
        if self.jobs is not None and started >= self.jobs:
            return {"jobs": started}
        if self.megabytes is not None and (resident := resident_bytes()) > self.megabytes * MEGABYTE:
            return {"megabytes": resident // MEGABYTE}
        return {}


def resident_bytes() -> int:
    """Return the memory that this process has in use now, not the most that it ever had."""
    return int(psutil.Process().memory_info().rss)
