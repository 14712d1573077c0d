"""Insert rows set-based, audited, with three answers to a natural key that is taken."""

import json
from collections.abc import Sequence
from typing import Any

from domain.commands import Key, OnConflict, Row
from domain.entities import EntityType
from domain.errors import Duplicate, InvalidRows, Problem
from domain.json_values import as_json
from domain.result import Result, counted
from domain.rows import CheckedRow, field_value, parse_rows
from persistence.attempted import Attempted
from persistence.dialects import Dialect, dialect_of
from persistence.integrity import explained
from persistence.portable.insert import insert_new
from persistence.references import settle_references
from persistence.selection import existing_keys
from persistence.statements import listed, quoted, statement
from persistence.transaction import Transaction
from persistence.update import apply_changes

ATTEMPTS = 3
"""How often an upsert starts over when rows appear or vanish between its insert and its update."""


async def insert_rows(
    tx: Transaction, entity: EntityType, rows: Sequence[Row], on_conflict: OnConflict = OnConflict.ERROR
) -> Result:
    """Insert rows; where a live row has a row's natural key: refuse all, skip the row, or update what it says.

    Raises InvalidRows, MissingReference, Duplicate (also for a key twice in the batch, unless rows are skipped).
    """
    if on_conflict is not OnConflict.ERROR and entity.natural_key is None:
        problem = Problem(None, "on_conflict", f"{entity.name} has no natural key; only error is possible")
        raise InvalidRows(entity.name, (problem,))
    checked = parse_rows(tx.entities, entity, rows)
    if on_conflict is not OnConflict.SKIP:
        _refuse_twins(entity, checked)
    settled = await settle_references(tx, entity, checked)
    if on_conflict is OnConflict.UPDATE:
        return await _upsert(tx, entity, rows, settled)
    result, keys = await _insert(tx, entity, settled)
    if on_conflict is OnConflict.ERROR and result.inserted < len(settled):
        taken = _taken(entity, settled, keys)
        if result.inserted:  # the rows beside it are in: nobody shall commit a half
            tx.lose(taken)
        raise taken
    return result + Result(skipped=len(settled) - result.inserted)


async def _insert(tx: Transaction, entity: EntityType, rows: Sequence[Row]) -> tuple[Result, set[Key]]:
    if dialect_of(tx.session) is not Dialect.POSTGRESQL:
        return await insert_new(tx, entity, rows)
    columns = list(rows[0])
    key = entity.natural_key
    sentence = statement(
        "insert",
        table=entity.table,
        columns=listed(columns),
        on_conflict=f"ON CONFLICT ({quoted(key)}) WHERE deleted_at IS NULL DO NOTHING" if key else "",
        written_keys=f"SELECT {quoted(key)} FROM written" if key else "SELECT NULL::text WHERE false",  # noqa: S608 - a column's name
    )
    with explained(tx.entities, lambda: Attempted({entity.name: rows})):
        found = await tx.write(entity.name, sentence, {"rows": json.dumps(rows)})
    return counted("inserted", entity.name, found["written"], found["ids"]), set(found["keys"])


async def _upsert(tx: Transaction, entity: EntityType, rows: Sequence[Row], settled: Sequence[Row]) -> Result:
    key = str(entity.natural_key)
    # By the key in its column's type, in which the database answers: a UUID is no text there.
    left: dict[Any, tuple[Row, Row]] = {
        field_value(entity, key, values[key]): (row, values) for row, values in zip(rows, settled, strict=True)
    }
    result = Result()
    for _ in range(ATTEMPTS):
        inserted, keys = await _insert(tx, entity, [values for _, values in left.values()])
        result += inserted
        left = {value: pair for value, pair in left.items() if value not in keys}
        existing = await existing_keys(tx, entity, list(left)) if left else {}
        result += await apply_changes(tx, entity, {existing[value]: _said(entity, *left[value]) for value in existing})
        left = {value: pair for value, pair in left.items() if value not in existing}
        if not left:
            return result
    found = tuple(Problem(None, key, f"{value!r} appears and vanishes") for value in left)
    raise Duplicate(entity.name, key, found, as_json(next(iter(left))))


def _said(entity: EntityType, row: Row, settled: Row) -> dict[str, Any]:
    """Return the values that the row itself names, without its key and without the schema's defaults."""
    said = {entity.references[name.partition(".")[0]].column if "." in name else name for name in row}
    return {name: settled[name] for name in settled if name in said and name != entity.natural_key}


def _refuse_twins(entity: EntityType, rows: Sequence[CheckedRow]) -> None:
    if (key := entity.natural_key) is None:
        return
    first: dict[Any, int] = {}
    twins = []
    for row in rows:
        value = row.values[key]
        if value in first:
            twins.append((value, Problem(row.number, key, f"{value!r} stands in row {first[value] + 1} too")))
        first.setdefault(value, row.number)
    if twins:
        raise Duplicate(entity.name, key, tuple(problem for _, problem in twins), as_json(twins[0][0]))


def _taken(entity: EntityType, rows: Sequence[Row], inserted: set[Key]) -> Duplicate:
    key = str(entity.natural_key)
    typed = ((number, field_value(entity, key, row[key])) for number, row in enumerate(rows))
    taken = [(number, value) for number, value in typed if value not in inserted]
    found = tuple(Problem(number, key, f"a live {entity.name} has {value!r}") for number, value in taken)
    return Duplicate(entity.name, key, found, as_json(taken[0][1]))
