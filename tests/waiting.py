"""Waiting for a condition that has a name, instead of for a length of time."""

import asyncio
import time
from collections.abc import Awaitable, Callable

DEADLINE = 60.0
"""Seconds after which what should have happened is held not to happen; a busy machine is slow, not wrong."""


def wait_until(condition: Callable[[], bool], what: str, *, seconds: float = DEADLINE) -> None:
    """Return as soon as `condition` holds; fail, naming `what`, when it does not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain until {what}"
        time.sleep(0.01)


async def eventually(condition: Callable[[], Awaitable[bool]], what: str, *, seconds: float = DEADLINE) -> None:
    """Return as soon as the coroutine `condition` says so; fail as `wait_until` does."""
    deadline = time.monotonic() + seconds
    while not await condition():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain until {what}"
        await asyncio.sleep(0.01)
