"""Rows that cannot be taken are named with their lines; the others are written."""

import json
from pathlib import Path
from typing import Any

from arq.connections import ArqRedis

from domain.commands import BulkInsert, OnConflict
from persistence.transaction import Sessions
from tests.workers import running_worker
from tests.worlds import apply, live, plant, trail
from worker.composition import Database
from worker.importing.options import Options, format_of
from worker.importing.run import import_rows
from worker.importing.tally import Tally
from worker.settings import Settings


async def imported(
    settings: Settings, file: Path, *, batch_size: int = 1_000, on_conflict: OnConflict = OnConflict.ERROR
) -> Tally:
    """Import tasks from the file and return what they came to."""
    options = Options(
        file=str(file),
        entity="task",
        format=format_of(file.name, None),
        actor="ada",
        batch_size=batch_size,
        on_conflict=on_conflict,
    )
    tally = Tally()
    await import_rows(options, settings, tally)
    return tally


def named(tally: Tally) -> list[tuple[int, str, str]]:
    """Return the refusals."""
    return [(one.line, one.field, one.reason) for one in tally.refusals()]


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
    async with running_worker(settings, database, redis):
        tally = await imported(settings, file)
    assert named(tally) == [
        (4, "", "2 cells, expected 4 as in the header"),
        (5, "", "not utf-8: byte 3 of line 5, 0xff"),
        (6, "priority", "Input should be 'low', 'medium', 'high' or 'urgent'"),
        (7, "project.key", "no live project 'beta'"),
        (8, "key", "a live task has 't0'"),
        (9, "key", "'a' stands in line 2 too"),
    ]
    assert (tally.read, tally.inserted, tally.refused, tally.jobs) == (8, 2, 6, 3)
    written = await live(sessions)
    assert {key: (row["title"], row["priority"]) for key, row in written.items()} == {
        "t0": ("Task 0", "medium"),
        "a": ("Sow,\nand water", "high"),
        "f": ("Graft", "medium"),
    }
    reasons = [entry.reason for entry in await trail(sessions) if entry.job_id != "plant"]
    assert reasons == ["import of tasks.csv, lines 2 to 10"] * 2


async def test_more_bad_rows_than_an_answer_names_are_all_refused(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis, tmp_path: Path
) -> None:
    """An answer names 1,000 of them; the others are found when the rest is sent again."""
    await plant(sessions, tasks=0)
    file = tmp_path / "tasks.ndjson"
    rows = [{"key": f"k{n}", "title": "x", "project.key": "alpha" if n % 9 == 0 else "none"} for n in range(3_000)]
    file.write_text("\n".join(map(json.dumps, rows)))
    async with running_worker(settings, database, redis):
        tally = await imported(settings, file, batch_size=3_000)
    assert (tally.inserted, tally.refused, tally.jobs) == (334, 2_666, 4)
    assert [line for line, _, _ in named(tally)[:9]] == [2, 3, 4, 5, 6, 7, 8, 9, 11]
    assert len(await live(sessions)) == 334


async def test_a_key_that_comes_again_in_another_batch_is_decided_by_the_file_not_by_the_race(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis, tmp_path: Path
) -> None:
    """The first row has it, however many jobs run side by side."""
    await plant(sessions, tasks=0)
    file = tmp_path / "tasks.csv"
    keys = [*range(20), *range(20)]
    file.write_text("key,title,project.key\n" + "".join(f"k{key},row {row},alpha\n" for row, key in enumerate(keys, 2)))
    async with running_worker(settings, database, redis):
        tally = await imported(settings, file, batch_size=3)
        assert (tally.inserted, tally.refused) == (20, 20)
        assert named(tally)[0] == (22, "key", "'k0' stands in line 2 too")
        tally = await imported(settings, file, batch_size=3, on_conflict=OnConflict.SKIP)
        assert (tally.inserted, tally.skipped) == (0, 40)
    assert {row["title"] for row in (await live(sessions)).values()} == {f"row {row}" for row in range(2, 22)}


async def test_on_conflict_update_changes_what_the_file_says_and_no_more(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis, tmp_path: Path
) -> None:
    """An empty cell says nothing; a row that is the same already is skipped."""
    await plant(sessions, tasks=0)
    told: list[Any] = [{"key": key, "title": key, "description": "old", "project.key": "alpha"} for key in "ab"]
    await apply(sessions, BulkInsert(entity="task", rows=told))
    file = tmp_path / "tasks.csv"
    file.write_text("key,title,description,project.key\na,new,,alpha\nb,b,old,alpha\nc,c,,alpha\n")
    async with running_worker(settings, database, redis):
        tally = await imported(settings, file, on_conflict=OnConflict.UPDATE)
    assert (tally.inserted, tally.updated, tally.skipped) == (1, 1, 1)
    assert {key: (row["title"], row["description"]) for key, row in (await live(sessions)).items()} == {
        "a": ("new", "old"),
        "b": ("b", "old"),
        "c": ("c", None),
    }


async def test_jobs_stay_within_the_limits_of_rows_and_bytes(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis, tmp_path: Path
) -> None:
    """Those that the settings draw, whatever batch size is asked for; a row that fits into no job is refused."""
    await plant(sessions, tasks=0)
    small = settings.model_copy(update={"max_rows": 5, "max_bytes": 4_000})
    file = tmp_path / "tasks.csv"
    sizes = [1] * 11 + [1_500] * 3 + [3_000, 5_000]
    body = "".join(f"k{row},{row},{'é' * (size // 6)},alpha\n" for row, size in enumerate(sizes, 2))
    file.write_text("key,title,description,project.key\n" + body)
    async with running_worker(small, database, redis):
        tally = await imported(small, file)
    assert (tally.inserted, tally.jobs) == (15, 6)
    ((line, _, reason),) = named(tally)
    assert line == 17
    assert reason.endswith("fit into a job (COUNTERFOIL_MAX_BYTES)")
