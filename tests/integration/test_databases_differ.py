"""What docs/databases.md says of each database: where they differ, each does as its column says."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from domain.job import Severity
from domain.task import Task
from persistence.classification import severity
from persistence.database import Database, make_database, open_database
from persistence.dialects import Dialect, dialect_of
from persistence.reader import reader
from persistence.retry import retried
from persistence.sessions import Sessions
from persistence.settings import SettingsError
from tests.services import TASKS, make_project, make_tasks
from tests.web_clients import client_of, problem_in, web_settings
from tests.worlds import begin, trail
from web.app import create_app
from worker.settings import Settings

pytestmark = pytest.mark.on_every_engine

LONG = "ü" * 100_000
"""Longer than 64 KB, where MySQL's own TEXT ends."""


async def test_isolation_is_that_of_the_table(sessions: Sessions) -> None:
    """A reader on SQLite has a snapshot; on the servers it sees what others commit between its statements."""
    project = await make_project(sessions)
    async with reader(sessions) as read:
        before = await read.scalars(select(func.count()).select_from(Task))
        await make_tasks(sessions, project, 1)
        after = await read.scalars(select(func.count()).select_from(Task))
    assert (before, after) == ([0], [0 if dialect_of(sessions) is Dialect.SQLITE else 1])


@pytest.fixture
async def impatient(settings: Settings) -> AsyncIterator[Database]:
    """Return the database with the shortest wait for a lock: MariaDB counts in whole seconds."""
    async with open_database(settings.model_copy(update={"lock_timeout": 0.1})) as database:
        yield database


async def test_a_lock_is_waited_for_as_long_as_lock_timeout_says(sessions: Sessions, impatient: Database) -> None:
    """Then the database refuses, and `retried` runs the same again: the lock is free by then."""
    ids = await make_tasks(sessions, await make_project(sessions), 1)
    met = list[Severity]()

    async def change() -> Task:
        if met:
            await held.aclose()
        try:
            async with asyncio.timeout(4), begin(impatient.sessions) as tx:
                return await TASKS.update(tx, ids[0], {"title": "second"})
        except DBAPIError as refused:
            met.append(severity(refused))
            raise

    async with AsyncExitStack() as held:
        tx = await held.enter_async_context(begin(sessions))
        await TASKS.update(tx, ids[0], {"title": "first"})
        assert (await retried(change, dice=lambda: 0.0)).version == 3
    assert met == [Severity.TRANSIENT]


async def test_a_client_is_told_to_ask_again_where_a_lock_was_not_given(settings: Settings, sessions: Sessions) -> None:
    """503 with Retry-After; nothing was written."""
    ids = await make_tasks(sessions, await make_project(sessions), 1)
    app: FastAPI = create_app(web_settings(settings, COUNTERFOIL_LOCK_TIMEOUT="0.1"))
    async with client_of(app) as client:
        async with begin(sessions) as tx:
            await TASKS.update(tx, ids[0], {"title": "first"})
            answer = await client.patch(f"/tasks/{ids[0]}", json={"title": "second"})
        assert (problem_in(answer).status, answer.headers["Retry-After"]) == (503, "1")
        assert (await client.get(f"/tasks/{ids[0]}")).json()["title"] == "first"


OTHERS: dict[str, Any] = {"pgbouncer": True, "statement_timeout": 1.0, "idle_in_transaction_timeout": 1.0}


@pytest.mark.on_every_engine(without=("postgresql",), reason="it knows them all")
async def test_a_setting_that_would_be_ignored_is_refused(settings: Settings) -> None:
    """By its name, before anything is connected."""
    for name, value in OTHERS.items():
        with pytest.raises(SettingsError, match=f"COUNTERFOIL_{name.upper()} is for PostgreSQL alone"):
            make_database(settings.model_copy(update={name: value}), application_name="test")


async def test_long_text_is_kept_and_found_on_every_database(sessions: Sessions) -> None:
    """Written by a statement and by a flush, and whole in the audit log."""
    project = await make_project(sessions)
    async with begin(sessions, "job") as tx:
        task = await TASKS.create(tx, {"key": "a", "title": "A", "project_id": project, "description": LONG})
        task.description = LONG + "!"
    async with reader(sessions) as read:
        assert await TASKS.count(read, description__endswith="ü!", description__startswith="ü") == 1
        assert [task.description for task in await TASKS.find(read)] == [LONG + "!"]
    images = [entry.after for entry in await trail(sessions, job_id="job")]
    assert [image and image["description"] for image in images] == [LONG, LONG + "!"]


async def test_a_transaction_has_one_time_and_one_number(sessions: Sessions) -> None:
    """By which its rows belong together in the audit log, also those that statements and flushes wrote."""
    ids = await make_tasks(sessions, await make_project(sessions), 2)
    for job_id in ("one", "two"):
        async with begin(sessions, job_id) as tx:
            task = await TASKS.update(tx, ids[0], {"title": job_id})
            task.description = job_id
            await tx.session.flush()
            await TASKS.update(tx, ids[1], {"title": job_id})
    one, two = [await trail(sessions, job_id=job_id) for job_id in ("one", "two")]
    assert [len(one), len(two)] == [3, 3]
    assert [len({(entry.at, entry.txid) for entry in entries}) for entries in (one, two)] == [1, 1]
    assert (one[0].at <= two[0].at, one[0].txid != two[0].txid) == (True, True)


@pytest.mark.on_every_engine(without=("sqlite",), reason="it has no server")
async def test_a_connection_that_the_server_closed_is_replaced(database: Database) -> None:
    """The next transaction has another one, and nobody hears of it."""
    await make_project(database.sessions)
    is_mysql = dialect_of(database.sessions) is Dialect.MYSQL
    async with database.engine.connect() as other:
        async with database.engine.connect() as victim:
            asked = "SELECT connection_id()" if is_mysql else "SELECT pg_backend_pid()"
            number = (await victim.execute(text(asked))).scalar_one()
        killed = f"KILL {number:d}" if is_mysql else f"SELECT pg_terminate_backend({number:d}, 5000)"
        await other.execute(text(killed))
    for number in range(3):
        await make_project(database.sessions, f"after-{number}")
