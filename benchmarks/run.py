"""One run: servers, a template, and the parts in turns, round by round."""

import tempfile
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Final

from benchmarks.bench import Bench
from benchmarks.databases import seed
from benchmarks.figures import Figures
from benchmarks.machine import described, prefer_new_redis
from benchmarks.parts.bulk import bulk
from benchmarks.parts.cost import cost
from benchmarks.parts.engine import engine
from benchmarks.parts.growth import growth
from benchmarks.parts.layers import layers
from benchmarks.parts.limit import limit
from benchmarks.parts.memory import memory
from benchmarks.parts.recovery import recovery
from benchmarks.parts.scaling import scaling
from worker.embedded import embedded_servers

Part = Callable[[Bench], Awaitable[None]]

PARTS: Final[Mapping[str, Part]] = {
    "engine": engine,
    "limit": limit,
    "scaling": scaling,
    "growth": growth,
    "recovery": recovery,
    "memory": memory,
    "bulk": bulk,
    "layers": layers,
    "cost": cost,
}
"""The parts by name; each call is one repetition."""

MOST: Final[Mapping[str, int]] = {"cost": 1, "memory": 3}
"""Repetitions of parts that need fewer: one counts, and the other takes a minute for what hardly varies."""


@dataclass(frozen=True)
class Story:
    """What a run has come to."""

    began: datetime
    seconds: float
    machine: Mapping[str, str]
    parts: frozenset[str]
    repetitions: int
    quick: bool
    figures: Figures


async def run(
    parts: frozenset[str], repetitions: int, *, quick: bool, say: Callable[[str], None], sizes: tuple[int, ...] = ()
) -> Story:
    """Measure in a temporary folder, on servers of the run's own; nothing that it started is left.

    `sizes` are rows of the files that are loaded, where they are not the usual ones.
    """
    began, clock = datetime.now(UTC), monotonic()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="counterfoil-bench-")))
        prefer_new_redis()
        servers = stack.enter_context(embedded_servers(folder / "servers"))
        await seed(servers.database_url, servers.redis_url)
        bench = Bench(servers.database_url, servers.redis_url, folder, quick, sizes)
        machine = await described(servers.database_url, servers.redis_url)
        async with bench.kept:
            for repetition in range(1, repetitions + 1):
                for name in (name for name in PARTS if name in parts and repetition <= MOST.get(name, repetition)):
                    say(f"{monotonic() - clock:4.0f} s  repetition {repetition} of {repetitions}: {name}")
                    await _round(bench, name)
    return Story(began, monotonic() - clock, machine, parts, repetitions, quick, bench.figures)


async def _round(bench: Bench, name: str) -> None:
    try:
        await PARTS[name](bench)
    except Exception as error:  # noqa: BLE001 - one part's failure is reported, and costs no other its figures
        bench.figures.fail(name, error)
