"""Judged records in batches, each of which becomes one job."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar

from worker.importing.judge import Fate, Judged
from worker.importing.read import Refusal

Item = TypeVar("Item")


@dataclass(slots=True)
class Batch:
    """Rows to be sent as one job, and what became of the other records that were read on the way to them."""

    rows: list[Judged] = field(default_factory=list)
    size: int = 0
    """Bytes of the rows in a payload."""
    read: int = 0
    duplicates: int = 0
    skipped: int = 0
    refusals: list[Refusal] = field(default_factory=list)
    position: int = 0
    """Bytes of the file read so far."""
    notes: list[str] = field(default_factory=list)

    def take(self, one: Judged) -> None:
        """Add a judged record."""
        self.read += 1
        match one.fate:
            case Fate.SENT:
                self.rows.append(one)
                self.size += one.size + 1  # a comma
            case Fate.REFUSED:
                self.refusals += one.refusals
            case Fate.DUPLICATE:
                self.duplicates += 1
            case Fate.SKIPPED:
                self.skipped += 1


def batches(judged: Iterable[Judged], *, max_rows: int, max_bytes: int) -> Iterator[Batch]:
    """Group records in their order into batches with at most `max_rows` rows in at most `max_bytes` bytes.

    A row with more bytes has a batch for itself. A batch ends at `max_rows` refusals too, so that a file of bad
    rows is not gathered whole; the last batch may be empty.
    """
    batch = Batch()
    for one in judged:
        if one.fate is Fate.SENT and batch.rows and batch.size + one.size + 1 > max_bytes:
            yield batch
            batch = Batch()
        batch.take(one)
        if len(batch.rows) == max_rows or len(batch.refusals) >= max_rows:
            yield batch
            batch = Batch()
    yield batch


def chunks(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Group items into lists of `size`, the last one perhaps shorter."""
    source = iter(items)
    while chunk := list(islice(source, size)):
        yield chunk
