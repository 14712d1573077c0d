"""The short way of a bulk insert, one statement, and the long way by COPY: the same rows have the same answer."""

from typing import Any

import pytest
from sqlalchemy import text

from domain.commands import BulkInsert, OnConflict, Row, SoftDelete
from domain.entities import Entities
from domain.errors import CounterfoilError
from persistence.database import Database
from persistence.sessions import Sessions, create_sessions
from persistence.statements import quoted
from persistence.transaction import Transaction
from tests.oddities import METADATA, Note, Order
from tests.worlds import apply, begin, plant
from worker.jobs.bulk_insert import JOB

TASKS: dict[str, list[Row]] = {
    "new rows": [{"key": "a"}, {"key": "b", "tags": ["x"], "status": "done", "description": "é\\t\t\n"}],
    "nulls": [{"key": "a", "description": None, "tags": [{"a": None}], "assignee_id": None, "assignee.key": None}],
    "taken and free": [{"key": "free"}, {"key": "t0", "title": "Other"}],
    "as it is": [{"key": "t0", "title": "Task 0"}, {"key": "t1", "status": "pending"}],
    "differently said": [{"key": "t0", "tags": ["y"]}, {"key": "t1", "description": None, "parent.key": "t0"}],
    "deleted": [{"key": "t2", "title": "Again"}],
    "twins": [{"key": "a", "title": "First"}, {"key": "a", "title": "Second"}],
    "twins of a live row": [{"key": "t0", "title": "First"}, {"key": "t0", "title": "Second"}],
    "twins of a deleted row": [{"key": "t2", "title": "First"}, {"key": "t2", "title": "Second"}],
    "no such project": [{"key": "a", "project.key": "nowhere"}, {"key": "b"}],
    "no such member": [{"key": "b"}, {"key": "a", "assignee_id": 99}],
    "unknown fields": [{"key": "a", "titel": "T"}, {"key": "b", "project.name": "T"}],
    "wrong types": [{"key": 1}, {"key": "b", "tags": "no"}, {"key": "c", "status": "lost"}, {"key": "d", "title": ""}],
    "no number": [{"key": "a", "assignee_id": True}],
    "beyond bigint": [{"key": "a", "assignee_id": 2**63}],
    "not to be stored": [{"key": "a", "title": "x\ud800"}],
    "a parent before": [{"key": "a"}, {"key": "b", "parent.key": "a"}],
    "a parent behind": [{"key": "b", "parent.key": "a"}, {"key": "a"}],
}
ORDERS: dict[str, list[Row]] = {
    "all kinds": [
        {"number": 1, "amount": "12345678901234567890.1234567891", "due": "2030-01-01T00:00:00+02:00", "share": 0.1},
        {"number": 2, "day": "9999-12-31", "open": False, "extra": {"b": 1.0, "a": [1, None]}, "within.number": 7},
    ],
    "as text": [{"number": "7", "amount": "1.50", "open": "yes", "share": "0.5", "due": 1e9}],
    "no zone": [{"number": 1, "due": "2030-01-01T00:00:00"}],
    "no number": [{"number": 1, "amount": "NaN"}],
    "too many digits": [{"number": 1, "amount": "1e25"}],
    "beyond the column": [{"number": 1}, {"number": 2**31}],
    "beyond bigint": [{"number": 1, "within": 2**63}],
    "a key beyond its column": [{"number": 1, "within.number": 2**31}],
}


class _TakenBackError(Exception):
    """Ends a transaction of which nothing is to stay."""


async def answer(sessions: Sessions, rows: list[Row], rule: OnConflict, entity: str, key: str | None) -> Any:  # noqa: ANN401
    """Return what the rows come to, which is taken back, or the places of the rows for which all are refused.

    A command that names its `key` goes the long way, however few rows it has.
    """
    columns = (key,) if key else None
    command = BulkInsert.model_construct(entity=entity, rows=rows, on_conflict=rule, conflict_on=columns)
    found: Any = None
    try:
        async with begin(sessions, "alike") as tx:
            counts = (await JOB.apply(tx, command)).model_dump(include={"inserted", "updated", "skipped", "refused"})
            found = counts, await _look(tx, entity)
            raise _TakenBackError  # noqa: TRY301 - nothing else ends the transaction without its commit
    except _TakenBackError:
        return found
    except CounterfoilError as error:
        return {problem.row for problem in error.problems()}


async def _look(tx: Transaction, entity: str) -> list[tuple[Any, ...]]:
    """Return the rows, and the job's audit rows, without what differs from run to run."""
    own = "'{id,parent_id,created_at,updated_at}'::text[]"
    rows = f"SELECT to_jsonb(row) - {own} FROM {quoted(entity)} AS row"  # noqa: S608 - a test's table
    trail = f"SELECT action, before - {own}, after - {own} FROM audit_log WHERE job_id = 'alike'"  # noqa: S608
    found = [*(await tx.session.execute(text(rows))).all(), *(await tx.session.execute(text(trail))).all()]
    return sorted(map(tuple, found), key=repr)


@pytest.mark.parametrize("rule", OnConflict)
async def test_tasks_have_one_answer(sessions: Sessions, rule: OnConflict) -> None:
    """Whether rows are written, skipped or refused; the long way may name more rows that are wrong."""
    await plant(sessions, tasks=3)
    await apply(sessions, SoftDelete(entity="task", key=["t2"]))
    for name, given in TASKS.items():
        rows: list[Row] = [{"title": "New", "project.key": "alpha", **row} for row in given]
        short, long = [await answer(sessions, rows, rule, "task", key) for key in (None, "key")]
        assert type(long) is type(short), name
        assert short <= long if isinstance(short, set) else short == long, name


@pytest.mark.parametrize("rule", OnConflict)
async def test_values_of_all_kinds_have_one_answer(database: Database, rule: OnConflict) -> None:
    """A number that its column does not take is told by its row, also where it is a key that is looked up."""
    async with database.engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
    sessions = create_sessions(database.engine, Entities([Order, Note]))
    await apply(sessions, BulkInsert(entity="order", rows=[{"number": 7, "amount": "1.5"}]))
    for name, rows in ORDERS.items():
        short, long = [await answer(sessions, rows, rule, "order", key) for key in (None, "number")]
        assert type(long) is type(short), name
        assert (short <= long or short == {None}) if isinstance(short, set) else short == long, name
        assert not (name.startswith("beyond") and None in short), name
