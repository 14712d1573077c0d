"""What goes wrong in SQLModel and SQLAlchemy as they come, and what happens here; docs/rules.md names the others."""

import pytest
from sqlmodel import col, select

from domain.entities import Entities
from domain.errors import Invalid, NoCondition, UnknownName
from domain.task import Task
from persistence.reader import reader
from persistence.sessions import Sessions
from tests.services import TASKS, make_project, make_tasks
from tests.worlds import begin, live, plant

pytestmark = pytest.mark.on_every_engine


async def test_a_service_checks_what_a_table_model_does_not(sessions: Sessions) -> None:
    """`Task(title="")` is an object like any other; a service asks the create schema first."""
    await plant(sessions, tasks=0)
    async with begin(sessions) as tx:
        with pytest.raises(Invalid, match=r"status: Input should be.*title: String should have at least 1 character"):
            await TASKS.create(tx, {"key": "a", "title": "", "status": "lost", "project.key": "alpha"})
    assert await live(sessions) == {}


async def test_sessions_have_exec(sessions: Sessions) -> None:
    """A factory without the class would make SQLAlchemy's sessions, which have none."""
    await plant(sessions, tasks=2)
    async with begin(sessions) as tx:
        assert [task.key for task in (await tx.session.exec(select(Task).order_by(Task.key))).all()] == ["t0", "t1"]


async def test_no_session_remembers_the_last_ones_objects(sessions: Sessions) -> None:
    """An object of another scope would show its project without a query, and hide that nobody asked for it."""
    await plant(sessions, tasks=1)
    async with reader(sessions) as read:
        (first,) = await TASKS.find(read, load="project")
    async with reader(sessions) as read:
        (second,) = await TASKS.find(read)
    assert first is not second
    assert "project" in vars(first)
    assert "project" not in vars(second)


def test_every_entity_has_columns_of_its_own(entities: Entities) -> None:
    """The base gives types, which tables can share, and no columns, which they cannot."""
    columns = [entity.table.c.created_at for entity in entities.values()]
    assert len({id(column) for column in columns}) == len(columns) == 3
    assert all(column.table is entity.table for column, entity in zip(columns, entities.values(), strict=True))


async def test_a_mistyped_filter_deletes_nothing(sessions: Sessions) -> None:
    """A layer that leaves out what it does not know would delete every row."""
    await plant(sessions, tasks=3)
    async with begin(sessions) as tx:
        with pytest.raises(UnknownName, match="did you mean 'status'"):
            await TASKS.soft_delete_where(tx, statsu="done")
        with pytest.raises(NoCondition, match="everything=True"):
            await TASKS.soft_delete_where(tx)
    assert len(await live(sessions)) == 3


@pytest.mark.on_every_engine(without=("sqlite", "mariadb"), reason="rows go in pieces there")
async def test_more_rows_than_a_statement_has_arguments(sessions: Sessions) -> None:
    """PostgreSQL's protocol counts them in 16 bits: 32,767 with asyncpg, of which each row would take four."""
    await plant(sessions, tasks=0)
    rows = [{"key": f"many-{number}", "title": "one of many", "project.key": "alpha"} for number in range(9_000)]
    async with begin(sessions) as tx:
        assert len(await TASKS.create_many(tx, rows)) == len(rows)
        assert (await TASKS.update_where(tx, {"status": "done"}, key__in=[row["key"] for row in rows])).updated == len(
            rows
        )


async def test_a_list_that_is_changed_in_place_is_saved(sessions: Sessions) -> None:
    """Of an object that was read, created or written by the service."""
    (row_id,) = await make_tasks(sessions, await make_project(sessions), 1)
    async with begin(sessions) as tx:
        task = await TASKS.get_or_raise(tx, row_id)
        task.tags.append("read")
    async with begin(sessions) as tx:
        task = await TASKS.update(tx, row_id, {"title": "New"})
        task.tags.append("updated")
    async with reader(sessions) as read:
        assert (await TASKS.get_or_raise(read, row_id)).tags == ["read", "updated"]


async def test_an_object_of_another_scope_stays_usable(sessions: Sessions) -> None:
    """Nothing is expired by a commit, so that no attribute queries after it."""
    (row_id,) = await make_tasks(sessions, await make_project(sessions), 1)
    async with begin(sessions) as tx:
        task = await TASKS.update(tx, row_id, {"title": "New"})
    assert (task.title, task.version, task.updated_at is None) == ("New", 2, False)


async def test_a_reader_beside_a_transaction_sees_what_is_committed(sessions: Sessions) -> None:
    """Two scopes are two sessions: neither commits or shows what the other has begun."""
    (row_id,) = await make_tasks(sessions, await make_project(sessions), 1)
    async with begin(sessions) as tx:
        await TASKS.update(tx, row_id, {"title": "Begun"})
        async with reader(sessions) as read:
            assert list(await read.scalars(select(Task.title).where(col(Task.id) == row_id))) == ["Task t0"]
