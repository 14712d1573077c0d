"""The limit: the same SQL by `pgbench`, which is C, and does nothing else."""

import asyncio
import re
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from benchmarks.bench import DRAIN_SECONDS, Bench
from worker.embedded.postgres import find_binaries

SCRIPTS: Final = {"limit.four": "four_statements.sql", "limit.one": "one_statement.sql"}
SCRIPTS_FOLDER: Final = Path(__file__).parents[1] / "limit"
CLIENTS: Final = 16
_RATE: Final = re.compile(r"^tps = ([\d.]+)", re.MULTILINE)


class PgbenchFailed(Exception):
    """pgbench printed no rate."""

    def __init__(self, said: str) -> None:
        """Build the message from what it said."""
        super().__init__(f"pgbench printed no rate: {said.strip()[-300:]}")


async def limit(bench: Bench) -> None:
    """Run both scripts, each on a fresh database."""
    for figure, name in SCRIPTS.items():
        async with bench.clean() as url:
            rate = await pgbench(url, SCRIPTS_FOLDER / name, max(1, int(DRAIN_SECONDS[bench.quick])))
        bench.figures.record(figure, rate)


async def pgbench(url: str, script: Path, seconds: int) -> float:
    """Return the transactions a second of a script; raises PgbenchFailed."""
    parts = urlsplit(url)
    options = ["--no-vacuum", "--protocol=prepared", f"--client={CLIENTS}", "--jobs=2", f"--time={seconds}"]
    place = [f"--host={parts.hostname}", f"--port={parts.port}", f"--username={parts.username}"]
    process = await asyncio.create_subprocess_exec(
        str(find_binaries() / "pgbench"),
        *options,
        *place,
        f"--file={script}",
        parts.path.lstrip("/"),
        env={"PGPASSWORD": parts.password or ""},
        stdout=PIPE,
        stderr=PIPE,
    )
    out, errors = await process.communicate()
    found = _RATE.search(out.decode())
    if found is None or process.returncode:
        raise PgbenchFailed((errors or out).decode())
    return float(found[1])
