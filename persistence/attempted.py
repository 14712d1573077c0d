"""What a statement or a flush was to write: a database that refuses it says which rule was broken, but not by what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pydantic import JsonValue

from domain.json_values import as_json


class Read(NamedTuple):
    """An object that was to be changed or deleted, and the version in which it was read."""

    entity: str
    id: int
    version: int


@dataclass(frozen=True, slots=True)
class Attempted:
    """The values of the rows by entity, the objects that were to be changed, and the ids that were to be purged."""

    rows: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    changed: Sequence[Read] = ()
    purged: Mapping[str, Sequence[int]] = field(default_factory=dict)

    def value(self, entity: str, columns: str) -> JsonValue:
        """Return what was to be written into a column (a list, for `a, b`), or None where rows were to differ in it."""
        names = columns.split(", ")
        said = [
            [row[name] for name in names] for row in self.rows.get(entity, ()) if all(name in row for name in names)
        ]
        if not said or any(one != said[0] for one in said):
            return None
        return as_json(said[0] if len(names) > 1 else said[0][0])
