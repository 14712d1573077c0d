"""Rows that cannot be taken are named with their lines; the others are written."""

from pathlib import Path
from typing import Any

from arq.connections import ArqRedis

from domain.commands import BulkInsert
from persistence.database import Database
from persistence.sessions import Sessions
from tests.imports import counts, imported, refusals, working
from tests.worlds import apply, live, plant, trail
from worker.settings import Settings

HEADER = "key,title,project.key\n"


async def test_one_bad_row_never_costs_its_neighbours(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis, tmp_path: Path
) -> None:
    """Whether the reader, the schema or the database refuses it."""
    await plant(sessions, tasks=1)
    file = tmp_path / "tasks.csv"
    file.write_bytes(
        b"key,title,project.key,priority\n"
        b'a,"Sow,\nand water",alpha,high\n'
        b"b,Weed\n"
        b"c,\xff,alpha,\n"
        b"d,Mow,alpha,hihg\n"
        b"e,Dig,beta,\n"
        b"t0,Rake,alpha,\n"
        b"a,Prune,alpha,\n"
        b"f,Graft,alpha,\n"
    )
    async with working(settings, database, redis):
        summary = await imported(settings, file, "task")
    assert refusals(summary) == [
        (4, "", "2 cells, expected 4 as in the header"),
        (5, "", "not utf-8: byte 3 of line 5, 0xff"),
        (6, "priority", "Input should be 'low', 'medium', 'high' or 'urgent'"),
        (7, "project.key", "no live project 'beta'"),
        (8, "key", "a live task has 't0'"),
        (9, "key", "'a' stands in line 2 too"),
    ]
    assert (summary["code"], summary["read"], counts(summary)) == (1, 8, (2, 0, 0, 6))
    written = await live(sessions)
    assert {key: (row["title"], row["priority"]) for key, row in written.items()} == {
        "t0": ("Task 0", "medium"),
        "a": ("Sow,\nand water", "high"),
        "f": ("Graft", "medium"),
    }
    reasons = [entry.reason for entry in await trail(sessions) if entry.job_id != "plant"]
    assert reasons == ["import of tasks.csv"] * 2


async def test_a_file_of_bad_rows_costs_no_good_one(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis, tmp_path: Path
) -> None:
    """Eight of nine rows of 3,000 are refused by the database, and every other one is there."""
    await plant(sessions, tasks=0)
    file = tmp_path / "tasks.csv"
    rows = (f"k{row},x,{'alpha' if row % 9 == 1 else 'beta'}\n" for row in range(2, 3_002))
    file.write_text(HEADER + "".join(rows))
    async with working(settings, database, redis):
        summary = await imported(settings, file, "task")
    assert counts(summary) == (333, 0, 0, 2_667)
    assert [line for line, _, _ in refusals(summary)[:9]] == [2, 3, 4, 5, 6, 7, 8, 9, 11]
    assert len(await live(sessions)) == 333


async def test_a_key_that_comes_again_belongs_to_its_first_row(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis, tmp_path: Path
) -> None:
    """However far apart the two stand: 5,000 rows are more than are copied together."""
    await plant(sessions, tasks=0)
    file = tmp_path / "tasks.csv"
    keys = [*range(5_000), *range(20)]
    file.write_text(HEADER + "".join(f"k{key},row {row},alpha\n" for row, key in enumerate(keys, 2)))
    async with working(settings, database, redis):
        summary = await imported(settings, file, "task")
        assert counts(summary) == (5_000, 0, 0, 20)
        assert refusals(summary)[0] == (5_002, "key", "'k0' stands in line 2 too")
        summary = await imported(settings, file, "task", "--on-conflict", "skip")
        assert counts(summary) == (0, 0, 5_020, 0)
    assert {row["title"] for row in (await live(sessions)).values()} == {f"row {row}" for row in range(2, 5_002)}


async def test_on_conflict_update_changes_what_the_file_says_and_no_more(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis, tmp_path: Path
) -> None:
    """An empty cell says nothing; a row that is the same already is skipped."""
    await plant(sessions, tasks=0)
    said: list[Any] = [{"key": key, "title": key, "description": "old", "project.key": "alpha"} for key in "ab"]
    await apply(sessions, BulkInsert(entity="task", rows=said))
    file = tmp_path / "tasks.csv"
    file.write_text("key,title,description,project.key\na,new,,alpha\nb,b,old,alpha\nc,c,,alpha\n")
    async with working(settings, database, redis):
        summary = await imported(settings, file, "task", "--on-conflict", "update")
    assert counts(summary) == (1, 1, 1, 0)
    assert {key: (row["title"], row["description"]) for key, row in (await live(sessions)).items()} == {
        "a": ("new", "old"),
        "b": ("b", "old"),
        "c": ("c", None),
    }


async def test_a_record_beyond_the_limit_is_refused_and_no_other(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis, tmp_path: Path
) -> None:
    """A file may be larger than a job's arguments may be, a record may not."""
    await plant(sessions, tasks=0)
    small = settings.model_copy(update={"max_rows": 5, "max_bytes": 4_000})
    file = tmp_path / "tasks.csv"
    sizes = [1] * 11 + [1_500] * 3 + [3_000, 5_000, 1]
    body = "".join(f"k{row},{row},{'é' * (size // 2)},alpha\n" for row, size in enumerate(sizes, 2))
    file.write_text("key,title,description,project.key\n" + body)
    async with working(small, database, redis):
        summary = await imported(small, file, "task")
    assert counts(summary) == (16, 0, 0, 1)
    ((line, _, reason),) = refusals(summary)
    assert (line, reason) == (17, "longer than 4000 bytes")
