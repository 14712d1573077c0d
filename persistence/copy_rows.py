"""Rows inserted by COPY under reserved ids, and audited by one statement."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select, text

from domain.batch import Batch
from domain.entities import EntityType
from persistence.copy_in import copy_text_in
from persistence.copy_text import cells
from persistence.selection_conditions import among
from persistence.statements import quoted, statement
from persistence.transaction import Transaction

# One call for the block: a round trip for each id would cost more than the row. The sequence is looked up once, for
# which OFFSET 0 keeps the planner from doing it for every id.
_RESERVE = text(
    "SELECT array_agg(nextval(known.sequence)) FROM ("
    "SELECT CAST(pg_get_serial_sequence(CAST(:table AS text), 'id') AS regclass) AS sequence OFFSET 0"
    ") AS known, generate_series(1, CAST(:rows AS bigint))"
)

MOST_RESERVED = 20_000
"""Ids that are reserved in one round trip at most; a load leaves no more than that unused."""


@dataclass
class NewIds:
    """New ids of an entity, rising, often without a gap: COPY returns none of those that it would give.

    Each block is larger than the last, so that a small load leaves few unused.
    """

    tx: Transaction
    entity: EntityType
    _left: list[int] = field(default_factory=list)
    _block: int = 0

    async def take(self, rows: int) -> list[int]:
        """Return so many ids."""
        if len(self._left) < rows:
            wanted = max(rows - len(self._left), self._block)
            parameters = {"table": quoted(self.entity.table.name), "rows": wanted}
            self._left += (await self.tx.session.execute(_RESERVE, parameters)).scalar_one()
            self._block = min(2 * wanted, MOST_RESERVED)
        taken, self._left = self._left[:rows], self._left[rows:]
        return taken


async def copy_rows(tx: Transaction, entity: EntityType, ids: Sequence[int], batch: Batch) -> Sequence[int]:
    """Insert rows under reserved ids, with their audit rows; the batch's columns hold what the driver takes.

    Returns the ids of those that are in the table now: a trigger may keep a row out without an error.

    Raises DBAPIError where the table refuses one of the rows, AuditMismatch unless each row got its audit row.
    """
    late = {name: values for name, values in batch.columns.items() if name not in batch.ready}
    parts: list[Sequence[str]] = [cells(ids), *map(cells, late.values())]
    rows = map("\t".join, zip(*parts, *([batch.written] if batch.ready else []), strict=True))
    copied = await copy_text_in(tx.session, entity.table.name, ("id", *late, *batch.ready), rows)
    is_block = ids[-1] - ids[0] + 1 == len(ids)
    which = "BETWEEN :lowest AND :highest" if is_block else "= ANY (CAST(:row_ids AS bigint []))"
    bounds: dict[str, Any] = {"lowest": ids[0], "highest": ids[-1]} if is_block else {"row_ids": list(ids)}
    sentence = statement("copy_rows", table=entity.table, among=which)
    await tx.write_audit(entity.name, sentence, bounds, written=copied)
    return ids if copied == len(ids) else await _those_there(tx, entity, ids)


async def _those_there(tx: Transaction, entity: EntityType, ids: Sequence[int]) -> Sequence[int]:
    column = entity.table.c.id
    return (await tx.session.execute(select(column).where(among(column, ids)).order_by(column))).scalars().all()
