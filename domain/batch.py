"""Rows of a bulk job that fit their schema, held column by column."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from domain.commands import Row
from domain.reject import Reject

Columns = dict[str, list[Any]]
"""Values by column, all lists of one length."""


def _no_text(_: Any) -> str:  # noqa: ANN401 - any record
    return ""


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows in the order of their source.

    `columns` holds Python values by the table's columns. Where a row names a related row by its natural key, `keys` has
    that key under the foreign key's column (None: it does not), and the column itself a placeholder. `parents` holds,
    by the same columns, what a row says of a related row that may have to be created. `said` are the columns that each
    row itself names, without the schema's defaults. Of rows with one mark the first alone counts (None: each counts).
    `written` has each row's values of the columns `ready` as the database takes them, so that nobody waits for it.
    `records` are the rows as they were read, which `text` writes.
    """

    lines: list[int]
    columns: Columns
    keys: Mapping[str, list[Any]] = field(default_factory=dict)
    parents: Mapping[str, list[Row]] = field(default_factory=dict)
    said: Sequence[frozenset[str]] = ()
    marks: Sequence[str | None] = ()
    ready: tuple[str, ...] = ()
    written: Sequence[str] = ()
    records: Sequence[Any] = ()
    text: Callable[[Any], str] = _no_text
    header: str = ""

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.lines)

    def only(self, numbers: Sequence[int]) -> "Batch":
        """Return the rows at these places."""
        if len(numbers) == len(self):
            return self
        return replace(
            self,
            lines=_at(self.lines, numbers),
            columns={name: _at(values, numbers) for name, values in self.columns.items()},
            keys={name: _at(values, numbers) for name, values in self.keys.items()},
            parents={name: _at(values, numbers) for name, values in self.parents.items()},
            said=_at(self.said, numbers) if self.said else (),
            marks=_at(self.marks, numbers) if self.marks else (),
            written=_at(self.written, numbers) if self.written else (),
            records=_at(self.records, numbers) if self.records else (),
        )

    def without(self, numbers: Iterable[int]) -> "Batch":
        """Return the rows at all other places."""
        gone = set(numbers)
        return self.only([number for number in range(len(self)) if number not in gone])

    def reject(self, number: int, column: str, reason: str) -> Reject:
        """Return the refusal of the row at a place."""
        raw = self.text(self.records[number]) if self.records else ""
        return Reject(self.lines[number], column, reason, raw, self.header)


def _at(values: Sequence[Any], numbers: Sequence[int]) -> list[Any]:
    return [values[number] for number in numbers]
