"""What a job may need beside its transaction and its command."""

from collections.abc import Callable
from dataclasses import dataclass

from worker.sources.roots import Roots

NOWHERE = Roots(())
"""No source may be read."""


def _unheard(_rows: int, _position: int, _size: int | None) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class JobContext:
    """The worker's side of one job: its id (None: nobody's job), where sources may be, and who is told how far it is.

    `moved` takes the rows done, the bytes of the source read, and its size in bytes where that is known; each call
    also tells that the job is alive, so that its time-out counts from there.
    """

    job_id: str | None = None
    roots: Roots = NOWHERE
    max_record_bytes: int = 16 * 1024 * 1024
    moved: Callable[[int, int, int | None], None] = _unheard
