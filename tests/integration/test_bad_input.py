"""Bad input: a clear error that names the nearest valid name, and nothing written."""

from typing import Any

import pytest

from domain.errors import (
    CounterfoilError,
    Duplicate,
    InUse,
    InvalidCommand,
    InvalidFilter,
    InvalidRows,
    MissingReference,
    NotFound,
    StaleVersion,
    TooLarge,
    UnknownName,
)
from persistence.sessions import Sessions
from tests.ledger import assert_balanced, rows_by_id
from tests.single import execute
from tests.worlds import plant, trail
from worker.delivery import Delivery, parse
from worker.jobs import JOBS

LIMIT = 5
ASKER: dict[str, Any] = {"actor": "tester"}
CHANGE: dict[str, Any] = {"entity": "task", "changes": {"title": "x"}}
ONE: dict[str, Any] = CHANGE | {"id": 1}
TABLES = ("project", "member", "task")

MALFORMED: list[tuple[str, dict[str, Any], str]] = [
    ("update", ONE | {"chnages": {}} | ASKER, "unknown argument 'chnages'; did you mean 'changes'?"),
    ("update", ONE | {"actr": "tester"}, "unknown argument 'actr'; did you mean 'actor'?"),
    ("update", ONE, "actor: Field required"),
    ("update", ONE | {"actor": ""}, "actor: String should have at least 1 character"),
    ("update", ONE | {"actor": 7}, "actor: Input should be a valid string"),
    ("update", ONE | {"actor": "x" * 201}, "actor: String should have at most 200 characters"),
    ("update", ONE | ASKER | {"reason": "a\0b"}, "reason: holds a NUL character"),
    ("update", ONE | ASKER | {"request_id": "\ud800"}, "request_id: holds a NUL character or a lone surrogate"),
    ("update", ONE | ASKER | {"changes": {"tags": ["a", {"b": "\0"}]}}, "changes.tags.1.b holds a NUL character"),
    ("update", CHANGE | ASKER | {"where": {"title": "a\0b"}}, "where.title holds a NUL character"),
    ("update", CHANGE | ASKER | {"key": "a\0b"}, "key holds a NUL character"),
    ("update", ONE | ASKER | {"key": "t0"}, "say which rows in exactly one way: id, key, where, changes_by_key"),
    ("update", CHANGE | ASKER, "say which rows in exactly one way"),
    ("update", CHANGE | ASKER | {"id": "1"}, "id.0: Input should be a valid integer"),
    ("update", CHANGE | ASKER | {"id": []}, "id: Value should have at least 1 item"),
    ("update", ONE | ASKER | {"changes": {}}, "changes: Dictionary should have at least 1 item"),
    ("bulk_insert", {"entity": "task", "rows": []} | ASKER, "rows: List should have at least 1 item"),
    ("bulk_insert", {"entity": "task", "rows": [7]} | ASKER, "rows.0: Input should be a valid dictionary"),
    ("bulk_insert", {"entity": ["task"], "rows": [{"key": "a"}]} | ASKER, "entity: Input should be a valid string"),
    ("soft_delete", {"entity": "task", "where": {}} | ASKER, "where: Dictionary should have at least 1 item"),
    ("restore", {"entity": "task"} | ASKER, "say either job_id, or entity and id"),
]

REFUSED: list[tuple[str, dict[str, Any], type[CounterfoilError], str]] = [
    ("update", ONE | {"entity": "taks"}, UnknownName, "unknown entity 'taks'; did you mean 'task'?"),
    ("update", ONE | {"changes": {"titel": "x"}}, InvalidRows, "unknown field 'titel'; did you mean 'title'?"),
    ("update", CHANGE | {"where": {"titel": "x"}}, UnknownName, "unknown field 'titel'; did you mean 'title'?"),
    ("update", CHANGE | {"where": {"title__inn": "x"}}, UnknownName, "unknown operator 'inn'; did you mean 'in'?"),
    ("update", CHANGE | {"where": {"created_at": "2030-01-01T00:00"}}, InvalidFilter, "should have timezone info"),
    ("update", CHANGE | {"id": [1, 99]}, NotFound, "no live task with id 99"),
    ("update", CHANGE | {"key": "t9"}, NotFound, "no live task with key 't9'"),
    ("update", ONE | {"expected_version": 2}, StaleVersion, "task 1 has version 1, expected 2"),
    ("update", ONE | {"changes": {"key": "t1"}}, Duplicate, "task.key must be unique"),
    ("update", ONE | {"changes": {"project_id": 9}}, MissingReference, "project_id: no live project 9"),
    ("bulk_insert", {"entity": "task", "rows": [{"key": "a", "project.key": "alpha"}]}, InvalidRows, "Field required"),
    ("bulk_insert", {"entity": "member", "rows": [{"key": "a", "name": "A"}] * 2}, Duplicate, "'a' stands in row 1"),
    ("bulk_insert", {"entity": "project", "rows": [{"key": "alpha", "name": "A"}]}, Duplicate, "has 'alpha'"),
    ("soft_delete", {"entity": "project", "key": "alpha"}, InUse, "say cascade=true"),
    ("restore", {"job_id": "never"}, NotFound, "no soft delete with job_id 'never' was found"),
]


@pytest.mark.parametrize(("name", "arguments", "message"), MALFORMED)
def test_malformed_arguments_are_told_by_name(name: str, arguments: dict[str, Any], message: str) -> None:
    """Unknown, missing, ambiguous, empty, of the wrong type, or not storable: told before any database is asked."""
    (job,) = [job for job in JOBS if job.name == name]
    with pytest.raises(InvalidCommand) as refused:
        parse(job, Delivery("j", 1, arguments), max_rows=LIMIT)
    assert message in str(refused.value)
    assert str(refused.value).startswith(f"{name}: ")


@pytest.mark.parametrize(
    ("name", "argument", "value"),
    [
        ("bulk_insert", "rows", [{"key": "a"}] * (LIMIT + 1)),
        ("update", "id", list(range(1, LIMIT + 2))),
        ("update", "key", [str(n) for n in range(LIMIT + 1)]),
        ("update", "changes_by_key", {str(n): {"title": "x"} for n in range(LIMIT + 1)}),
    ],
)
def test_more_rows_than_the_limit_are_refused(name: str, argument: str, value: Any) -> None:  # noqa: ANN401 - JSON
    """The error names the limit, and the setting that raises it."""
    (job,) = [job for job in JOBS if job.name == name]
    message = f"6 entries in '{argument}' in one job, at most 5: send several jobs, or raise COUNTERFOIL_MAX_ROWS"
    with pytest.raises(TooLarge, match=message):
        parse(job, Delivery("j", 1, {argument: value}), max_rows=LIMIT)


async def test_a_refused_job_writes_nothing_and_the_next_one_succeeds(sessions: Sessions) -> None:
    """Every kind of refusal in turn, on one database, which stays as it was."""
    await plant(sessions, tasks=2)
    before, audited = await rows_by_id(sessions, *TABLES), len(await trail(sessions))
    jobs = {job.name: job for job in JOBS}
    for number, (name, arguments, error, message) in enumerate(REFUSED):
        delivery = Delivery(f"bad-{number}", 1, arguments | ASKER)
        with pytest.raises(error) as refused:
            await execute(jobs[name], delivery, sessions=sessions, max_rows=LIMIT)
        assert message in str(refused.value)
        assert await rows_by_id(sessions, *TABLES) == before
        assert len(await trail(sessions)) == audited
    answer = await execute(jobs["update"], Delivery("good", 1, ONE | ASKER), sessions=sessions, max_rows=LIMIT)
    assert (answer["updated"], answer["ids"]) == (1, {"updated": {"task": [1]}})
    await assert_balanced(sessions)
