"""What MySQL or MariaDB refused: by its error number; of which constraint, by the names of our own tables."""

from typing import Any

from sqlalchemy import CheckConstraint, text

from domain.entities import Entities
from persistence.violation import Kind, Violation, columns_by_constraint
from persistence.written_tables import written_tables

# MariaDB's and MySQL's references of error codes.
_KINDS = {
    1062: Kind.UNIQUE,
    1169: Kind.UNIQUE,
    1216: Kind.FOREIGN_KEY,
    1217: Kind.FOREIGN_KEY,
    1451: Kind.FOREIGN_KEY,
    1452: Kind.FOREIGN_KEY,
    1048: Kind.NOT_NULL,
    1364: Kind.NOT_NULL,
    3819: Kind.CHECK,
    4025: Kind.CHECK,
    1054: Kind.UNDEFINED,
    1146: Kind.UNDEFINED,
    1305: Kind.UNDEFINED,
    1290: Kind.READ_ONLY,
    1792: Kind.READ_ONLY,
    1264: Kind.DATA,
    1265: Kind.DATA,
    1292: Kind.DATA,
    1365: Kind.DATA,
    1366: Kind.DATA,
    1406: Kind.DATA,
    1411: Kind.DATA,
    1690: Kind.DATA,
}


def mysql_violation(entities: Entities, error: Any, statement: str) -> Violation | None:  # noqa: ANN401 - the driver's
    """Return what was violated, or None for an error of another kind."""
    number, said = (*error.args, "", "")[:2]
    kind = _KINDS.get(number)
    if kind is None:
        return None
    name = next((name for _, name in written_tables(text(statement)) if name in entities), None)
    if name is None:
        return Violation(kind, said=str(said))
    table = entities[name].table
    if kind in {Kind.NOT_NULL, Kind.DATA}:
        return Violation(kind, name, _quoted_in(said, table.columns.keys(), "'"), None, str(said))
    checks = [str(one.name) for one in table.constraints if isinstance(one, CheckConstraint)]
    referring = [key for child in entities.values() for key in child.table.foreign_key_constraints]
    named = {**columns_by_constraint(table), **{str(key.name): key.column_keys[0] for key in referring}}
    constraint = _named_last(said, named) if kind is Kind.UNIQUE else _quoted_in(said, [*named, *checks], "`'")
    return Violation(kind, name, named.get(str(constraint)), constraint, str(said))


def _named_last(said: str, names: Any) -> str | None:  # noqa: ANN401 - any collection of names
    """Return the name that stands last, perhaps behind its table's: the value before it may say anything."""
    return next((name for name in names if said.endswith((f"'{name}'", f".{name}'"))), None)


def _quoted_in(said: str, names: Any, quotes: str) -> str | None:  # noqa: ANN401 - any collection of names
    return next((name for name in names for quote in quotes if f"{quote}{name}{quote}" in said), None)
