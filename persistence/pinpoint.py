"""Which rows of a batch a table refuses, and why: every constraint asked about all rows at once, in a staging table."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import RowMapping, text
from sqlalchemy.exc import DataError, DBAPIError

from domain.batch import Batch
from domain.entities import EntityType
from persistence.copy_in import copy_text_in
from persistence.copy_text import text_rows
from persistence.statements import quoted, sentence
from persistence.transaction import Transaction
from persistence.unique_keys import UniqueKey

_NUMBER = "counterfoil_number"
_LIVE = "(deleted_at IS NULL)"
"""As the catalogue writes it."""


class Fault(NamedTuple):
    """What a constraint says against a row; `unique` is the key that is taken, of all rows or of the live ones."""

    column: str
    reason: str
    unique: UniqueKey | None = None


async def pinpoint(tx: Transaction, entity: EntityType, batch: Batch) -> dict[int, list[Fault]]:
    """Return the faults by the row's place in the batch; none where no constraint explains them, but say a trigger.

    None either where a trigger comes before the constraints: it may put right what they would refuse.
    """
    name = f"counterfoil_tried_{entity.table.name}"[:63]
    staged, table = quoted(name), quoted(entity.table.name)
    try:
        async with tx.session.begin_nested():
            # Not LIKE: it would bring the constraints along.
            await tx.session.execute(
                text(
                    f"CREATE TEMPORARY TABLE {staged} ON COMMIT DROP AS"  # noqa: S608 - a model's name
                    f" SELECT entity.*, 0 AS {_NUMBER} FROM {table} AS entity WITH NO DATA"
                )
            )
            columns = {_NUMBER: range(len(batch)), **batch.columns}
            await copy_text_in(tx.session, name, tuple(columns), iter(text_rows(columns)))
            rules = (await tx.session.execute(sentence("constraints_of"), {"table": table})).mappings().all()
            found = await _asked(tx, rules, staged, table, set(batch.columns))
            await tx.session.execute(text(f"DROP TABLE {staged}"))
    except DBAPIError as error:
        # A value that no column can hold, or a rule that cannot be asked in this way, such as one about the whole row.
        state = str(getattr(error.orig, "sqlstate", None) or "")
        if state.startswith(("22", "42", "P0")) or (not state and isinstance(error, DataError)):
            return {}
        raise
    return found


async def _asked(
    tx: Transaction, rules: Sequence[RowMapping], staged: str, table: str, given: set[str]
) -> dict[int, list[Fault]]:
    found: dict[int, list[Fault]] = {}
    if any(rule["kind"] == "before" for rule in rules):
        return found
    for rule in rules:
        if rule["columns"] is None or not given.issuperset(rule["columns"]):
            continue
        query, fault = _question(rule, staged, table)
        for number in (await tx.session.execute(text(query.replace(":", r"\:")))).scalars():
            found.setdefault(number, []).append(fault)
    return found


def _question(rule: RowMapping, staged: str, table: str) -> tuple[str, Fault]:
    """Return the query for the places of the rows that break a rule; its names and rules are the catalogue's own."""
    columns: list[str] = rule["columns"]
    named, first = ", ".join(map(quoted, columns)), ", ".join(columns)
    said = " AND ".join(f"{quoted(column)} IS NOT NULL" for column in columns)
    numbers = f"SELECT {_NUMBER} FROM {staged}"  # noqa: S608
    match rule["kind"]:
        case "check":
            fault = Fault(first, f"breaks the check constraint {rule['name']!r}: {rule['rule']}")
            return f"{numbers} WHERE NOT ({rule['rule']})", fault
        case "not-null":
            return f"{numbers} WHERE {named} IS NULL", Fault(first, "must not be null")
        case "foreign key":
            pairs = zip(rule["target_columns"], columns, strict=True)
            equal = " AND ".join(f"target.{quoted(theirs)} = staged.{quoted(ours)}" for theirs, ours in pairs)
            missing = f"NOT EXISTS (SELECT 1 FROM {rule['target']} AS target WHERE {equal})"  # noqa: S608
            fault = Fault(first, f"no {rule['target']} has this value")
            return f"{numbers} AS staged WHERE {said} AND {missing}", fault
        case _:
            where = f"({rule['rule'] or 'true'})"
            equal = " AND ".join(f"holder.{quoted(column)} = staged.{quoted(column)}" for column in columns)
            twins = (
                f"SELECT {_NUMBER} FROM (SELECT {_NUMBER}, row_number() OVER (PARTITION BY {named} ORDER BY {_NUMBER})"  # noqa: S608
                f" AS place FROM {staged} WHERE {said} AND {where}) AS twin WHERE place > 1"
            )
            holders = (
                f"SELECT staged.{_NUMBER} FROM (SELECT * FROM {staged} WHERE {where}) AS staged"  # noqa: S608
                f" JOIN (SELECT * FROM {table} WHERE {where}) AS holder ON {equal}"
            )
            # One among other rows is nobody's to skip or to update by: `unique_keys` knows none such.
            is_key = rule["rule"] in {None, _LIVE}
            key = UniqueKey(tuple(columns), live=rule["rule"] is not None) if is_key else None
            fault = Fault(first, "another row has this value, which must be unique", key)
            return f"{twins} UNION {holders}", fault
