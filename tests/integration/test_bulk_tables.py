"""What a bulk job keeps beside its row: kept and read back, and gone when the job goes."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update
from sqlmodel import col

from domain.commands import Prune
from domain.reject import RAW_KEPT, Fate, Reject, RowFate
from domain.row_runs import RowRun, runs_of
from persistence import rejects, row_report
from persistence.database import Database
from persistence.dead_jobs import drop_ids
from persistence.job_table import JobRow
from persistence.prune import prune_jobs
from persistence.reader import reader
from persistence.rejects import clear_rejects, keep_rejects, rejects_of
from persistence.row_report import keep_report, report_of, report_runs
from persistence.sessions import Sessions
from persistence.upload import chunk_of, keep_chunk, remove_upload, upload_size
from tests.resting import rest
from tests.worlds import begin, sql

pytestmark = pytest.mark.on_every_engine

TABLES = ("job_reject", "job_report", "job_upload")


async def keep_all(sessions: Sessions, *job_ids: str) -> None:
    """Keep something of each kind beside dead jobs."""
    for job_id in job_ids:
        await rest(sessions, job_id=job_id)
        async with begin(sessions) as tx:
            await keep_rejects(tx.session, job_id, [Reject(2, "title", "odd", "{}")])
            await keep_report(tx.session, job_id, 1, [RowRun(2, 1, Fate.REFUSED, None)])
            await keep_chunk(tx.session, job_id, 1, b"bytes")


async def owners(database: Database) -> dict[str, Sequence[str]]:
    """Return the jobs of which each table holds something."""
    return {table: [row[0] for row in await sql(database, f"SELECT job_id FROM {table}")] for table in TABLES}  # noqa: S608


async def read_rejects(sessions: Sessions, job_id: str = "j") -> list[Reject]:
    """Return all rejects of a job."""
    async with reader(sessions) as read:
        return [one async for one in rejects_of(read, job_id)]


async def test_what_is_pruned_takes_everything_along(database: Database, sessions: Sessions) -> None:
    """Of that job alone."""
    await keep_all(sessions, "old", "young")
    async with database.engine.begin() as connection:
        old = update(JobRow).where(col(JobRow.id) == "old")
        await connection.execute(old.values(finished_at=datetime.now(UTC) - timedelta(days=91)))
    async with begin(sessions) as tx:
        assert (await prune_jobs(tx, Prune(finished_days=7, dead_days=90))).purged == 1
    assert await owners(database) == {table: ["young"] for table in TABLES}


async def test_what_is_dropped_loses_everything_but_its_id(database: Database, sessions: Sessions) -> None:
    """The row stays, so that no foreign key clears beside it."""
    await keep_all(sessions, "mine", "other")
    async with begin(sessions) as tx:
        await drop_ids(tx, ["mine"])
    assert await owners(database) == {table: ["other"] for table in TABLES}
    assert await sql(database, "SELECT state FROM job WHERE id = 'mine'") == [("dropped",)]


async def test_rejects_are_read_back_as_they_were_given_by_line(sessions: Sessions) -> None:
    """Also over several pages and calls, with several problems of a line, out of order."""
    await rest(sessions, job_id="j")
    late = [Reject(line, "", "odd", f"raw {line}", "key,title") for line in range(1_500, 3_200)]
    twice = [Reject(9, "key", "one", "raw 9", "key,title"), Reject(9, "title", "two", "raw 9", "key,title")]
    async with begin(sessions) as tx:
        await keep_rejects(tx.session, "j", late)
        await keep_rejects(tx.session, "j", [*twice, Reject(1, "", "first", "", "key,title")])
    assert await read_rejects(sessions) == [Reject(1, "", "first", "", "key,title"), *twice, *late]
    async with begin(sessions) as tx:
        await clear_rejects(tx.session, "j")
    assert await read_rejects(sessions) == []


async def test_no_text_is_too_bad_or_too_long_to_be_kept(sessions: Sessions) -> None:
    """What PostgreSQL cannot store is escaped, and what is longer than anybody reads is cut."""
    await rest(sessions, job_id="j")
    bad = Reject(1, "a\0", "b\ud800", "c\0" * RAW_KEPT, "d\0")
    async with begin(sessions) as tx:
        await keep_rejects(tx.session, "j", [bad])
    (kept,) = await read_rejects(sessions)
    assert (kept.field, kept.reason, kept.header) == ("a\\u0000", "b\\ud800", "d\\u0000")
    assert (len(kept.raw), kept.raw[:14]) == (RAW_KEPT, "c\\u0000c\\u0000")


async def test_a_record_of_many_problems_is_kept_once(sessions: Sessions, database: Database) -> None:
    """Also where they take several statements; so is the header."""
    await rest(sessions, job_id="j")
    many = [Reject(1, f"f{number}", "odd", "raw", "h") for number in range(rejects.PAGE + 1)]
    async with begin(sessions) as tx:
        await keep_rejects(tx.session, "j", many)
    assert await read_rejects(sessions) == many
    assert await sql(database, "SELECT count(*), count(raw), count(header) FROM job_reject") == [(len(many), 1, 1)]


async def test_a_report_is_read_back_batch_by_batch(sessions: Sessions) -> None:
    """Over several pages; a batch without rows is none."""
    await rest(sessions, job_id="j")
    batches = [
        [RowFate(10 * n + 1, Fate.INSERTED, 5 * n), RowFate(10 * n + 2, Fate.INSERTED, 5 * n + 1)]
        for n in range(row_report.PAGE + 1)
    ]
    async with begin(sessions) as tx:
        for number, batch in enumerate([*batches, []]):
            await keep_report(tx.session, "j", number, runs_of(batch))
    async with reader(sessions) as read:
        assert [fate async for fate in report_of(read, "j")] == [fate for batch in batches for fate in batch]
        runs = [run async for run in report_runs(read, "j")]
    assert runs[:2] == [RowRun(1, 2, Fate.INSERTED, 0), RowRun(11, 2, Fate.INSERTED, 5)]
    assert isinstance(runs[0].fate, Fate)


async def test_an_upload_is_read_chunk_by_chunk_until_it_is_removed(sessions: Sessions, database: Database) -> None:
    """Its bytes lie as they came: PostgreSQL does not try to compress them once more."""
    await rest(sessions, job_id="j")
    chunks = [bytes(100_000), b"end"]
    async with begin(sessions) as tx:
        for number, data in enumerate(chunks):
            await keep_chunk(tx.session, "j", number, data)
        assert await upload_size(tx.session, "j") == 100_003
        assert [await chunk_of(tx.session, "j", number) for number in range(3)] == [*chunks, None]
    if database.engine.dialect.name == "postgresql":
        assert (await sql(database, "SELECT max(pg_column_size(data)) FROM job_upload"))[0][0] >= 100_000
    async with begin(sessions) as tx:
        await remove_upload(tx.session, "j")
        assert (await upload_size(tx.session, "j"), await chunk_of(tx.session, "j", 0)) == (0, None)
