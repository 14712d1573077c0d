"""One change set for many rows, whose ids and values stay in the database."""

import json

from sqlalchemy import column, select, table

from domain.commands import Row
from domain.entities import EntityType
from domain.errors import StaleVersion
from domain.result import Result, counted
from persistence.attempted import Attempted
from persistence.integrity import explained
from persistence.selection import Asked, locked
from persistence.selection_set import fill_set, make_set, measure_set
from persistence.statements import listed, name_of
from persistence.transaction import Transaction
from persistence.update_set import paired, write_set

_SET = "counterfoil_changing"


async def update_many(
    tx: Transaction, entity: EntityType, asked: Asked, changes: Row, *, expected_version: int | None
) -> Result:
    """Apply a change set to all rows that are asked for; those that are already as wanted are counted as skipped.

    Raises NotFound, StaleVersion, Duplicate.
    """
    columns = tuple(sorted(changes))
    named = ("id", "version", "updated_at", *columns)
    source = entity.table.c
    rows = table(_SET, *(column(name) for name in named), schema="pg_temp")
    await make_set(tx, _SET, f"SELECT {listed(named)} FROM {name_of(entity.table)}")  # noqa: S608 - names of a model
    found = await fill_set(tx, rows, locked(entity, asked.conditions, *(source[name] for name in named)))
    if found < len(set(asked.values)):
        held = await tx.session.execute(select(source[asked.column]).join(rows, rows.c.id == source.id))
        asked.refuse_missing(entity, set(held.scalars()))
    if expected_version is not None:
        stale = select(rows.c.id, rows.c.version).where(rows.c.version != expected_version).order_by(rows.c.id).limit(1)
        for row_id, version in await tx.session.execute(stale):
            raise StaleVersion(entity.name, row_id, expected=expected_version, actual=version)
    await measure_set(tx, _SET)
    planned = (
        f"SELECT old.id, old.version, old.updated_at, {paired(columns, 'old', 'change')} "  # noqa: S608 - names of a model
        f"FROM pg_temp.{_SET} AS old CROSS JOIN "
        f"jsonb_populate_record((SELECT COALESCE(known.*) FROM {name_of(entity.table)} AS known WHERE false), "
        "CAST(:changes AS jsonb)) AS change"
    )
    with explained(tx.entities, lambda: Attempted({entity.name: [changes]})):
        written = await write_set(tx, entity, columns, planned, {"action": "update", "changes": json.dumps(changes)})
    skipped = Result(skipped=found - written["written"])
    return counted("updated", entity.name, written["written"], written["ids"]) + skipped
