"""The shipped migrations on SQLite and MariaDB: up, compared with the entities, down, up."""

import asyncio
import os
import secrets
from pathlib import Path

from alembic import command
from sqlalchemy import Connection, inspect

from domain.entity import Entity
from persistence.database import open_database
from persistence.revisions import alembic_config
from tests.mariadb import MariaDB
from worker.environment import load_settings


def up_check_down_up(url: str) -> None:
    """Apply all migrations, compare, take them back, and apply them again."""
    settings = load_settings({"DATABASE_URL": url, "REDIS_URL": os.environ["REDIS_URL"]})
    config = alembic_config(settings)

    async def tables() -> set[str]:
        async with open_database(settings) as database, database.engine.connect() as connection:
            return await connection.run_sync(names)

    command.upgrade(config, "heads")
    command.check(config)
    assert asyncio.run(tables()) >= set(Entity.metadata.tables)
    command.downgrade(config, "base")
    assert asyncio.run(tables()) == set()
    command.upgrade(config, "heads")


def names(connection: Connection) -> set[str]:
    """Return the tables that are there, Alembic's own apart."""
    return set(inspect(connection).get_table_names()) - {"alembic_version"}


def test_on_sqlite(tmp_path: Path) -> None:
    """Alembic finds no difference to the entities, and every step can be taken back."""
    up_check_down_up(f"sqlite:///{tmp_path / 'app.db'}")


def test_on_mariadb(mariadb_server: MariaDB) -> None:
    """Also where the database's own collation would tell no case apart."""
    name = f"counterfoil_test_{secrets.token_hex(6)}"
    mariadb_server.run(f"CREATE DATABASE {name} COLLATE utf8mb4_general_ci")
    up_check_down_up(mariadb_server.url(name))
    ((made,),) = mariadb_server.run(
        f"SELECT table_collation FROM information_schema.tables WHERE table_schema = '{name}' AND table_name = 'task'"  # noqa: S608 - a test's name
    )
    assert made == "utf8mb4_nopad_bin"
    mariadb_server.drop(name)
