"""Files of ten thousand to five million rows, loaded with audit: Counterfoil, the limit, and three ways by hand."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from benchmarks.bench import Bench
from benchmarks.bulk.files import task_file
from benchmarks.bulk.psql import psql
from benchmarks.bulk.state import emptied, require_loaded
from benchmarks.bulk.worker import bulk_worker, peak, source_of
from benchmarks.child import running
from benchmarks.databases import connected
from domain.commands import BulkInsert

SIZES: Final = ((10_000, 100_000, 1_000_000, 5_000_000), (1_000, 10_000))
"""Rows of the files; the second is for a quick run."""
TURNS: Final[Mapping[int, int]] = {1_000_000: 3, 5_000_000: 1}
"""Repetitions of files that take long; the others are loaded in every repetition."""
BY_HAND: Final[Mapping[str, int]] = {"core": 1_000_000, "orm": 100_000, "by_row": 10_000}
"""The ways by hand, and up to how many rows each is waited for."""
PATIENCE_SECONDS: Final = 1_800.0


async def loads(bench: Bench, url: str) -> None:
    """Load every file that still has a turn, in everybody's way; who fails is named."""
    for rows in bench.sizes or SIZES[bench.quick]:
        if len(bench.figures.values.get(f"bulk.{rows}.ours", ())) >= TURNS.get(rows, sys.maxsize):
            continue
        for way in ("ours", "psql", *(way for way, most in BY_HAND.items() if rows <= most)):
            try:
                await _load(bench, url, rows, way)
            except Exception as error:  # noqa: BLE001 - who cannot is named, and the others are measured
                bench.figures.fail(f"bulk.{rows}.{way}", error)


async def _load(bench: Bench, url: str, rows: int, way: str) -> None:
    path = task_file(bench.logs / "files", rows)
    async with connected(url) as connection:
        if way == "ours":
            seconds, memory = await _ours(bench, url, path)
        elif way == "psql":
            await emptied(connection)
            seconds, memory = await psql(url, "bulk_insert.sql", path), None
        else:
            seconds, memory = await _by_hand(bench, url, connection, way, path)
        await require_loaded(connection, way, rows)
    bench.figures.record(f"bulk.{rows}.{way}", rows / seconds)
    if memory is not None:
        bench.figures.record(f"bulk.memory.{rows}.{way}", memory)


async def _ours(bench: Bench, url: str, path: Path) -> tuple[float, float]:
    async with bulk_worker(bench, url) as worker:
        ran = await worker.run(BulkInsert(entity="task", source=source_of(path)))
        return ran.seconds, worker.peak()


async def _by_hand(
    bench: Bench,
    url: str,
    connection: Any,  # noqa: ANN401 - asyncpg has no types
    way: str,
    path: Path,
) -> tuple[float, float]:
    command = [sys.executable, "-m", "benchmarks.bulk.by_hand", way, str(path)]
    given = {"DATABASE_URL": url, "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    async with running(f"bulk {way}", command, given, bench.logs) as child:
        await child.expect("ready")
        await emptied(connection)
        await child.tell("start")
        loaded = await child.expect("loaded", within=PATIENCE_SECONDS)
        return loaded["seconds"], peak(child.pid)
