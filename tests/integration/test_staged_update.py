"""Rows that each take values of their own, brought by COPY."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from domain.commands import BulkInsert
from domain.entities import Entities
from domain.errors import AuditMismatch, ConstraintViolated, Duplicate, InvalidRows
from domain.result import IDS_KEPT
from persistence.database import Database
from persistence.sessions import Sessions, create_sessions
from persistence.staged_update import apply_columns
from tests.broken_rows import before_each_row, mend
from tests.ledger import assert_balanced, rows_by_id
from tests.oddities import METADATA, Note, Order, Target
from tests.worlds import apply, begin, images, plant, trail


async def test_each_row_takes_its_own_values_and_what_changed_is_audited(sessions: Sessions) -> None:
    """A row that has its values already is told from those that changed; only what differs is audited."""
    await plant(sessions, tasks=3)
    before = await images(sessions, "task")
    rows = [(1, "One", "done", '["x"]'), (2, "Task 1", "pending", "[]"), (3, "Task 2", "blocked", "[]")]
    async with begin(sessions, "job") as tx:
        written = await apply_columns(tx, tx.entities["task"], ["title", "status", "tags"], rows)
    after = await images(sessions, "task")
    assert (written.result.updated, written.result.skipped, written.changed) == (2, 1, {1, 3})
    assert written.result.ids == {"updated": {"task": [1, 3]}}
    entries = await trail(sessions, job_id="job")
    for entry, changed in zip(entries, [{"title", "status", "tags"}, {"status"}], strict=True):
        row_id, columns = int(entry.entity_id), changed | {"version", "updated_at"}
        assert entry.before == {column: before[row_id][column] for column in columns}
        assert entry.after == {column: after[row_id][column] for column in columns}
    assert after[2] == before[2]
    await assert_balanced(sessions)


async def test_batches_of_any_columns_follow_one_another_in_one_transaction(sessions: Sessions) -> None:
    """Rows of a batch before are forgotten, the next transaction starts anew, and all changed ids are told."""
    count = IDS_KEPT + 500
    await plant(sessions, tasks=count)
    for turn in range(2):
        async with begin(sessions) as tx:
            task = tx.entities["task"]
            for part in (range(1, 751), range(751, count + 1), range(1, 2), range(2, 3)):
                written = await apply_columns(tx, task, ["title"], [(n, f"{turn} {n} of {len(part)}") for n in part])
                assert written.changed == set(part)
            written = await apply_columns(
                tx, task, ["description", "assignee_id"], [(n, f"{turn}", None) for n in range(1, count + 1)]
            )
            assert (written.result.updated, written.result.ids_complete) == (count, False)
            assert written.changed == set(range(1, count + 1))
            assert await apply_columns(tx, task, ["title"], []) == type(written)(type(written.result)(), set())
    await assert_balanced(sessions)


async def test_what_the_database_refuses_is_told_as_ever(sessions: Sessions) -> None:
    """A key that is taken, a value out of its bounds, a text too long, a value of another type."""
    await plant(sessions, tasks=2)
    before = await images(sessions, "task")
    refused = [
        ("key", "t1", Duplicate),
        ("status", "dnoe", ConstraintViolated),
        ("title", None, ConstraintViolated),
        ("key", "k" * 201, InvalidRows),
    ]
    for name, value, error in refused:
        with pytest.raises(error):
            async with begin(sessions) as tx:
                await apply_columns(tx, tx.entities["task"], [name], [(1, value)])
    assert await images(sessions, "task") == before


async def test_a_trigger_has_the_last_word_in_the_audit_row_and_in_the_counts(database: Database) -> None:
    """What a trigger makes of a value is audited; what it holds back did not change; a lost audit row rolls back."""
    sessions = database.sessions
    await plant(sessions, tasks=2)
    body = "IF OLD.id = 1 THEN RETURN NULL; END IF; NEW.title := upper(NEW.title); RETURN NEW;"
    await before_each_row(database, "UPDATE", "task", body)
    async with begin(sessions) as tx:
        written = await apply_columns(tx, tx.entities["task"], ["title"], [(1, "one"), (2, "two")])
    assert (written.changed, written.result.skipped) == ({2}, 1)
    assert [row["title"] for row in (await images(sessions, "task")).values()] == ["Task 0", "TWO"]
    await assert_balanced(sessions)
    await mend(database)
    await before_each_row(database, "INSERT", "audit_log", "IF NEW.id % 2 = 0 THEN RETURN NULL; END IF; RETURN NEW;")
    with pytest.raises(AuditMismatch):
        async with begin(sessions) as tx:
            await apply_columns(tx, tx.entities["task"], ["title"], [(1, "a"), (2, "b")])


async def test_tables_and_columns_may_be_named_as_sql_and_our_statements_name_things(database: Database) -> None:
    """Reserved words, our own words, and values of every type, of tables that hold them."""
    async with database.engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
    sessions = create_sessions(database.engine, Entities([Order, Note, Target]))
    await apply(sessions, BulkInsert(entity="order", rows=[{"number": 7}, {"number": 8}]))
    await apply(sessions, BulkInsert(entity="target", rows=[{"key": "a"}, {"key": "b"}]))
    words = ["key", "target", "current", "written", "planned", "old_row", "change", "input", "candidate"]
    columns = ["number", "group", "amount", "due", "open", "share", "extra", "within"]
    due = datetime(2030, 1, 1, tzinfo=UTC)
    async with begin(sessions) as tx:
        values = (9, "it's", Decimal("12345678901234567890.1234567891"), due, False, 0.1, '{"a": [1, null]}', 2)
        written = await apply_columns(tx, tx.entities["order"], columns, [(1, *values)])
        assert written.changed == {1}
        assert (await apply_columns(tx, tx.entities["order"], columns, [(1, *values)])).changed == set()
        assert (await apply_columns(tx, tx.entities["target"], words, [(2, *words)])).changed == {2}
    rows = await rows_by_id(sessions, "target")
    assert {word: rows["target", 2][word] for word in words} == {word: word for word in words}
    await assert_balanced(sessions, "order", "target")
