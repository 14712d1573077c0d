"""Which field takes which column of a source, applied to many records at a time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from domain.commands import Row
from worker.sources.json_text import parse_json

NOTED = 20
"""How many columns that no field took are named in a job's notes."""

Fault = tuple[int, str, str]
"""The place of a record, the field, and why its cell cannot be read."""


@dataclass(slots=True)
class Mapped:
    """Mapping of a source's records to rows of fields.

    `columns` gives each field the column that it takes; None where the names of each record decide (JSON without a
    map): then each of the `known` fields takes the column of its own name. `constants` are the values of rows for which
    a record says nothing. `json_fields` are those whose cells are text to be parsed as JSON.
    """

    known: frozenset[str]
    constants: Row
    columns: Mapping[str, str] | None
    header: Sequence[str] | None = None
    json_fields: frozenset[str] = frozenset()
    left: dict[str, None] = field(default_factory=dict)
    """Names that no field took, the first 20 of them."""
    met: set[str] = field(default_factory=set)
    """Mapped columns that a record had."""

    def rows(self, records: Sequence[Any]) -> tuple[list[Row], list[Fault]]:
        """Return a row for each record, and what of them cannot be read."""
        faults: list[Fault] = []
        rows = self._of_cells(records) if self.header is not None else [self._of_object(one) for one in records]
        if self.header is not None:
            for name in self.json_fields & set(self.columns or ()):
                faults += self._parsed(name, rows)
        return rows, faults

    @property
    def is_plain(self) -> bool:
        """Tell whether rows hold nothing but text under names of fields (`RowCheck.is_plain`)."""
        names = {*(self.columns or ()), *self.constants}
        texts = all(isinstance(value, str) for value in self.constants.values())
        return self.header is not None and texts and not names & self.json_fields and not any("." in n for n in names)

    def given(self) -> frozenset[str]:
        """Return the fields that a row may have."""
        return frozenset({*(self.known if self.columns is None else self.columns), *self.constants})

    def notes(self) -> list[str]:
        """Return what a person should know of the columns after the last record, in sentences."""
        found = []
        unmet = sorted(set((self.columns or {}).values()) - self.met) if self.header is None else []
        if unmet and self.met:
            found.append(f"no record has {', '.join(map(repr, unmet))}")
        if not self.left:
            return found
        more = " and perhaps more" if len(self.left) == NOTED else ""
        return [*found, f"no field took the column {', '.join(map(repr, self.left))}{more}"]

    def _of_cells(self, records: Sequence[Sequence[str | None]]) -> list[Row]:
        columns, header = self.columns or {}, self.header or ()
        names, places = tuple(columns), [header.index(column) for column in columns.values()]
        # An empty cell says nothing, so that the constant or the schema's default stands.
        if len(names) == 1:
            (name,), (place,) = names, places
            return [
                {**self.constants, name: record[place]} if record[place] != "" else {**self.constants}
                for record in records
            ]
        take, constants = itemgetter(*places), self.constants
        if not constants:
            return [{n: v for n, v in zip(names, take(record), strict=True) if v != ""} for record in records]
        return [
            {**constants, **{n: v for n, v in zip(names, take(record), strict=True) if v != ""}} for record in records
        ]

    def _of_object(self, record: Mapping[str, Any]) -> Row:
        row = dict(self.constants)
        if self.columns is not None:
            for name, column in self.columns.items():
                if column in record:
                    self.met.add(column)
                    row[name] = record[column]
            return row
        for name, value in record.items():
            if name in self.known:
                row[name] = value
            elif len(self.left) < NOTED:
                self.left[name] = None
        return row

    def _parsed(self, name: str, rows: Sequence[Row]) -> Iterator[Fault]:
        for number, row in enumerate(rows):
            text = row.get(name)
            if not isinstance(text, str):  # the cell says nothing, and the constant is parsed already
                continue
            try:
                row[name] = parse_json(text) if text != "[]" else []
            except ValueError as error:
                column = (self.columns or {}).get(name, name)
                yield number, name, f"column {column!r} is not JSON: {error}"
