"""One layer in a process of its own: `python -m benchmarks.layers.child LAYER BEGIN`, with DATABASE_URL.

It says `ready` with the names of its work, does a turn of whatever name it hears, and says how many milliseconds one
piece took, until its input ends.
"""

import asyncio
import os
import sys
from importlib import import_module
from time import perf_counter

from benchmarks.layers.work import EXPECTED, TIMES, Operation, WrongWork
from benchmarks.lines import say


async def turn(name: str, work: Operation, begin: int) -> float:
    """Do one turn, and return the milliseconds of one piece of it; raises WrongWork."""
    times = TIMES[name]
    began = perf_counter()
    for number in range(begin, begin + times):
        if (found := await work(number)) != EXPECTED[name]:
            raise WrongWork(name, found)
    return 1000 * (perf_counter() - began) / times


async def play(name: str, begin: int) -> None:
    """Be the layer of this name."""
    async with import_module(f"benchmarks.layers.{name}").layer(os.environ["DATABASE_URL"], begin) as work:
        say("ready", work=list(work))
        number = 0
        while word := (await asyncio.to_thread(sys.stdin.readline)).strip():
            say("turn", milliseconds=await turn(word, work[word], number))
            number += TIMES[word]


if __name__ == "__main__":
    asyncio.run(play(sys.argv[1], int(sys.argv[2])))
