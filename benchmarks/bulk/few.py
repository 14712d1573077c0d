"""Rows in a job's arguments, by one statement and by COPY: from where on the second is quicker."""

import sys
from statistics import median
from typing import Final

from benchmarks.bench import Bench
from benchmarks.bulk.files import inline_rows
from benchmarks.bulk.state import emptied
from benchmarks.bulk.worker import bulk_worker
from domain.commands import BulkInsert

SIZES: Final = ((1, 10, 100, 1_000, 3_000, 10_000), (1, 100))
"""Rows in the arguments; the second is for a quick run."""
TURNS: Final = 5
"""Jobs of each size and way in one repetition, whose median counts."""
COMMAND: Final = (sys.executable, "-m", "benchmarks.ours.one_statement")


async def few(bench: Bench, url: str) -> None:
    """Let both ways have their turns at each size, and record milliseconds."""
    async with bulk_worker(bench, url, COMMAND) as worker:
        for rows in SIZES[bench.quick]:
            await emptied(worker.connection)
            taken: dict[str, list[float]] = {"statement": [], "copy": []}
            for turn in range(TURNS):
                for number, way in enumerate(taken):
                    given = inline_rows((2 * turn + number) * rows, rows)
                    asked = None if way == "statement" else ("key",)
                    ran = await worker.run(BulkInsert(entity="task", rows=given, conflict_on=asked))
                    taken[way].append(1000 * ran.seconds)
            for way, values in taken.items():
                bench.figures.record(f"bulk.few.{rows}.{way}", median(values))
