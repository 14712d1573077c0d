"""Single jobs to an idle worker, at random moments; the same for every client.

Used by interpreters of several environments, so it needs nothing but the standard library.
"""

import asyncio
from collections.abc import Awaitable, Callable
from random import Random
from time import time

from benchmarks.lines import say

PAUSE_SECONDS = (0.02, 0.08)
"""Between two jobs, at least and at most: no beat that a worker's polling could fall in with."""


async def send(enqueue: Callable[[int], Awaitable[object]], numbers: range) -> None:
    """Enqueue jobs one by one, and say when each enqueue began (seconds since the epoch)."""
    dice = Random(len(numbers))
    begins: dict[int, float] = {}
    for number in numbers:
        await asyncio.sleep(dice.uniform(*PAUSE_SECONDS))
        begins[number] = time()
        await enqueue(number)
    say("sent", begins=begins)
