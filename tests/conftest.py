"""What all tests share: real servers, a database of its own for every test, a Redis database for every process."""

import os
import secrets
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from arq.connections import ArqRedis
from redis import Redis

from domain.entities import Entities
from persistence.database import Database, open_database
from persistence.sessions import Sessions
from tests.copies import Copy
from tests.redis_faults import CLAIM
from worker.composition import open_redis
from worker.embedded import embedded_postgres, embedded_redis
from worker.environment import load_settings
from worker.settings import Settings

pytest_plugins = ["tests.engines", "tests.databases"]

SERVERS = pytest.StashKey[ExitStack]()


def pytest_configure(config: pytest.Config) -> None:
    """Start the servers that the environment does not name, once for all processes of the run."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # A run in the background of a shell ignores Ctrl-C, and its children would inherit that: some tests send it.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(config, "workerinput"):
        return
    stack = config.stash[SERVERS] = ExitStack()
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="counterfoil-tests-")))
    if "DATABASE_URL" not in os.environ:
        os.environ["DATABASE_URL"] = stack.enter_context(embedded_postgres(folder / "servers", durable=False))
    if "REDIS_URL" not in os.environ:
        os.environ["REDIS_URL"] = stack.enter_context(embedded_redis(folder / "servers", durable=False))
    for name in [name for name in os.environ if name.startswith("COUNTERFOIL_")]:
        del os.environ[name]


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the servers."""
    if SERVERS in config.stash:
        config.stash[SERVERS].close()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real data beside the checkout; skip where there is none."""
    folder = Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}")
    return folder


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """Return the URL of a Redis database that this process of the run has for itself."""
    base = urlsplit(os.environ["REDIS_URL"])
    for number in range(1, 16):
        url = base._replace(path=f"/{number}").geturl()
        with Redis.from_url(url) as redis:
            if redis.set(CLAIM, os.getpid(), nx=True, ex=3600) and redis.dbsize() == 1:
                yield url
                redis.flushdb()
                return
    pytest.fail("all of the 15 Redis databases are in use; give the tests a Redis of their own in REDIS_URL")


@pytest.fixture
async def settings(template: Copy, redis_url: str) -> AsyncIterator[Settings]:
    """Return settings for a new, migrated database and a queue of the test's own; its keys in Redis are removed."""
    async with template() as url:
        yield load_settings(
            {"DATABASE_URL": url, "REDIS_URL": redis_url, "COUNTERFOIL_QUEUE": f"queue-{secrets.token_hex(4)}"}
        )
    with Redis.from_url(redis_url) as redis:
        if keys := [key for key in redis.scan_iter("*") if key != CLAIM.encode()]:
            redis.delete(*keys)


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    """Return the test's database, open."""
    async with open_database(settings) as database:
        yield database


@pytest.fixture
def sessions(database: Database) -> Sessions:
    """Return the factory of write sessions on the test's database."""
    return database.sessions


@pytest.fixture
def entities(database: Database) -> Entities:
    """Return the shipped entities."""
    return database.entities


@pytest.fixture
async def redis(settings: Settings) -> AsyncIterator[ArqRedis]:
    """Return Redis with JSON on the wire."""
    async with open_redis(settings) as redis:
        yield redis
