"""The databases that tests run on: PostgreSQL always, SQLite and MariaDB for tests marked `on_every_engine`.

`DATABASES=sqlite,mariadb` leaves the marked tests alone, on these.
"""

import asyncio
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from alembic import command

from persistence.engine import database_url
from persistence.revisions import alembic_config
from persistence.scratch import create_database, drop_database
from tests.copies import Copy
from tests.mariadb import MariaDB, mariadb
from worker.environment import load_settings

KINDS = ("postgresql", "sqlite", "mariadb")
CHOSEN = tuple(os.environ.get("DATABASES", ",".join(KINDS)).split(","))


def pytest_configure(config: pytest.Config) -> None:
    """Declare the mark."""
    assert set(CHOSEN) <= set(KINDS), f"DATABASES={','.join(CHOSEN)}; expected some of {', '.join(KINDS)}"
    line = "on_every_engine(without, reason): runs on PostgreSQL, SQLite and MariaDB, apart from those of `without`"
    config.addinivalue_line("markers", line)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Have a marked test run on each of the chosen databases."""
    mark = metafunc.definition.get_closest_marker("on_every_engine")
    if mark is not None and "template" in metafunc.fixturenames:
        chosen = [kind for kind in CHOSEN if kind not in mark.kwargs.get("without", ())]
        metafunc.parametrize("template", chosen, indirect=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without PostgreSQL among the chosen, leave the marked tests alone."""
    if "postgresql" in CHOSEN:
        return
    concerned = [item for item in items if item.get_closest_marker("on_every_engine")]
    config.hook.pytest_deselected(items=[item for item in items if item not in concerned])
    items[:] = concerned


@pytest.fixture
def template(request: pytest.FixtureRequest) -> Copy:
    """Return what copies a migrated database, of PostgreSQL where the test is not marked for others."""
    found: Copy = request.getfixturevalue(f"{getattr(request, 'param', 'postgresql')}_template")
    return found


def migrate(url: str) -> None:
    """Bring a database to the newest revision."""
    settings = load_settings({**os.environ, "DATABASE_URL": url})
    command.upgrade(alembic_config(settings), "heads")


@pytest.fixture(scope="session")
def postgresql_template() -> Iterator[Copy]:
    """Return what copies a database by PostgreSQL's own templates."""
    server, name = database_url(os.environ["DATABASE_URL"]), f"counterfoil_test_{secrets.token_hex(6)}"
    migrate(asyncio.run(create_database(server, name)).render_as_string(hide_password=False))

    @asynccontextmanager
    async def copy() -> AsyncIterator[str]:
        own = f"{name}_{secrets.token_hex(4)}"
        yield (await create_database(server, own, template=name)).render_as_string(hide_password=False)
        await drop_database(server, own)

    yield copy
    asyncio.run(drop_database(server, name))


@pytest.fixture(scope="session")
def sqlite_template() -> Iterator[Copy]:
    """Return what copies a file."""
    with TemporaryDirectory(prefix="counterfoil-sqlite-") as folder:
        original = Path(folder) / "template.db"
        migrate(f"sqlite:///{original}")

        @asynccontextmanager
        async def copy() -> AsyncIterator[str]:
            own = original.with_name(f"{secrets.token_hex(4)}.db")
            shutil.copyfile(original, own)
            yield f"sqlite:///{own}"
            for file in own.parent.glob(f"{own.name}*"):
                file.unlink()

        yield copy


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[MariaDB]:
    """Return a server that this process of the run has for itself."""
    with TemporaryDirectory(prefix="counterfoil-mariadb-") as folder, mariadb(Path(folder)) as server:
        yield server


@pytest.fixture(scope="session")
def mariadb_template(mariadb_server: MariaDB) -> Copy:
    """Return what makes a database from the statements that describe a migrated one."""
    name = f"counterfoil_test_{secrets.token_hex(6)}"
    mariadb_server.create(name)
    migrate(mariadb_server.url(name))
    schema = mariadb_server.described(name)

    @asynccontextmanager
    async def copy() -> AsyncIterator[str]:
        own = f"{name}_{secrets.token_hex(4)}"
        await asyncio.to_thread(mariadb_server.create, own, schema)
        yield mariadb_server.url(own)
        await asyncio.to_thread(mariadb_server.drop, own)

    return copy
