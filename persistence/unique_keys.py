"""The unique keys of an entity: by which a row that is there already is known."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Table, UniqueConstraint

from domain.entities import EntityType
from domain.errors import InvalidRows, Problem

_LIVE = "deleted_at IS NULL"


@dataclass(frozen=True, slots=True)
class UniqueKey:
    """Columns that are unique together; `live` tells whether only among the rows that are not deleted."""

    columns: tuple[str, ...]
    live: bool

    def is_same(self, other: "UniqueKey") -> bool:
        """Tell whether the other key is of the same rows and columns, in whatever order."""
        return self.live == other.live and set(self.columns) == set(other.columns)

    def __str__(self) -> str:
        """Name the columns, as people read them."""
        return ", ".join(self.columns)


def unique_key(entity: EntityType, wanted: tuple[str, ...] | None) -> UniqueKey | None:
    """Return the unique key of these columns, by default the natural key, or None for an entity that has none.

    Raises InvalidRows where the columns are not unique together: nothing would keep two rows apart.
    """
    if wanted is None:
        return UniqueKey((entity.natural_key,), live=True) if entity.natural_key else None
    known = list(unique_keys(entity.table))
    for key in known:
        if set(key.columns) == set(wanted):
            return key
    offered = "; ".join(map(str, known)) or "none"
    problem = Problem(None, "conflict_on", f"{', '.join(wanted)} is not unique in {entity.name}; unique are: {offered}")
    raise InvalidRows(entity.name, (problem,))


def unique_keys(table: Table) -> Iterator[UniqueKey]:
    """Yield the unique keys of a table that are columns alone, over all rows or over those that are not deleted."""
    for index in table.indexes:
        where = index.dialect_options["postgresql"]["where"]
        columns = tuple(column.name for column in index.columns)
        if index.unique and len(columns) == len(index.expressions) and (where is None or str(where) == _LIVE):
            yield UniqueKey(columns, live=where is not None)
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            yield UniqueKey(tuple(column.name for column in constraint.columns), live=False)
