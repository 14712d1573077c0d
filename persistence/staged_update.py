"""Rows that each take values of their own, brought by COPY: the update of bulk jobs."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from sqlalchemy import text

from domain.entities import EntityType
from domain.result import Result, counted
from persistence.copy_in import copy_text_in
from persistence.copy_text import cells
from persistence.dialects import Dialect, dialect_of
from persistence.portable.bulk_changes import change_rows
from persistence.selection_set import measure_set
from persistence.statements import listed, name_of
from persistence.transaction import Transaction
from persistence.update_set import paired, write_set


@dataclass(frozen=True, slots=True)
class Written:
    """What an update did: counts and first ids, and the ids of all rows that it changed."""

    result: Result
    changed: set[int]


async def apply_columns(
    tx: Transaction, entity: EntityType, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> Written:
    """Give the named columns of each row its values; a row that already has them is left alone, counted as skipped.

    Each of `rows` is `(id, value, value, ...)`, one value for each of the columns, as the driver takes them: JSONB as
    text, an enum as its value. The ids differ, and their rows are live and locked already. The columns are names of the
    model's. Raises Duplicate and the other errors of the database (see `persistence.integrity`), AuditMismatch.
    """
    if not rows or not columns:
        return Written(Result(skipped=len(rows)), set())
    if dialect_of(tx.session) is not Dialect.POSTGRESQL:
        return Written(*await change_rows(tx, entity, columns, rows))
    staged = await _stage(tx, entity, columns, rows)
    # Row by row through the index, for which OFFSET 0 is a hint: a merge would read the index from its beginning to the
    # rows of this batch, again for each batch.
    planned = (
        f"SELECT old.id, old.version, old.updated_at, {paired(columns, 'old', 'new')} "  # noqa: S608 - names of a model
        f"FROM pg_temp.{staged} AS new CROSS JOIN LATERAL "
        f"(SELECT * FROM {name_of(entity.table)} AS held WHERE held.id = new.id OFFSET 0) AS old"
    )
    further = ",\n    ARRAY(SELECT id FROM written) AS changed"
    written = await write_set(tx, entity, columns, planned, {"action": "update"}, further=further)
    result = counted("updated", entity.name, written["written"], written["ids"])
    return Written(result + Result(skipped=len(rows) - result.updated), set(written["changed"]))


async def _stage(tx: Transaction, entity: EntityType, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> str:
    """Return the name of the temporary table that holds the rows."""
    named = ("id", *columns)
    # The driver remembers a table's types by its name, so tables of different columns have different ones.
    name = f"counterfoil_staged_{blake2b(repr((entity.name, named)).encode(), digest_size=8).hexdigest()}"
    like = f"SELECT {listed(named)} FROM {name_of(entity.table)}"  # noqa: S608 - names of a model
    await tx.session.execute(text(f"CREATE TEMPORARY TABLE IF NOT EXISTS {name} ON COMMIT DROP AS {like} WITH NO DATA"))
    await tx.session.execute(text(f"TRUNCATE pg_temp.{name}"))
    columns_of = map(cells, zip(*rows, strict=True))
    await copy_text_in(tx.session, name, named, map("\t".join, zip(*columns_of, strict=True)))
    await measure_set(tx, name)
    return name
