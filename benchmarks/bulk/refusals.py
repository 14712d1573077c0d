"""Twenty refused rows among twenty thousand that are written, against the same file with none."""

from typing import Final

from benchmarks.bench import Bench
from benchmarks.bulk.files import key_of, spread, task_file
from benchmarks.bulk.state import held
from benchmarks.bulk.worker import BulkWorker, source_of
from domain.commands import BulkInsert, OnInvalid

ROWS: Final = (20_000, 2_000)
"""Rows of the file; the second is for a quick run."""
REFUSED: Final = 20


class WrongRefusals(Exception):
    """Not the rows were refused that should have been."""

    def __init__(self, expected: int, refused: int) -> None:
        """Build the message from both counts."""
        super().__init__(f"{refused} rows were refused; expected {expected}")


async def refusals(bench: Bench, worker: BulkWorker) -> None:
    """Load three times: a clean file, one whose rows the schema refuses, a clean one whose keys live rows have."""
    rows = ROWS[bench.quick]
    for name, strange, taken in (("none", 0, 0), ("schema", REFUSED, 0), ("key", 0, REFUSED)):
        path = task_file(worker.folder, rows, refused=strange)
        await held(worker.connection, [key_of(number) for number in sorted(spread(rows, taken))])
        ran = await worker.run(BulkInsert(entity="task", source=source_of(path), on_invalid=OnInvalid.SKIP))
        if (refused := ran.counts.get("refused", 0)) != strange + taken:
            raise WrongRefusals(strange + taken, refused)
        bench.figures.record(f"bulk.refused.{name}", ran.seconds)
