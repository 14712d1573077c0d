"""The door into the job table from Python: `enqueue` on the caller's own session or connection."""

import json
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.commands import SoftDelete, Update
from domain.errors import EnqueueRefused, InvalidCommand, NotMigrated
from domain.origin import Origin
from persistence.database import Database
from persistence.enqueue import Accepted, NewJob, enqueue, enqueue_many
from persistence.sessions import Sessions
from tests.relays import BILLING, connected, job, jobs
from worker.settings import Settings

pytestmark = pytest.mark.on_every_engine

COMMAND = Update(entity="task", key=["t0"], changes={"title": "new"})
LATER = datetime(2036, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture(params=["session", "connection"])
async def caller(request: pytest.FixtureRequest, settings: Settings, database: Database) -> Any:  # noqa: ANN401
    """Return what callers have: a session of SQLAlchemy's, or a connection of asyncpg's."""
    if request.param == "session":
        async with AsyncSession(database.engine) as session, session.begin():
            yield session
    elif database.engine.dialect.name != "postgresql":
        pytest.skip("asyncpg speaks to PostgreSQL alone")
    else:
        async with connected(settings) as connection:
            yield connection


async def committed(caller: Any) -> None:  # noqa: ANN401
    """Commit the caller's transaction, where it has one."""
    if isinstance(caller, AsyncSession):
        await caller.commit()


async def test_a_command_becomes_a_job(caller: Any, sessions: Sessions) -> None:  # noqa: ANN401
    """With all that was said about it, and only the arguments that were given."""
    given: dict[str, Any] = {"job_id": "j", "queue": "q", "run_at": LATER, "max_attempts": 9}
    assert await enqueue(caller, COMMAND, BILLING, **given) == Accepted("j", is_new=True)
    assert await enqueue(caller, COMMAND, BILLING, **given) == Accepted("j", is_new=False)
    await committed(caller)
    row = await job(sessions, "j")
    assert (row.name, row.queue, row.run_at, row.max_attempts) == ("update", "q", LATER, 9)
    assert row.arguments == {"entity": "task", "key": ["t0"], "changes": {"title": "new"}}
    assert (row.actor, row.request_id, row.reason) == ("billing", "r-1", "invoice")


async def test_many_jobs_are_answered_in_their_order(caller: Any, sessions: Sessions) -> None:  # noqa: ANN401
    """One statement for all, of which some are there already, some twice; none at all is none."""
    delete = SoftDelete(entity="task", key=["t0"])
    many = [NewJob(COMMAND, BILLING, "b"), NewJob(delete, Origin(actor="shop"), "a"), NewJob(COMMAND, BILLING, "b")]
    assert await enqueue_many(caller, many) == [Accepted("b", True), Accepted("a", True), Accepted("b", False)]  # noqa: FBT003
    assert await enqueue_many(caller, []) == []
    named = await enqueue_many(caller, [NewJob(COMMAND, BILLING) for _ in range(100)])
    await committed(caller)
    assert len({accepted.id for accepted in named} | {"a", "b"}) == len(await jobs(sessions)) == 102
    assert (await job(sessions, "a")).actor == "shop"


async def test_one_refused_job_refuses_them_all(caller: Any, sessions: Sessions) -> None:  # noqa: ANN401
    """Other arguments under an id that is taken: nothing of the many is kept."""
    other = Update(entity="task", key=["t1"], changes={"title": "new"})
    with pytest.raises(EnqueueRefused, match="job 'j' is there already with another name or other arguments"):
        await enqueue_many(caller, [NewJob(COMMAND, BILLING, "j"), NewJob(other, BILLING, "j")])
    if isinstance(caller, AsyncSession):
        await caller.rollback()
    assert await jobs(sessions) == []


async def test_a_time_without_a_zone_is_refused(caller: Any, sessions: Sessions) -> None:  # noqa: ANN401
    """It would mean another moment on another machine; the message names the value."""
    naive = LATER.replace(tzinfo=None)
    with pytest.raises(InvalidCommand, match="2036-01-02T03:04:05 has no time zone; say one, such as UTC"):
        await enqueue(caller, COMMAND, BILLING, run_at=naive)
    assert await jobs(sessions) == []


async def test_a_rollback_leaves_no_job(database: Database, sessions: Sessions) -> None:
    """The job is part of the caller's transaction, as its own writes are."""
    async with AsyncSession(database.engine) as session:
        assert (await enqueue(session, COMMAND, BILLING)).is_new
        await session.rollback()
    assert await jobs(sessions) == []


async def test_a_job_is_enqueued_within_an_audited_transaction(sessions: Sessions) -> None:
    """A session of this project's own is a session like any other."""
    async with sessions() as session, session.begin():
        await enqueue(session, COMMAND, BILLING, job_id="j")
    assert [row.id for row in await jobs(sessions)] == ["j"]


async def test_what_the_door_refuses_is_told_with_the_way_out(caller: Any) -> None:  # noqa: ANN401
    """Here a job whose name nobody knows."""

    class Unheard(Update):
        job: ClassVar[str] = "unheard"

    with pytest.raises(EnqueueRefused, match=r"^unknown job 'unheard'; Known: bulk_insert, ") as refused:
        await enqueue(caller, Unheard(entity="task", key=["t0"], changes={"title": "new"}), BILLING)
    assert refused.value.sqlstate == "42704"


@pytest.mark.on_every_engine(without=("sqlite", "mariadb"), reason="they have no functions of ours")
async def test_a_database_without_the_door_says_what_to_run(caller: Any) -> None:  # noqa: ANN401
    """The migration that makes the function has not run there."""
    drop = "DROP FUNCTION enqueue_job"
    await caller.execute(text(drop) if isinstance(caller, AsyncSession) else drop)
    with pytest.raises(NotMigrated, match="run `counterfoil migrate`"):
        await enqueue(caller, COMMAND, BILLING)


@pytest.mark.on_every_engine(without=("sqlite", "mariadb"), reason="asyncpg speaks to PostgreSQL alone")
async def test_a_connection_that_decodes_json_by_itself_is_served_too(settings: Settings, sessions: Sessions) -> None:
    """With the codec that asyncpg's manual shows, a parameter of type jsonb would be encoded twice."""
    async with connected(settings) as connection:
        await connection.set_type_codec("jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog")
        assert await enqueue(connection, COMMAND, BILLING, job_id="j") == Accepted("j", is_new=True)
    assert (await job(sessions, "j")).arguments["key"] == ["t0"]
