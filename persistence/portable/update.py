"""Changes of rows, each by its own change set."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Table, update

from domain.commands import Row
from domain.entities import EntityType
from domain.result import Result
from persistence.portable.json_values import differ, json_text, json_value
from persistence.portable.rows import pieces, read_images, typed
from persistence.portable.written import audited, moment, run
from persistence.transaction import Transaction


async def apply_changes(tx: Transaction, entity: EntityType, changes: Mapping[int, Row]) -> Result:
    """Apply a change set to each of the locked rows, by id; a change set that changes nothing is skipped."""
    await tx.session.flush()
    wanted: dict[str, tuple[dict[str, Any], list[int]]] = {}
    ids: list[int] = []
    for piece in pieces(sorted(changes)):
        held = await tx.session.run_sync(read_images, entity, piece)
        for row_id, image in held.items():
            new = typed(entity, changes[row_id])
            if any(differ(json_value(value), image[name]) for name, value in new.items()):
                wanted.setdefault(json_text(changes[row_id]), (new, []))[1].append(row_id)
                ids.append(row_id)
    by_id = {row_id: said for said, (_, group) in wanted.items() for row_id in group}
    at = (await moment(tx)).at

    async def write(some: Sequence[int]) -> int:
        groups: dict[str, list[int]] = defaultdict(list)
        for row_id in some:
            groups[by_id[row_id]].append(row_id)
        written = 0
        for said, group in groups.items():
            values = {**wanted[said][0], "updated_at": at}
            written += await run(tx, _change(entity.table, group, values))
        return written

    result = await audited(tx, entity, "update", sorted(ids), write)
    return result + Result(skipped=len(changes) - len(ids))


async def mark_rows(tx: Transaction, entity: EntityType, ids: Sequence[int], action: str) -> Result:
    """Set (`soft_delete`) or clear (`restore`) the deletion of locked rows, with their audit rows."""
    at = (await moment(tx)).at
    values = {"deleted_at": at if action == "soft_delete" else None, "updated_at": at}

    async def write(some: Sequence[int]) -> int:
        return await run(tx, _change(entity.table, some, values))

    return await audited(tx, entity, action, sorted(ids), write)


def _change(table: Table, ids: Sequence[int], values: Mapping[str, Any]) -> Any:  # noqa: ANN401 - an Update
    return update(table).where(table.c.id.in_(ids)).values({**values, "version": table.c.version + 1})
