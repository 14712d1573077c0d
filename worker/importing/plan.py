"""Which field takes which column, applied to one record after another."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.commands import Row
from worker.importing.json_text import parse_json
from worker.importing.read import Record, Refusal

NOTED = 20
"""How many columns that no field took are named in a summary."""


@dataclass(slots=True)
class Plan:
    """The columns by the field that takes them, and the values of rows for which the file says none.

    `columns` is None where the names of each record decide (NDJSON without --map): then each of the `known` fields
    takes the column of its own name. `json_fields` are those whose cells are text to be parsed as JSON.
    """

    known: frozenset[str]
    constants: Row
    columns: Mapping[str, str] | None
    json_fields: frozenset[str] = frozenset()
    empty_is_absent: bool = False
    left: dict[str, None] = field(default_factory=dict)
    """Names that no field took, the first 20 of them."""
    met: set[str] = field(default_factory=set)
    """Columns that a record had and a field took."""

    def row(self, record: Record) -> tuple[Row, list[Refusal]]:
        """Return the record as a row of fields, and what of it cannot be read."""
        row, refused = dict(self.constants), []
        for name, column in self._taken(record).items():
            if column not in record.values:
                continue
            self.met.add(column)
            value = record.values[column]
            if self.empty_is_absent and value == "":
                continue
            try:
                row[name] = parse_json(str(value)) if name in self.json_fields else value
            except ValueError as error:
                refused.append(Refusal(record.line, name, f"column {column!r} is not JSON: {error}"))
        return row, refused

    def given(self) -> frozenset[str]:
        """Return the fields that a row may have."""
        return frozenset({*(self.known if self.columns is None else self.columns), *self.constants})

    def notes(self) -> list[str]:
        """Return what a person should know of the columns after the last record, in sentences."""
        unmet = sorted(set((self.columns or {}).values()) - self.met)
        found = []
        if unmet and self.met:
            found.append(f"no record has {', '.join(map(repr, unmet))}")
        if self.left:
            more = " and perhaps more" if len(self.left) == NOTED else ""
            found.append(f"no field took the column {', '.join(map(repr, self.left))}{more}")
        return found

    def _taken(self, record: Record) -> Mapping[str, str]:
        if self.columns is not None:
            return self.columns
        own = {name: name for name in record.values if name in self.known}
        for name in record.values:
            if name not in own and len(self.left) < NOTED:
                self.left[name] = None
        return own
