"""Bulk jobs on tables of a team's own: types that the driver knows badly, triggers, and keys of their own rules."""

import secrets
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from domain.commands import BulkInsert, BulkUpdate, OnConflict, OnInvalid, SoftDelete, Update
from domain.entities import Entities
from domain.errors import RowsRefused
from domain.job import Severity
from domain.result import Result
from persistence.classification import severity
from persistence.database import Database
from persistence.seen_marks import new_marks
from persistence.sessions import Sessions, create_sessions
from persistence.update import update_rows
from tests.crates import METADATA, Crate
from tests.executions import deliver
from tests.ledger import assert_balanced
from tests.worlds import apply, begin, live, sql
from worker.jobs.update import JOB as UPDATE

RAISES = "IF NEW.weight = 13 THEN RAISE EXCEPTION 'unlucky'; END IF; RETURN NEW"
KEEPS_OUT = "IF NEW.weight = 13 THEN RETURN NULL; END IF; RETURN NEW"
PUTS_RIGHT = "NEW.weight := abs(NEW.weight); IF NEW.weight = 13 THEN RAISE EXCEPTION 'unlucky'; END IF; RETURN NEW"
VALUES: list[dict[str, Any]] = [
    {"until": "9999-12-31", "sizes": [1, -2], "rows": [["a", 'b"\\'], ["NULL", "\t"]], "words": "'a' 'b'"},
    {"until": "0001-01-01", "sizes": [], "rows": [["\n", "{}"], ["", ","]], "words": "''''"},
]


@pytest.fixture
async def crates(database: Database) -> Sessions:
    """Return sessions that write crates."""
    async with database.engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
    return create_sessions(database.engine, Entities([Crate]))


async def before_insert(database: Database, body: str) -> None:
    """Put a trigger on the table that judges each new row."""
    function = f"CREATE FUNCTION judge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body}; END $$"
    async with database.engine.begin() as connection:
        await connection.execute(text(function.replace(":=", r"\:=")))
        trigger = "CREATE TRIGGER judged BEFORE INSERT ON crate FOR EACH ROW EXECUTE FUNCTION judge()"
        await connection.execute(text(trigger))


async def load(crates: Sessions, weights: list[int]) -> Result:
    """Load crates of these weights, the bad ones left out."""
    rows: list[Any] = [{"key": f"k{number}", "weight": weight} for number, weight in enumerate(weights)]
    return await apply(crates, BulkInsert(entity="crate", rows=rows, on_invalid=OnInvalid.SKIP))


async def test_values_go_into_the_table_as_they_are(crates: Sessions) -> None:
    """By an insert, an upsert and an update: also the last date of all, arrays, and types without a binary form."""
    columns = ("until", "sizes", "rows", "words")
    for values in VALUES:
        insert: list[Any] = [{"key": "a", **values}, {"key": "b"}, {"key": "c"}]
        upsert: list[Any] = [{"key": "b", **values}]
        for rows in (insert, upsert):
            rules = {"on_conflict": OnConflict.UPDATE, "on_invalid": OnInvalid.SKIP}
            await apply(crates, BulkInsert.model_validate({"entity": "crate", "rows": rows, **rules}))
        await apply(crates, BulkUpdate(entity="crate", rows=[{"key": "c", **values}]))
        found = [{name: row[name] for name in columns} for row in (await live(crates, "crate")).values()]
        assert found == [values] * 3
    await assert_balanced(crates, "crate")


@pytest.mark.parametrize(("body", "inserted"), [(RAISES, 2), (KEEPS_OUT, 2), (PUTS_RIGHT, 3)])
async def test_a_row_that_a_trigger_refuses_costs_none_of_its_neighbours(
    crates: Sessions, database: Database, body: str, inserted: int
) -> None:
    """Whether it raises, or says nothing; and what a trigger puts right is not refused for what it was."""
    await before_insert(database, body)
    found = await load(crates, [1, 13, 2, -3])
    assert (found.inserted, found.refused) == (inserted, 4 - inserted)
    assert await sql(database, "SELECT count(*) FROM crate") == [(inserted,)]
    await assert_balanced(crates, "crate")


async def test_a_key_too_long_for_its_index_is_one_rows_fault(crates: Sessions) -> None:
    """PostgreSQL takes some 2,700 bytes that cannot be compressed."""
    rows: list[Any] = [{"key": "short"}, {"key": secrets.token_hex(5_000)}]
    found = await apply(crates, BulkInsert(entity="crate", rows=rows, on_invalid=OnInvalid.SKIP))
    assert (found.inserted, found.refused) == (1, 1)


@pytest.mark.parametrize("rule", OnConflict)
async def test_a_key_of_deleted_rows_too_is_not_asked_for_again_and_again(crates: Sessions, rule: OnConflict) -> None:
    """The natural key counts among the live rows; another constraint on the same column is a reason to refuse."""
    await load(crates, [1])
    await apply(crates, SoftDelete(entity="crate", key=["k0"]))
    rows: list[Any] = [{"key": "k0"}, {"key": "k1", "weight": -1}, {"key": "k2"}]
    found = await apply(crates, BulkInsert(entity="crate", rows=rows, on_conflict=rule, on_invalid=OnInvalid.SKIP))
    assert (found.inserted, found.refused) == (1, 2)


async def test_a_record_of_thousands_of_faults_is_one_refusal(crates: Sessions) -> None:
    """The first of them are named, or only their number: each would take the record's own text with it."""
    rows: list[Any] = [{"key": f"k{number}", "sizes": ["x"] * faults} for number, faults in enumerate((0, 22, 5_000))]
    with pytest.raises(RowsRefused) as refused:
        await apply(crates, BulkInsert(entity="crate", rows=rows, conflict_on=("key",)))
    lines = [one.line for one in refused.value.rejects]
    assert (lines.count(2), lines.count(3)) == (21, 1)
    reasons = {one.reason for one in refused.value.rejects if not one.field}
    assert reasons == {"2 further faults", "5,000 faults in one record, too many to name"}
    assert len({id(one.raw) for one in refused.value.rejects}) == 2


async def test_the_mark_of_a_row_may_be_long(database: Database) -> None:
    """A mark goes into an index, which takes no long ones; two that differ at their end are two."""
    long = secrets.token_hex(5_000)
    sessions = create_sessions(database.engine, Entities([Crate]))
    async with begin(sessions) as tx:
        assert await new_marks(tx, [long, "short"]) == {long, "short"}
        assert await new_marks(tx, [long, f"{long}x", "short"]) == {f"{long}x"}


async def test_a_column_of_json_is_compared_though_the_type_cannot(crates: Sessions) -> None:
    """By updates of one row, of many, by key and from a load; what says the same in other words is left alone."""
    await load(crates, [1, 2])
    ways: list[dict[str, Any]] = [
        {"key": ["k0", "k1"], "changes": {"notes": {"a": 1, "b": []}}},
        {"where": {"weight": 1}, "changes": {"notes": {"a": 2}}},
        {"changes_by_key": {"k0": {"notes": [1]}}},
    ]
    for way in ways:
        command = Update.model_validate({"entity": "crate", **way})
        assert ((await apply(crates, command)).updated, (await apply(crates, command)).updated) in {(1, 0), (2, 0)}
    changes: list[Any] = [{"key": key, "notes": {"b": [], "a": 1}} for key in ("k0", "k1")]
    found = await apply(crates, BulkUpdate(entity="crate", rows=changes))
    assert (found.updated, found.skipped) == (1, 1)
    async with begin(crates) as tx:
        await update_rows(tx, tx.entities["crate"], Update(entity="crate", key=["k0"], changes={"notes": 0}), large=0)
    await deliver(crates, UPDATE, {"entity": "crate", "key": ["k0"], "changes": {"notes": "text"}})
    assert (await live(crates, "crate"))["k0"]["notes"] == "text"
    await assert_balanced(crates, "crate")


async def test_a_server_lost_in_a_batch_is_no_rows_fault(crates: Sessions, database: Database) -> None:
    """The job is to be tried again, without an attempt counted: wherever in the batch it happens."""
    await load(crates, [1])
    cut = "FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM {}; RETURN NEW; END $$"
    kill = "pg_terminate_backend(pg_backend_pid())"
    await sql(database, f"CREATE {cut.format(kill)}")
    upsert = {"entity": "crate", "rows": [{"key": "k0", "weight": 2}, {"key": "k1"}], "on_conflict": "update"}
    for table, event in (("crate", "UPDATE"), ("crate", "INSERT"), ("audit_log", "INSERT")):
        await sql(database, f"CREATE TRIGGER cut BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION cut()")
        with pytest.raises(DBAPIError) as lost:
            await apply(crates, BulkInsert.model_validate({**upsert, "on_invalid": "skip"}))
        assert severity(lost.value) is Severity.TRANSIENT, (table, event)
        await sql(database, f"DROP TRIGGER cut ON {table}")
