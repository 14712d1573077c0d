"""Entities of a team's own shape: reserved words, a number as natural key, decimals and times, no key at all."""

import pytest
from pydantic import JsonValue

from domain.commands import BulkInsert, Command, OnConflict, Purge, Restore, Row, SoftDelete, Update
from domain.entities import Entities
from domain.errors import CounterfoilError, Duplicate, InvalidRows, StaleVersion, UnknownName
from domain.result import Result
from persistence.database import Database
from persistence.sessions import Sessions, create_sessions
from tests.executions import deliver
from tests.ledger import assert_balanced, rows_by_id
from tests.oddities import METADATA, Note, Order, Target
from tests.worlds import apply, begin
from worker.jobs.update import JOB
from worker.outcome import Succeeded

FULL: Row = {
    "number": 7,
    "group": "it's",
    "amount": "12345678901234567890.1234567891",
    "due": "2030-01-01T00:00:00+02:00",
    "day": "2030-01-01",
    "open": False,
    "share": 0.1,
    "extra": {"a": [1, None]},
}


@pytest.fixture
async def odd(database: Database) -> Sessions:
    """Return sessions that write orders and notes, in which there are two orders, the one within the other."""
    async with database.engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
    sessions = create_sessions(database.engine, Entities([Order, Note, Target]))
    await apply(sessions, BulkInsert(entity="order", rows=[FULL]))
    await apply(sessions, BulkInsert(entity="order", rows=[{"number": "8", "within.number": "7"}]))
    return sessions


async def orders(sessions: Sessions) -> dict[int, Row]:
    """Return the orders by id."""
    return {row_id: row for (_, row_id), row in (await rows_by_id(sessions, "order")).items()}


async def update(sessions: Sessions, **arguments: JsonValue) -> Result:
    """Update orders."""
    return await apply(sessions, Update.model_validate({"entity": "order", **arguments}))


EQUALITIES: list[Row] = [
    {"amount": "12345678901234567890.1234567891"},
    {"due": "2029-12-31T22:00:00Z"},
    {"day": "2030-01-01"},
    {"open": False},
    {"share": 0.1},
    {"extra": {"a": [1, None]}},
    {"group": "it's"},
    {"number": "7"},
]


async def test_values_of_every_type_are_stored_and_found_again(odd: Sessions, subtests: pytest.Subtests) -> None:
    """Decimals, times, dates, numbers, truth values and objects go in as JSON and are equal to themselves."""
    for where in EQUALITIES:
        with subtests.test(str(where)):
            found = await update(odd, where=where, changes=FULL)
            assert (found.skipped, found.updated) == (1, 0)
    await assert_balanced(odd, "order")


async def test_a_number_is_a_natural_key(odd: Sessions) -> None:
    """It may come as text, as keys of JSON objects do, and means the same row."""
    changes: dict[str, JsonValue] = {"7": {"share": 0.5}, "8": {"open": False}}
    assert (await update(odd, changes_by_key=changes, expected_version={"7": 1, "8": 1})).updated == 2
    with pytest.raises(StaleVersion):
        await update(odd, changes_by_key={"8": {"open": True}}, expected_version={"8": 1})
    assert (await update(odd, key=["7", 8], changes={"group": "both"})).updated == 2
    with pytest.raises(Duplicate, match="row 2 number: 8 stands in row 1 too"):
        await apply(odd, BulkInsert(entity="order", rows=[{"number": 8}, {"number": "8"}]))


async def test_a_reference_need_not_be_named_after_an_id(odd: Sessions) -> None:
    """The column `within` is named `within.number` in rows, in an upsert too."""
    for within, expected in ((8, 2), (None, None), (7, 1)):
        rows: list[Row] = [{"number": 9, "within.number": within}]
        await apply(odd, BulkInsert(entity="order", rows=rows, on_conflict=OnConflict.UPDATE))
        assert (await orders(odd))[3]["within"] == expected
    assert (await update(odd, where={"within.number": 7}, changes={"group": "in"})).updated == 2
    await assert_balanced(odd, "order")


async def test_the_whole_life_of_tables_with_reserved_names(odd: Sessions) -> None:
    """Insert, cascade, restore and purge of the tables "order" and "Note", and objects of them."""
    notes: list[Row] = [{"text": "a", "order.number": 8, "took": "PT1H30M"}, {"text": "b", "order_id": 2}]
    await apply(odd, BulkInsert(entity="Note", rows=notes))
    async with begin(odd) as tx:
        order = await tx.session.get_one(Order, 1)
        order.amount /= 3
        tx.session.add(Note(text="c", order_id=1))
    await assert_balanced(odd, "order", "Note")
    cascade = SoftDelete(entity="order", key=[7], cascade=True)
    assert (await apply(odd, cascade, "first")).deleted == 5
    assert (await apply(odd, Restore(job_id="first"))).restored == 5
    assert (await apply(odd, cascade, "second")).deleted == 5
    assert (await apply(odd, Purge(retention_days=1e-9))).purged == 5
    await assert_balanced(odd, "order", "Note")


async def test_columns_may_be_named_as_our_statements_name_rows(odd: Sessions) -> None:
    """A column `target` is not taken for the row: what is written and audited is the row itself, in every way."""
    await apply(odd, BulkInsert(entity="target", rows=[{"key": "a"}, {"key": "b"}]))
    assert (await apply(odd, Update(entity="target", key=["a"], changes={"target": "1", "current": "2"}))).updated == 1
    arguments: Row = {"entity": "target", "key": ["a"], "changes": {"written": "3", "planned": "4", "old_row": "5"}}
    assert isinstance(await deliver(odd, JOB, arguments), Succeeded)
    upsert: list[Row] = [{"key": "a", "target": "6"}, {"key": "c"}]
    await apply(odd, BulkInsert(entity="target", rows=upsert, on_conflict=OnConflict.UPDATE))
    async with begin(odd) as tx:
        (await tx.session.get_one(Target, 1)).current = "7"
        tx.session.add(Target(key="d"))
    await assert_balanced(odd, "order", "target")
    assert (await apply(odd, SoftDelete(entity="target", key=["a", "b"]), "gone")).deleted == 2
    assert (await apply(odd, Restore(job_id="gone"))).restored == 2
    assert (await apply(odd, SoftDelete(entity="target", key=["b"]))).deleted == 1
    assert (await apply(odd, Purge(retention_days=1e-9))).purged == 1
    await assert_balanced(odd, "order", "target")


MISFITS: list[tuple[Command, type[CounterfoilError], str]] = [
    (Update(entity="Note", key=["x"], changes={"text": "x"}), InvalidRows, "Note has no natural key; select by id"),
    (
        BulkInsert(entity="Note", rows=[{"text": "x", "order_id": 1}], on_conflict=OnConflict.SKIP),
        InvalidRows,
        "Note has no natural key; only error is possible",
    ),
    (BulkInsert(entity="Note", rows=[{"text": "x", "order.nmber": 7}]), InvalidRows, "did you mean 'order.number'"),
    (Update(entity="note", id=[1], changes={"text": "x"}), UnknownName, "did you mean 'Note'"),
    (
        Update(entity="order", key=["x"], changes={"group": "x"}),
        InvalidRows,
        "number: Input should be a valid integer",
    ),
    (
        Update(entity="order", key=[2**40], changes={"group": "x"}),
        InvalidRows,
        "integers from -2147483648 to 2147483647",
    ),
    (Update(entity="order", key=[7], changes={"number": 2**40}), InvalidRows, "number: out of range"),
    (Update(entity="order", key=[7], changes={"amount": "1e25"}), InvalidRows, "numeric field overflow"),
    (Update(entity="order", key=[7], changes={"amount": "inf"}), InvalidRows, "should be a finite number"),
    (Update(entity="order", key=[7], changes={"due": "2030-01-01T00:00:00"}), InvalidRows, "have timezone info"),
    (Update(entity="order", key=[7], changes={"share": True}), InvalidRows, "a number, not true or false"),
    (
        Update(entity="order", changes_by_key={"7": {"group": "a"}, "07": {"group": "b"}}),
        InvalidRows,
        "changes_by_key: names a row twice",
    ),
]


async def test_what_does_not_fit_is_refused(odd: Sessions, subtests: pytest.Subtests) -> None:
    """Each value that its column cannot hold, and each way that the entity does not have."""
    before = await orders(odd)
    for command, error, message in MISFITS:
        with subtests.test(message):
            with pytest.raises(error, match=message):
                await apply(odd, command)
            assert await orders(odd) == before
