"""PostgreSQL and Redis together."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from worker.embedded.postgres import embedded_postgres
from worker.embedded.redis import embedded_redis


@dataclass(frozen=True)
class ServerUrls:
    """Where the two servers of a block answer, passwords included."""

    database_url: str
    redis_url: str


@contextmanager
def embedded_servers(data: Path, *, durable: bool = True) -> Iterator[ServerUrls]:
    """Run PostgreSQL and Redis on the folder `data` for the time of the block; yield their URLs.

    The first start takes about 1 s, later ones 0.2 s. What the servers hold is kept in `data` between runs, unless
    `durable=False` trades that for speed. They listen on 127.0.0.1 alone, each on a free port, with random passwords.

    They end with the block. On Linux they end with the thread that entered it too, whatever ends that, SIGTERM and
    SIGKILL included: enter the block from a thread that lives as long as the servers shall, best the main thread.
    Elsewhere a SIGTERM must be turned into an exception by the caller.

    Raises MissingPart, DataInUse, DataUnreachable or StartFailed, each an EmbeddedServerError.
    """
    with embedded_redis(data, durable=durable) as redis_url, embedded_postgres(data, durable=durable) as database_url:
        yield ServerUrls(database_url, redis_url)
