"""Rows that each take values of their own: the update of bulk jobs, one statement for each row that changes."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, update

from domain.entities import EntityType
from domain.result import Result
from persistence.portable.json_values import differ, json_value
from persistence.portable.rows import pieces, read_images
from persistence.portable.written import audited, moment, run_many
from persistence.transaction import Transaction


async def change_rows(
    tx: Transaction, entity: EntityType, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> tuple[Result, set[int]]:
    """Give the columns of each locked row, `(id, value, value, ...)`, its values; returns the ids that changed too."""
    wanted: dict[int, dict[str, Any]] = {}
    for piece in pieces(rows):
        held = await tx.session.run_sync(read_images, entity, [row[0] for row in piece])
        for row_id, *values in piece:
            image = held[row_id]
            if any(differ(json_value(value), image[name]) for name, value in zip(columns, values, strict=True)):
                wanted[row_id] = dict(zip(columns, values, strict=True))
    at = (await moment(tx)).at
    table = entity.table
    assigned = {name: bindparam(f"new_{number}", type_=table.c[name].type) for number, name in enumerate(columns)}
    stamped = {**assigned, "updated_at": at, "version": table.c.version + 1}
    sentence = update(table).where(table.c.id == bindparam("changed_id")).values(stamped)

    async def write(some: Sequence[int]) -> int:
        given = [
            {"changed_id": row_id, **{f"new_{n}": wanted[row_id][name] for n, name in enumerate(columns)}}
            for row_id in some
        ]
        return await run_many(tx, sentence, given)

    result = await audited(tx, entity, "update", sorted(wanted), write)
    return result + Result(skipped=len(rows) - len(wanted)), set(wanted)
