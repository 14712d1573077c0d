"""`counterfoil find`: rows by the filter language, for people and as JSON."""

import json

import pytest

from domain.commands import SoftDelete, Update
from persistence.sessions import Sessions
from tests.processes import command
from tests.worlds import apply, plant
from worker.settings import Settings

pytestmark = pytest.mark.on_every_engine


async def test_rows_are_found_by_conditions(settings: Settings, sessions: Sessions) -> None:
    """All of them must hold; values are texts as a shell has them, a list has commas."""
    await plant(sessions, tasks=4)
    await apply(sessions, Update(entity="task", key=["t1", "t2"], changes={"status": "done"}))
    await apply(sessions, SoftDelete(entity="task", key=["t2"]))
    asked = ("find", "task", "status__in=done,doing", "project.key=alpha")
    found = await command(settings, *asked, "--json", "--sort", "-key")
    assert [json.loads(line)["key"] for line in found.out.splitlines()] == ["t1"]
    everything = await command(settings, *asked, "--include-deleted", "--count")
    assert (everything.code, everything.out) == (0, "2\n")
    table = (await command(settings, "find", "task", 'filter={"or": [{"key": "t0"}, {"key": "t3"}]}')).out
    assert "t0" in table
    assert "t3" in table
    assert "t1" not in table
    assert "2 rows" in table


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (("find", "task", "statsu=done"), "did you mean 'status'"),
        (("find", "task", "status"), "'status' is no condition; expected FIELD=VALUE"),
        (("find", "tsak"), "did you mean 'task'"),
        (("find", "task", "--columns", "key,titel"), "did you mean 'title'"),
        (("find", "task", "--sort", "kye"), "did you mean 'key'"),
    ],
)
async def test_what_is_mistyped_is_one_line(settings: Settings, asked: tuple[str, ...], told: str) -> None:
    """With the nearest name that there is, and exit code 2."""
    answer = await command(settings, *asked)
    assert (answer.code, answer.out) == (2, "")
    assert told in answer.err
    assert len(answer.err.splitlines()) == 1
