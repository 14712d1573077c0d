"""Isolation and time-outs of transactions, as settings say them."""

from collections.abc import Mapping
from typing import Any, Literal

from sqlalchemy.ext.asyncio import async_sessionmaker

from persistence.dialects import Dialect

Isolation = Literal["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"]
"""How much a transaction sees of others, by the names of the SQL standard."""


def timeouts(*, statement: float | None, lock: float | None, idle_in_transaction: float | None) -> Mapping[str, str]:
    """Return PostgreSQL's settings for time-outs in seconds; None leaves the server's own."""
    asked = {
        "statement_timeout": statement,
        "lock_timeout": lock,
        "idle_in_transaction_session_timeout": idle_in_transaction,
    }
    # At least one millisecond: 0 would switch the time-out off.
    return {name: f"{max(seconds * 1000, 1):.0f}" for name, seconds in asked.items() if seconds is not None}


def isolated(sessions: async_sessionmaker[Any], isolation: Isolation | None) -> dict[str, Any]:
    """Return the factory's arguments for a session of another isolation; on SQLite all are serializable."""
    if isolation is None or sessions.kw["info"]["dialect"] == Dialect.SQLITE:
        return {}
    return {"bind": sessions.kw["bind"].execution_options(isolation_level=isolation)}
