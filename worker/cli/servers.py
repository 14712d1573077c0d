"""The servers of the development commands: those that the environment names, embedded ones in place of the others."""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

from worker.cli.run import fail
from worker.embedded import EmbeddedServerError, embedded_postgres, embedded_redis

DATA = Path(".counterfoil")
"""Where embedded servers keep their data, in the folder from which the command is run."""


@contextmanager
def development_servers(data: Path) -> Iterator[dict[str, str]]:
    """Yield DATABASE_URL and REDIS_URL; servers that the environment does not name run for the time of the block.

    SIGTERM ends the block like Ctrl-C.
    """
    signal.signal(signal.SIGTERM, _interrupt)
    with ExitStack() as stack:
        try:
            redis_url = os.environ.get("REDIS_URL") or stack.enter_context(embedded_redis(data))
            database_url = os.environ.get("DATABASE_URL") or stack.enter_context(embedded_postgres(data))
        except EmbeddedServerError as error:
            fail(str(error))
        yield {"DATABASE_URL": database_url, "REDIS_URL": redis_url}


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
