"""What a database refused, in one form for all of them."""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Table, UniqueConstraint


class Kind(StrEnum):
    """What was violated."""

    UNIQUE = "unique"
    FOREIGN_KEY = "foreign key"
    NOT_NULL = "not-null"
    CHECK = "check"
    EXCLUSION = "exclusion"
    UNDEFINED = "undefined"
    READ_ONLY = "read-only"
    DATA = "data"


@dataclass(frozen=True, slots=True)
class Violation:
    """What was violated, where that is known: table, column (several joined by commas) and constraint.

    `said` are the database's own words, without the statement.
    """

    kind: Kind
    table: str | None = None
    column: str | None = None
    constraint: str | None = None
    said: str = ""


def unique_columns(table: Table) -> dict[str, str]:
    """Return the columns of a table's unique indexes and constraints by their names."""
    indexes = {str(index.name): ", ".join(column.name for column in index.columns) for index in table.indexes}
    constraints = {
        str(one.name): ", ".join(column.name for column in one.columns)
        for one in table.constraints
        if isinstance(one, UniqueConstraint)
    }
    return {**indexes, **constraints}


def columns_by_constraint(table: Table) -> dict[str, str]:
    """Return the columns of a table's indexes, unique constraints and foreign keys by their names."""
    keys = {str(key.name): ", ".join(key.column_keys) for key in table.foreign_key_constraints}
    return {**unique_columns(table), **keys}
