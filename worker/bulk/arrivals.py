"""Records made into batches of rows that fit their schema: what a thread does while the database works on the last."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Table

from domain.batch import Batch
from domain.commands import Row
from domain.reject import RAW_KEPT, Reject
from domain.row_check import RowCheck, Text
from persistence.bulk import Arrival
from persistence.copy_text import text_rows
from persistence.driver_values import driver_columns
from persistence.portable.plain_values import plain_columns
from worker.bulk.mapping import Mapped
from worker.sources.reading import Reading

BATCH_ROWS = 4_000
"""Rows that are checked, copied and audited together.

Measured on 2 cores with 100,000 rows: 4,000 and 8,000 alike, 2,000 a tenth slower (round trips); larger ones only take
memory.
"""


@dataclass(frozen=True, slots=True)
class Arriving:
    """Makes arrivals of records: checked, in the driver's values, ready for a COPY where they are to be inserted."""

    check: RowCheck
    table: Table
    distinct: str | None = None
    copies: bool = True
    """Whether the database takes rows by COPY; else they stay values of Python's."""

    def of_source(self, reading: Reading, mapped: Mapped, lines_before: int) -> Iterator[Arrival]:
        """Yield what a source holds, mapped to rows, batch by batch; `lines_before` is added to its lines."""
        text = Text(reading.raw, reading.header_text)
        for records in reading.chunks(BATCH_ROWS):
            rows, faults = mapped.rows(records.rows)
            lines = [line + lines_before for line in records.lines] if lines_before else records.lines
            batch, rejects = self._checked(lines, rows, records.rows, text, faults)
            unread = [reject._replace(line=reject.line + lines_before) for reject in records.rejects]
            yield Arrival(batch, [*unread, *rejects], records.position)

    def _checked(
        self, lines: Sequence[int], rows: list[Row], records: Sequence[Any], text: Text, faults: Sequence[Any] = ()
    ) -> tuple[Batch, list[Reject]]:
        raws: dict[int, str] = {}  # written once, however many problems a record has

        def reject(number: int, name: str, reason: str) -> Reject:
            if number not in raws:
                raws[number] = text.write(records[number])
            return Reject(lines[number], name, reason, raws[number], text.header)

        rejects = [reject(*fault) for fault in faults]
        if unread := {number for number, _, _ in faults}:
            kept = [number for number in range(len(rows)) if number not in unread]
            batch, found = self._checked(
                [lines[n] for n in kept], [rows[n] for n in kept], [records[n] for n in kept], text
            )
            return batch, rejects + found
        marks = [_mark(row.get(self.distinct)) for row in rows] if self.distinct else []
        batch, problems = self.check.check(lines, rows, records, text)
        rejects += [reject(problem.row or 0, problem.field, problem.message) for problem in problems]
        if marks:
            by_line = dict(zip(lines, marks, strict=True))
            batch = replace(batch, marks=[by_line[line] for line in batch.lines])
        if not self.copies:
            return replace(batch, columns=plain_columns(self.table, batch.columns)), rejects
        columns = driver_columns(self.table, batch.columns)
        # What stands for a key of a related row is known only when the database was asked.
        ready = {} if self.check.changes else {name: one for name, one in columns.items() if name not in batch.keys}
        return replace(batch, columns=columns, ready=tuple(ready), written=text_rows(ready)), rejects

    def of_rows(self, rows: Sequence[Row]) -> Iterator[Arrival]:
        """Yield the rows of a job's arguments, batch by batch; the first is line 1."""
        text = Text(lambda row: json.dumps(row, ensure_ascii=False)[:RAW_KEPT])
        for first in range(0, len(rows), BATCH_ROWS):
            part = [dict(row) for row in rows[first : first + BATCH_ROWS]]
            lines = range(first + 1, first + 1 + len(part))
            batch, rejects = self._checked(lines, part, rows[first : first + BATCH_ROWS], text)
            yield Arrival(batch, rejects, 0)


def _mark(value: object) -> str | None:
    return None if value is None else json.dumps(value, sort_keys=True)
