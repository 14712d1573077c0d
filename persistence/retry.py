"""Run a transaction again that met another one, from its beginning: what it has read then is new."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from itertools import count
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

from domain.errors import ChangedMeanwhile, Locked
from domain.job import RetryPolicy

Value = TypeVar("Value")

SOON = RetryPolicy(max_attempts=3, base=0.02, cap=1.0)
"""Attempts and pauses where somebody waits for the answer: the other transaction is over in milliseconds."""

# Serialization failure, deadlock, lock not available: PostgreSQL manual, appendix A.
_SQLSTATES = {"40001", "40P01", "55P03"}
# MySQL's errors for a wait that was too long, and for a deadlock.
_ERRNOS = {1205, 1213}
_BUSY = "SQLITE_BUSY"


async def retried(
    function: Callable[[], Awaitable[Value]],
    attempts: int | None = None,
    *,
    policy: RetryPolicy = SOON,
    dice: Callable[[], float] = random.random,
) -> Value:
    """Run a function that opens its own transaction, up to `attempts` times where it met another one; return its value.

    Between them it pauses by the policy: exponential, with full jitter. Raises the last error, and any other at once:
    after a lost connection nobody knows whether the commit took effect. What the function does beside its transaction
    happens once for each attempt.
    """
    most = policy.max_attempts if attempts is None else attempts
    for attempt in count(1):
        try:
            return await function()
        except Exception as error:
            if attempt >= most or not met_another(error):
                raise
        await asyncio.sleep(policy.delay(attempt, dice))
    raise AssertionError("it counts for ever")


def met_another(error: BaseException) -> bool:
    """Tell whether the error says that two transactions met, and that this one was rolled back for it."""
    if isinstance(error, ChangedMeanwhile | Locked):
        return True
    if not isinstance(error, DBAPIError):
        return False
    known = error.orig
    if (state := getattr(known, "sqlstate", None)) is not None:
        return str(state) in _SQLSTATES
    if (name := getattr(known, "sqlite_errorname", None)) is not None:
        return str(name).startswith(_BUSY)
    return bool(known is not None and known.args and known.args[0] in _ERRNOS)
