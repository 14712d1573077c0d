"""Empty databases for migrations, which run in an event loop of their own."""

import asyncio
import os
import secrets
from collections.abc import Iterator

import pytest

from persistence.engine import database_url
from persistence.scratch import create_database, drop_database
from worker.environment import load_settings
from worker.settings import Settings


def make_settings() -> Iterator[Settings]:
    """Yield settings for a new database without tables."""
    server = database_url(os.environ["DATABASE_URL"])
    url = asyncio.run(create_database(server, f"counterfoil_test_{secrets.token_hex(8)}"))
    yield load_settings(
        {"DATABASE_URL": url.render_as_string(hide_password=False), "REDIS_URL": os.environ["REDIS_URL"]}
    )
    asyncio.run(drop_database(server, str(url.database)))


@pytest.fixture
def empty() -> Iterator[Settings]:
    """Return settings for an empty database."""
    yield from make_settings()


@pytest.fixture
def second() -> Iterator[Settings]:
    """Return settings for another empty database."""
    yield from make_settings()
