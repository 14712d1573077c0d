"""Rows by the million in one transaction: batch after batch in bounded memory, each row audited and accounted for."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from pyroaring import BitMap64

from domain.batch import Batch
from domain.commands import Bulk
from domain.entities import EntityType
from domain.reject import Fate, Reject, RowFate
from domain.result import Result
from domain.row_runs import RowRun, joined, run_of, runs_of
from persistence.refusals import Refusals
from persistence.related_rows import RelatedRows
from persistence.row_report import keep_report
from persistence.seen_marks import new_marks
from persistence.transaction import Transaction
from persistence.tried_changes import change_tried
from persistence.waves import waves

RUNS_HELD = 1_000
"""Runs of rows of one fate that are held before they are written: some 100 KB."""


class Arrival(NamedTuple):
    """What a source yields at a time: rows that fit, in the driver's values, what it refuses, and how far it is."""

    batch: Batch
    rejects: Sequence[Reject]
    position: int


Arrivals = AsyncIterator[Arrival]
Moved = Callable[[int, int], None]
"""Told after each batch: the rows done so far, and the bytes of the source read so far."""


@dataclass
class BulkWrite:
    """One bulk job on its way, whose rows `write` writes."""

    tx: Transaction
    entity: EntityType
    command: Bulk
    job_id: str | None
    """Whose row the report and the refused rows stand beside; None: nobody keeps them."""
    related: RelatedRows
    refusals: Refusals
    result: Result = field(default_factory=Result)
    batches: int = 0
    changed: BitMap64 = field(default_factory=BitMap64)
    """The ids of rows that a line has changed, or would have: some bytes for each, so that it grows little."""
    runs: list[RowRun] = field(default_factory=list)
    """What became of the rows, of the last ones: a whole file is often one run, so that few are written."""

    async def run(self, arrivals: Arrivals, moved: Moved) -> Result:
        """Write what arrives; raises RowsRefused where the rules say that nothing is to be written."""
        done = 0
        async for arrival in arrivals:
            await self._take(arrival)
            done += len(arrival.batch) + len({reject.line for reject in arrival.rejects})
            moved(done, arrival.position)
        self.refusals.settle()
        await self._report()
        created = self.related.created
        return self.result + created + Result(refused=self.refusals.rows, related=created.inserted)

    async def write(self, batch: Batch) -> None:
        """Write rows whose related rows are settled."""
        raise NotImplementedError

    async def refuse(self, rejects: Sequence[Reject]) -> None:
        """Refuse rows; raises RowsRefused when they are more than the job may have."""
        self.note(Fate.REFUSED, sorted({reject.line for reject in rejects}))
        await self.refusals.add(rejects)

    def note(self, fate: Fate, lines: Sequence[int], ids: Sequence[int] | None = None) -> None:
        """Note what became of rows, in rising lines."""
        self.runs += run_of(fate, lines, ids)

    async def change(self, batch: Batch, held: dict[int, int], *, key: Sequence[str]) -> None:
        """Change the locked rows that are held, by their place in the batch: to what each line itself says of them.

        A line that means a row which an earlier one has meant is refused: nobody can say which is right.
        """
        groups: dict[tuple[str, ...], list[int]] = {}
        for number in await self._first(batch, held, key):
            groups.setdefault(tuple(sorted(batch.said[number].difference(key))), []).append(number)
        for columns, numbers in groups.items():
            part, ids = batch.only(numbers), [held[number] for number in numbers]
            tried = await change_tried(self.tx, self.entity, columns, part, ids)
            await self.refuse(tried.rejects)
            refused = {reject.line for reject in tried.rejects}
            left = [one for one in zip(part.lines, ids, strict=True) if one[0] not in refused]
            for fate, is_changed in ((Fate.UPDATED, True), (Fate.UNCHANGED, False)):
                of_fate = [(line, row_id) for line, row_id in left if (row_id in tried.changed) is is_changed]
                self.runs += runs_of([RowFate(line, fate, row_id) for line, row_id in of_fate])
            self.result += tried.result

    async def _first(self, batch: Batch, held: dict[int, int], key: Sequence[str]) -> list[int]:
        """Return the places of the lines that are the first to mean their row, and refuse the others."""
        first: dict[int, int] = {}
        twins: list[Reject] = []
        for number, row_id in held.items():
            if row_id in first or row_id in self.changed:
                line = f"line {batch.lines[first[row_id]]}" if row_id in first else "an earlier line"
                shown = ", ".join(repr(batch.columns[column][number]) for column in key)
                twins.append(batch.reject(number, ", ".join(key), f"{shown} stands in {line} too"))
            else:
                first[row_id] = number
        self.changed.update(first)
        await self.refuse(twins)
        return list(first.values()) if not self.refusals.is_lost else []

    async def _take(self, arrival: Arrival) -> None:
        await self.refuse(arrival.rejects)
        # Also where nothing will be written: what the table refuses is to be told with the rest.
        for wave in waves(self.entity, await self._unmarked(arrival.batch)):
            settled, rejects = await self.related.settle(wave)
            await self.refuse(rejects)
            await self.write(settled)
        self.runs = joined(self.runs)
        if len(self.runs) >= RUNS_HELD:
            await self._report()

    async def _report(self) -> None:
        if self.job_id is not None and not self.refusals.is_lost:
            self.batches += 1
            await keep_report(self.tx.session, self.job_id, self.batches, self.runs)
        self.runs = []

    async def _unmarked(self, batch: Batch) -> Batch:
        """Return the rows whose mark no earlier row of the source has."""
        first: dict[str, int] = {}
        for number, mark in enumerate(batch.marks):
            if mark is not None:
                first.setdefault(mark, number)
        if not first:
            return batch
        new = await new_marks(self.tx, list(first))
        kept = [n for n, mark in enumerate(batch.marks) if mark is None or (first[mark] == n and mark in new)]
        dropped = batch.without(kept)
        self.note(Fate.SKIPPED, dropped.lines)
        self.result += Result(skipped=len(dropped))
        return batch.only(kept)
