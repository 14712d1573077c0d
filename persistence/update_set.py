"""Changes of a whole set of rows that another set tells: one statement, however many they are."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import RowMapping, Table

from domain.entities import EntityType
from persistence.statements import compared, quoted, statement
from persistence.transaction import Transaction

_IN_ONE_PIECE = 48
"""How many columns fit beside two of the house, each with its name: a function of PostgreSQL takes 100 arguments."""


async def write_set(  # noqa: PLR0913 - the parts of one sentence
    tx: Transaction,
    entity: EntityType,
    columns: Sequence[str],
    planned: str,
    parameters: Mapping[str, Any],
    *,
    further: str = "",
) -> RowMapping:
    """Change the locked rows of a set, with their audit rows, and return what `Transaction.write` does.

    `planned` is a query of the rows' id, version, updated_at, and for each of the columns what it holds and shall hold,
    as `paired` names them. The parameters are those of `planned`, and `action`, the word of the audit log. `further`
    adds columns to the answer. Raises AuditMismatch.
    """
    parts = _parts(entity.table, tuple(columns))
    sentence = statement("update_set", table=entity.table, planned=planned, further=further, **parts)
    return await tx.write(entity.name, sentence, parameters)


def paired(columns: Sequence[str], old: str, new: str) -> str:
    """Return the columns as `planned` holds them, `old."a" AS old_0, new."a" AS new_0`, of the rows `old` and `new`."""
    return ", ".join(
        f"{old}.{name} AS old_{number}, {new}.{name} AS new_{number}"
        for number, name in enumerate(map(quoted, columns))
    )


@lru_cache(maxsize=1024)
def _parts(table: Table, columns: tuple[str, ...]) -> dict[str, str]:
    names = list(enumerate(map(quoted, columns)))
    return {
        "assignments": ", ".join(f"{name} = planned.new_{number}" for number, name in names),
        "new_columns": ", ".join(compared(table, one, f"planned.new_{number}") for number, one in enumerate(columns)),
        "old_columns": ", ".join(compared(table, one, f"planned.old_{number}") for number, one in enumerate(columns)),
        "both_columns": ", ".join(f"planned.old_{number}, target.{name} AS new_{number}" for number, name in names),
        "old_image": _image(table, columns, "old"),
        "new_image": _image(table, columns, "new"),
    }


def _image(table: Table, columns: Sequence[str], which: str) -> str:
    """Return the JSON of what differs; in one piece where all does, for the pieces cost 0.1 s in 100,000 rows each."""
    house = f"'version', {which}_version, 'updated_at', {which}_updated_at"
    differ = [
        f"{compared(table, column, f'old_{n}')} IS DISTINCT FROM {compared(table, column, f'new_{n}')}"
        for n, column in enumerate(columns)
    ]
    values = list(zip(differ, (f"'{column}', {which}_{n}" for n, column in enumerate(columns)), strict=True))
    pieces = "".join(
        f" || CASE WHEN {differs} THEN jsonb_build_object({value}) ELSE jsonb_build_object() END"
        for differs, value in values
    )
    if len(columns) > _IN_ONE_PIECE:
        return f"jsonb_build_object({house}){pieces}"
    whole = ", ".join([house, *(value for _, value in values)])
    all_differ = " AND ".join(differs for differs, _ in values)
    return f"CASE WHEN {all_differ} THEN jsonb_build_object({whole}) ELSE jsonb_build_object({house}){pieces} END"
