"""The database's URL as everybody spells it."""

import pytest
from sqlalchemy import make_url

from domain.errors import Unreachable
from persistence.engine import create_engine, database_url, reach, shown


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+asyncpg"])
def test_every_spelling_becomes_asyncpg(scheme: str) -> None:
    """Platforms hand out all of them."""
    url = database_url(f"{scheme}://ann:s%40cret@db.example:6432/app?sslmode=require&channel_binding=require")
    assert url.drivername == "postgresql+asyncpg"
    assert (url.username, url.password, url.host, url.port, url.database) == (
        "ann",
        "s@cret",
        "db.example",
        6432,
        "app",
    )
    assert dict(url.query) == {"ssl": "require"}


@pytest.mark.parametrize(
    "wrong", ["", "app", "oracle://ann:secret@h/db", "postgresql+psycopg://ann:secret@h/db", "://secret"]
)
def test_what_is_no_url_of_a_known_database_is_refused_without_the_password(wrong: str) -> None:
    """The sentence shows what was expected."""
    with pytest.raises(ValueError, match="expected postgresql://user:password@host:5432/name") as refused:
        database_url(wrong)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("given", "driver", "query"),
    [
        ("mysql://ann:s@h:3306/db?charset=utf8&ssl-mode=REQUIRED", "mysql+aiomysql", {"ssl_mode": "REQUIRED"}),
        ("mariadb://ann:s@h/db", "mysql+aiomysql", {}),
        ("sqlite:///app.db", "sqlite+aiosqlite", {}),
        ("sqlite+aiosqlite:////var/app.db", "sqlite+aiosqlite", {}),
    ],
)
def test_the_other_databases_get_their_drivers(given: str, driver: str, query: dict[str, str]) -> None:
    """MariaDB is reached as MySQL is."""
    url = database_url(given)
    assert (url.drivername, dict(url.query)) == (driver, query)


@pytest.mark.parametrize("nowhere", ["sqlite://", "sqlite:///:memory:"])
def test_a_database_in_memory_is_refused(nowhere: str) -> None:
    """Each connection of the pool would have another one."""
    with pytest.raises(ValueError, match="a database in memory is one connection's alone; name a file"):
        database_url(nowhere)


def test_a_parameter_that_the_driver_does_not_know_is_refused_by_name() -> None:
    """Asyncpg would end in a TypeError at the first connection."""
    with pytest.raises(ValueError, match="unknown parameter 'options' in the URL; understood: channel_binding, host"):
        database_url("postgresql://ann:secret@h/db?options=-csearch_path")


def test_a_url_is_shown_without_its_password() -> None:
    """In every message, wherever the password stands."""
    assert shown(make_url("postgresql://h/db?user=ann&password=secret")) == "postgresql://h/db"
    assert shown(make_url("postgresql://ann:secret@h/db")) == "postgresql://ann:***@h/db"


async def test_a_server_that_does_not_answer_is_named_without_the_password() -> None:
    """Nobody listens on port 1: the error names server, URL, reason and setting."""
    engine = create_engine(database_url("postgresql://ann:secret@127.0.0.1:1/db"), pool_size=1, max_overflow=0)
    with pytest.raises(
        Unreachable, match=r"PostgreSQL at .*ann:\*\*\*@127\.0\.0\.1:1/db does not answer \(.*Connect call failed"
    ) as refused:
        await reach(engine)
    await engine.dispose()
    assert "secret" not in str(refused.value)
    assert "correct DATABASE_URL" in str(refused.value)


@pytest.mark.parametrize(
    ("url", "server"),
    [("mysql://ann:secret@127.0.0.1:1/db", "MySQL"), ("sqlite:////nowhere/at/all/app.db", "SQLite")],
)
async def test_the_other_databases_are_named_where_they_do_not_answer(url: str, server: str) -> None:
    """As PostgreSQL is, without the password."""
    engine = create_engine(database_url(url), pool_size=1, max_overflow=0)
    with pytest.raises(Unreachable, match=f"{server} at .* does not answer") as refused:
        await reach(engine)
    await engine.dispose()
    assert "secret" not in str(refused.value)
