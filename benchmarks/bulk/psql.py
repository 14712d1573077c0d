"""The limit of a bulk write: the bare SQL by `psql`, which is C, and does nothing else."""

import asyncio
from asyncio.subprocess import DEVNULL, PIPE
from contextlib import ExitStack
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from worker.embedded.postgres import find_binaries

SCRIPTS: Final = Path(__file__).parents[1] / "limit"
_CLOCK: Final = "SELECT extract(epoch FROM clock_timestamp())"


class PsqlFailed(Exception):
    """A script was not run to its end."""

    def __init__(self, script: str, said: str) -> None:
        """Build the message from what psql said."""
        super().__init__(f"psql did not finish {script}: {said.strip()[-300:]}")


async def psql(url: str, script: str, file: Path | None = None) -> float:
    r"""Return the seconds of a script of `benchmarks/limit`, from before its BEGIN to after its COMMIT.

    `file` is what its `\copy … FROM pstdin` reads. Raises PsqlFailed.
    """
    parts = urlsplit(url)
    options = ["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"]
    place = [f"--host={parts.hostname}", f"--port={parts.port}", f"--username={parts.username}"]
    with ExitStack() as stack:
        process = await asyncio.create_subprocess_exec(
            str(find_binaries() / "psql"),
            *options,
            *place,
            f"--command={_CLOCK}",
            f"--file={SCRIPTS / script}",
            f"--command={_CLOCK}",
            parts.path.lstrip("/"),
            env={"PGPASSWORD": parts.password or ""},
            stdin=DEVNULL if file is None else stack.enter_context(file.open("rb")),
            stdout=PIPE,
            stderr=PIPE,
        )
        out, errors = await process.communicate()
    if process.returncode:
        raise PsqlFailed(script, errors.decode())
    began, *_, ended = out.decode().split()
    return float(ended) - float(began)
