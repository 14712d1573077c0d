"""`counterfoil audit`: the life of a row, by id or key, for people and as JSON."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from domain.commands import BulkInsert, Purge, Row, SoftDelete, Update
from domain.task import Task
from persistence.database import Database
from persistence.sessions import Sessions
from tests.processes import command
from tests.worlds import apply, plant
from worker.settings import Settings

pytestmark = pytest.mark.on_every_engine


async def test_a_row_is_told_from_its_first_step_to_its_last(settings: Settings, sessions: Sessions) -> None:
    """Who, when, by which job, and what changed from what to what; --json has one line for each step."""
    await plant(sessions)
    await apply(sessions, Update(entity="task", key=["t0"], changes={"status": "done", "tags": ["a"]}), "j-2", "ada")
    await apply(sessions, SoftDelete(entity="task", key=["t0"]), "j-3", "boris")
    by_key = await command(settings, "audit", "task", "--key", "t0")
    assert (by_key.code, by_key.err) == (0, "")
    order = [by_key.out.index(told) for told in ("insert by tester", "update by ada", "soft_delete by boris")]
    assert order == sorted(order)
    for told in ("job j-2", "pending", "-> done", '-> ["a"]', "deleted_at"):
        assert told in by_key.out
    assert (await command(settings, "audit", "task", "1")).out == by_key.out
    steps = [json.loads(line) for line in (await command(settings, "audit", "task", "1", "--json")).out.splitlines()]
    assert [(step["action"], step["actor"], step["job_id"]) for step in steps] == [
        ("insert", "tester", "plant"),
        ("update", "ada", "j-2"),
        ("soft_delete", "boris", "j-3"),
    ]
    assert (steps[1]["before"]["status"], steps[1]["after"]["status"]) == ("pending", "done")


async def test_a_key_leads_to_all_rows_that_ever_had_it(
    settings: Settings, database: Database, sessions: Sessions
) -> None:
    """The live row is shown, and the earlier ones are named, of which one is deleted and one purged."""
    await plant(sessions, tasks=1)
    rows: list[Row] = [{"key": "t0", "title": "Again", "project.key": "alpha"}]
    for number in (1, 2):
        await apply(sessions, SoftDelete(entity="task", key=["t0"]), f"delete-{number}")
        if number == 1:
            async with database.engine.begin() as connection:
                await connection.execute(update(Task).values(deleted_at=datetime.now(UTC) - timedelta(days=2)))
            await apply(sessions, Purge(retention_days=1), "purge")
        await apply(sessions, BulkInsert(entity="task", rows=rows))
    shown = await command(settings, "audit", "task", "--key", "t0", "--json")
    assert shown.line == "2 earlier rows had this key: ids 2, 1"
    assert {json.loads(line)["entity_id"] for line in shown.out.splitlines()} == {"3"}
    purged = [json.loads(line) for line in (await command(settings, "audit", "task", "1", "--json")).out.splitlines()]
    assert [step["action"] for step in purged] == ["insert", "soft_delete", "purge"]
    assert purged[-1]["before"]["key"] == "t0"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["task", "99"], "task with id 99"),
        (["task", "--key", "t9"], "task with key 't9'"),
        (["tsak", "1"], "unknown entity 'tsak'; did you mean 'task'?"),
        (["task"], "say either the row's ID or its --key"),
        (["task", "1", "--key", "t0"], "say either the row's ID or its --key"),
    ],
)
async def test_what_cannot_be_shown_is_one_line(settings: Settings, arguments: list[str], line: str) -> None:
    """A row that never was, an entity that is none, and a question that is not clear: exit code 2."""
    ended = await command(settings, "audit", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert line in ended.line
