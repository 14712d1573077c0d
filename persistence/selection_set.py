"""Sets of rows that are too many to go through Python: they stay in temporary tables of the transaction."""

from typing import Any, cast

from sqlalchemy import CursorResult, Select, TableClause, insert, text

from persistence.transaction import Transaction


async def make_set(tx: Transaction, name: str, like: str) -> None:
    """Create an empty set, in place of the one that an earlier command of the transaction made.

    `like` is a query whose columns it takes over, without its rows; made from names of models alone.
    """
    await tx.session.execute(text(f"DROP TABLE IF EXISTS pg_temp.{name}"))
    await tx.session.execute(text(f"CREATE TEMPORARY TABLE {name} ON COMMIT DROP AS {like} WITH NO DATA"))


async def fill_set(tx: Transaction, into: TableClause, rows: Select[Any]) -> int:
    """Add the rows that a query finds and locks to a set, and return their number."""
    sentence = insert(into).from_select(list(into.c.keys()), rows)
    return cast("CursorResult[Any]", await tx.session.execute(sentence)).rowcount


async def measure_set(tx: Transaction, name: str) -> None:
    """Have the planner know how large a set is by now, which takes 0.02 s for 100,000 rows."""
    await tx.session.execute(text(f"ANALYZE pg_temp.{name}"))
