"""What an import has come to so far."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from worker.importing.batches import Batch
from worker.importing.judge import Judged
from worker.importing.read import Refusal

KEPT = 1_000
"""How many refusals are kept, those of the first lines; all are counted."""

COUNTS = ("inserted", "updated", "skipped")
"""What a job's result says of its rows."""


@dataclass(slots=True)
class Tally:
    """Counts of rows by what became of them; every row that was read is in exactly one of them at any time.

    `waiting` are rows in jobs without an answer, `unsent` rows that were judged fit and stand in no job.
    """

    read: int = 0
    inserted: int = 0
    updated: int = 0
    skipped: int = 0
    duplicates: int = 0
    refused: int = 0
    waiting: int = 0
    unsent: int = 0
    jobs: int = 0
    position: int = 0
    """Bytes of the file read."""
    notes: list[str] = field(default_factory=list)
    started: float = field(default_factory=time.perf_counter)
    _refusals: list[Refusal] = field(default_factory=list)

    def take(self, batch: Batch) -> None:
        """Count what was read and not sent."""
        self.read += batch.read
        self.skipped += batch.skipped
        self.duplicates += batch.duplicates
        self.unsent += len(batch.rows)
        self.position = batch.position
        self.notes += batch.notes
        self._keep(batch.refusals)

    def sent(self, rows: Sequence[Judged]) -> None:
        """Count a job."""
        self.jobs += 1
        self.unsent -= len(rows)
        self.waiting += len(rows)

    def answered(self, rows: Sequence[Judged]) -> None:
        """Take a job's rows back, to be counted by what its answer says."""
        self.waiting -= len(rows)
        self.unsent += len(rows)

    def written(self, rows: Sequence[Judged], result: Mapping[str, JsonValue]) -> None:
        """Count the rows of a job that succeeded, by its result."""
        self.unsent -= len(rows)
        for name in COUNTS:
            setattr(self, name, getattr(self, name) + int(str(result[name])))

    def refuse(self, rows: Sequence[Judged], refusals: Sequence[Refusal]) -> None:
        """Count rows of a job that failed, with the reasons for each."""
        self.unsent -= len(rows)
        self._keep(refusals)

    def refusals(self) -> list[Refusal]:
        """Return the refusals of the first lines, in their order, up to 1,000."""
        return sorted(self._refusals, key=lambda refusal: refusal.line)[:KEPT]

    def seconds(self) -> float:
        """Return the seconds since the start."""
        return time.perf_counter() - self.started

    def _keep(self, refusals: Sequence[Refusal]) -> None:
        self.refused += len({refusal.line for refusal in refusals})
        self._refusals += refusals
        if len(self._refusals) > 2 * KEPT:
            self._refusals = self.refusals()
