"""What SQLite refused: by its error's name; of which column, by the statement that was ours, and our own tables."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy.orm
from sqlalchemy import ExceptionContext, Table, select, text

from domain.entities import Entities
from domain.entity import Entity
from persistence.dialects import Dialect
from persistence.violation import Kind, Violation, unique_columns
from persistence.written_tables import written_tables

_KINDS = {
    "SQLITE_CONSTRAINT_UNIQUE": Kind.UNIQUE,
    "SQLITE_CONSTRAINT_PRIMARYKEY": Kind.UNIQUE,
    "SQLITE_CONSTRAINT_FOREIGNKEY": Kind.FOREIGN_KEY,
    "SQLITE_CONSTRAINT_NOTNULL": Kind.NOT_NULL,
    "SQLITE_CONSTRAINT_CHECK": Kind.CHECK,
    "SQLITE_READONLY": Kind.READ_ONLY,
    "SQLITE_TOOBIG": Kind.DATA,
    "SQLITE_MISMATCH": Kind.DATA,
}
_LIST = " constraint failed: "
"""After this SQLite lists what was violated, `task.key` or a constraint's name: it has no field for that."""

MISSING = "counterfoil_missing"
"""Where an error keeps table and column of the reference that a flush found to lead nowhere."""

_FLUSHED = "counterfoil_flushed"
"""Where a connection keeps what is being flushed."""


@contextmanager
def flushing(session: sqlalchemy.orm.Session, objects: Sequence[Entity]) -> Iterator[None]:
    """Let `note_what_is_missing` know, within the block, which objects are written; on another database do nothing."""
    if not objects or session.get_bind().dialect.name != Dialect.SQLITE:
        yield
        return
    kept = sqlalchemy.orm.Session.connection(session).info
    kept[_FLUSHED] = (session.info["entities"], objects)
    try:
        yield
    finally:
        kept.pop(_FLUSHED, None)


def note_what_is_missing(context: ExceptionContext) -> None:
    """Find which reference of the flushed objects leads nowhere, of which SQLite says nothing, and note it.

    In the transaction itself, before it is rolled back: rows that it has written are there.
    """
    connection, error = context.connection, context.original_exception
    if connection is None or getattr(error, "sqlite_errorname", None) != "SQLITE_CONSTRAINT_FOREIGNKEY":
        return
    entities: Entities
    entities, flushed = connection.info.get(_FLUSHED, ({}, ()))
    for instance in flushed:
        entity = entities[str(instance.__tablename__)]
        for reference in entity.references.values():
            value = instance.__dict__.get(reference.column)
            target = entities[reference.target].table.c.id if reference.target in entities else None
            if value is None or target is None:
                continue
            if connection.execute(select(target).where(target == value)).first() is None:
                setattr(error, MISSING, (entity.name, reference.column))
                return


def sqlite_violation(entities: Entities, error: Any, statement: str) -> Violation | None:  # noqa: ANN401 - the driver's
    """Return what was violated, or None for an error of another kind."""
    kind = _KINDS.get(str(error.sqlite_errorname))
    if kind is None:
        return None
    said = str(error)
    if (asked := getattr(error, MISSING, None)) is not None:
        return Violation(kind, asked[0], asked[1], None, said)
    name = next((name for _, name in written_tables(text(statement)) if name in entities), None)
    if name is None:
        return Violation(kind, said=said)
    listed = said.partition(_LIST)[2]
    table = entities[name].table
    if kind is Kind.CHECK:
        return Violation(kind, name, None, listed or None, said)
    return Violation(kind, name, _column(kind, table, listed), None, said)


def _column(kind: Kind, table: Table, listed: str) -> str | None:
    """Return the column that is the only one possible, or of our own columns those that SQLite lists."""
    if kind is Kind.UNIQUE and len(only := set(unique_keys(table).values())) == 1:
        return only.pop()
    if kind is Kind.FOREIGN_KEY and len(keys := table.foreign_key_constraints) == 1:
        return next(iter(keys)).column_keys[0]
    named = [part.strip().rpartition(".")[2] for part in listed.split(",")]
    known = [name for name in named if name in table.columns]
    return ", ".join(known) or None


def unique_keys(table: Table) -> dict[str, str]:
    """Return the columns of what is unique beside the primary key, by its name."""
    unique = {str(index.name) for index in table.indexes if index.unique}
    plain = {str(index.name) for index in table.indexes} - unique
    return {name: columns for name, columns in unique_columns(table).items() if name not in plain}
