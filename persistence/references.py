"""References of rows: natural keys turned into ids, and related rows held alive until the transaction ends."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, Table, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.expression import any_

from domain.commands import Key, Row
from domain.entities import EntityType, Reference
from domain.errors import MissingReference, Problem
from domain.rows import CheckedRow
from persistence.dialects import Dialect, dialect_of
from persistence.portable.rows import pieces
from persistence.selection_conditions import unbounded
from persistence.transaction import Transaction


async def settle_references(tx: Transaction, entity: EntityType, rows: Sequence[CheckedRow]) -> list[Row]:
    """Return the rows' values with every reference by natural key replaced by an id.

    One query for each foreign key. The related rows are locked against deletion: a soft delete of a project and an
    insert into it cannot both succeed. Raises MissingReference with every row whose related row is missing or deleted.
    """
    settled = [dict(row.values) for row in rows]
    problems: list[tuple[Problem, Key]] = []
    for reference in entity.references.values():
        if reference.target in tx.entities and any(reference.column in row for row in settled):
            problems += await _settle(tx, tx.entities[reference.target], reference, rows, settled)
    if problems:
        problems.sort(key=lambda one: one[0].row or 0)
        raise MissingReference(entity.name, tuple(problem for problem, _ in problems), problems[0][1])
    return settled


async def _settle(
    tx: Transaction, target: EntityType, reference: Reference, rows: Sequence[CheckedRow], settled: list[Row]
) -> list[tuple[Problem, Key]]:
    column = reference.column
    keys = [row.references[column] for row in rows if column in row.references]
    ids = [
        values[column]
        for row, values in zip(rows, settled, strict=True)
        if column not in row.references and values.get(column) is not None
    ]
    wanted: Any
    by_key: dict[Any, int] = await resolve_keys(tx, target, keys) if keys else {}
    alive = await lock_alive(tx, target, "id", ids) if ids else {}
    problems = []
    for row, values in zip(rows, settled, strict=True):
        if column in row.references:
            name, wanted, known = f"{reference.name}.{target.natural_key}", row.references[column], by_key
        elif values.get(column) is not None:
            name, wanted, known = column, values[column], alive
        else:
            continue
        if wanted not in known:
            problems.append((Problem(row.number, name, f"no live {target.name} {wanted!r}"), wanted))
        values[column] = known.get(wanted)
    return problems


async def resolve_keys(tx: Transaction, target: EntityType, keys: Sequence[Key]) -> dict[Key, int]:
    """Return the ids of live rows by natural key, each locked against deletion; missing keys are left out."""
    return await lock_alive(tx, target, str(target.natural_key), keys)


async def lock_alive(tx: Transaction, target: EntityType, column: str, values: Sequence[Any]) -> dict[Any, int]:
    """Return the ids of the live rows with these values of a unique column, each locked against deletion."""
    if dialect_of(tx.session) is not Dialect.POSTGRESQL:
        return await _lock_pieces(tx, target.table, column, list(dict.fromkeys(values)))
    # By a parameter: a statement that held the values would keep them until a garbage collection.
    found = await tx.session.execute(_alive(target.table, column), {"wanted": list(dict.fromkeys(values))})
    return {row[0]: row[1] for row in found.all()}


@lru_cache(maxsize=1024)
def _alive(table: Table, column: str) -> Select[Any, int]:
    wanted = bindparam("wanted", type_=ARRAY(unbounded(table.c[column].type)))
    return _locked(table, column).where(table.c[column] == any_(wanted))


def _locked(table: Table, column: str) -> Select[Any, int]:
    # FOR SHARE, where a foreign key takes FOR KEY SHARE only, which a soft delete (an update) does not wait for.
    return (
        select(table.c[column], table.c.id)
        .where(table.c.deleted_at.is_(None))
        .order_by(table.c.id)
        .with_for_update(read=True)
    )


async def _lock_pieces(tx: Transaction, table: Table, column: str, values: Sequence[Any]) -> dict[Any, int]:
    found: dict[Any, int] = {}
    for piece in pieces(values):
        rows = await tx.session.execute(_locked(table, column).where(table.c[column].in_(piece)))
        found.update({row[0]: row[1] for row in rows.all()})
    return found
