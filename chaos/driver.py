"""The driver: when which fault is made, from a seed."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from time import monotonic, time
from typing import Final

from chaos.faults import FAULTS, World

PAUSE_SECONDS: Final = (2.0, 3.0)
"""From the beginning of one fault to the beginning of the next, at least and at most."""
LEAST_SECONDS: Final = 0.5
"""From the end of one fault, where it took long, to the next."""


@dataclass(frozen=True)
class Struck:
    """A fault that was made, and when (seconds since the epoch)."""

    name: str
    at: float


async def drive(world: World, seconds: float) -> list[Struck]:
    """Make faults for so many seconds, and return them; a worker that is paused then goes on."""
    made: list[Struck] = []
    names = _drawn(world.dice)
    due = monotonic()
    until = due + seconds
    while (due := due + world.dice.uniform(*PAUSE_SECONDS)) < until:
        await asyncio.sleep(max(LEAST_SECONDS, due - monotonic()))
        made.append(await _strike(world, names))
    for pause in world.pauses:
        pause.cancel()
    await asyncio.gather(*world.pauses, return_exceptions=True)
    return made


async def _strike(world: World, names: Iterator[str]) -> Struck:
    for name in names:
        at = time()
        if await FAULTS[name][0](world):
            return Struck(name, at)
    raise AssertionError("the bag is endless")


def _drawn(dice: Random) -> Iterator[str]:
    """Yield names for ever, from a bag that is shuffled and emptied: each kind has its turn in every round."""
    bag = [name for name, (_, times) in FAULTS.items() for _ in range(times)]
    while True:
        dice.shuffle(bag)
        yield from list(bag)
