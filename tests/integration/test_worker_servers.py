"""Servers that do not answer, or are not as they must be, are one line that names them and says what to do."""

import secrets
from collections.abc import AsyncIterator

import pytest
from arq.connections import ArqRedis
from arq.constants import retry_key_prefix
from sqlalchemy import URL

from persistence.database import open_database
from persistence.engine import database_url
from persistence.scratch import create_database, drop_database
from tests.processes import command, environment, run_command
from tests.waiting import eventually
from tests.workers import answered, retitle, running_worker
from tests.worlds import plant
from worker.client import send
from worker.composition import open_redis
from worker.environment import load_settings
from worker.settings import Settings

NOBODY = "127.0.0.1:1"
"""A port on which nothing listens: it is reserved, and below those that an ordinary user can open."""


@pytest.mark.parametrize(
    ("setting", "url", "line"),
    [
        (
            "DATABASE_URL",
            f"postgresql://me:topsecret@{NOBODY}/app",
            f"PostgreSQL at postgresql://me:***@{NOBODY}/app does not answer",
        ),
        ("REDIS_URL", f"redis://:topsecret@{NOBODY}/0", f"Redis at redis://:***@{NOBODY}/0 does not answer"),
    ],
)
def test_a_worker_whose_server_does_not_answer_says_which(
    settings: Settings, setting: str, url: str, line: str
) -> None:
    """One line, without the password, that names the setting to correct; exit code 2."""
    ended = run_command(environment(settings, **{setting: url}), "worker")
    assert (ended.code, ended.out) == (2, "")
    assert ended.line.startswith(f"counterfoil: {line} (")
    assert ended.line.endswith(f"; start it, or correct {setting}")
    assert "topsecret" not in ended.line


async def test_a_server_that_refuses_says_why(settings: Settings) -> None:
    """A database that is not there, and a password that is wrong, are told in the server's own words."""
    database = database_url(settings.database_url.get_secret_value()).set(database="nowhere")
    ended = await command(settings, "audit", "task", "1", DATABASE_URL=database.render_as_string(hide_password=False))
    assert (ended.code, ended.out) == (2, "")
    assert 'database "nowhere" does not exist' in ended.line
    host = settings.redis_url.get_secret_value().rpartition("@")[2].removeprefix("redis://")
    ended = await command(settings, "worker", REDIS_URL=f"redis://:wrong@{host}")
    assert (ended.code, ended.out) == (2, "")
    assert f"Redis at redis://:***@{host} does not answer (" in ended.line


async def test_a_redis_password_may_hold_any_character(settings: Settings, redis: ArqRedis) -> None:
    """It is escaped in the URL, as everybody does, and meant unescaped."""
    name = f"user-{secrets.token_hex(4)}"
    await redis.acl_setuser(name, enabled=True, passwords=["+p@ss/w:rd%"], keys=["*"], categories=["+@all"])
    try:
        host = settings.redis_url.get_secret_value().rpartition("@")[2].removeprefix("redis://")
        escaped = f"redis://{name}:p%40ss%2Fw%3Ard%25@{host}"
        given = {"DATABASE_URL": settings.database_url.get_secret_value(), "REDIS_URL": escaped}
        async with open_redis(load_settings(given)) as opened:
            assert await opened.acl_whoami() == name
    finally:
        await redis.acl_deluser(name)


@pytest.fixture
async def empty(settings: Settings) -> AsyncIterator[Settings]:
    """Return settings for a database in which no migration has run."""
    server = database_url(settings.database_url.get_secret_value())
    name = f"{server.database}_empty"
    url: URL = await create_database(server, name)
    yield settings.model_copy(
        update={"database_url": type(settings.database_url)(url.render_as_string(hide_password=False))}
    )
    await drop_database(server, name)


async def test_a_worker_of_a_database_that_is_not_migrated_says_so(empty: Settings) -> None:
    """It ends with the command that mends it, as do the commands that read."""
    for arguments in (
        ("worker",),
        ("audit", "task", "1"),
        ("audit", "task", "--key", "t0"),
        ("job", "early"),
        ("jobs",),
    ):
        ended = await command(empty, *arguments)
        assert (ended.code, ended.out) == (2, "")
        assert "run `counterfoil migrate`" in ended.line


@pytest.mark.own_engine(reason="stock arq's worker, like `counterfoil worker`, starts after the migration")
async def test_a_job_waits_for_the_migration(empty: Settings, redis: ArqRedis) -> None:
    """Neither its time nor its sender's answer is lost by a deploy that starts workers first."""
    async with open_database(empty) as database, running_worker(empty, database, redis):
        await send(redis, empty.queue, "update", retitle("t0", "new"), job_id="early")

        async def handed_back() -> bool:
            return bool(await redis.get(retry_key_prefix + "early") == b"0")

        await eventually(handed_back, "the job is back on its queue")
        assert (await command(empty, "migrate")).code == 0
        await plant(database.sessions)
        await redis.zadd(empty.queue, {"early": 1})
        assert (await answered(redis, "early")).success
