"""What the rules on refused rows do to a whole job: abort, too many of them, a dry run."""

from pathlib import Path

import pytest
from arq.connections import ArqRedis

from persistence.database import Database
from persistence.sessions import Sessions
from tests.imports import counts, imported, refusals, rejected, working
from tests.relays import jobs
from tests.worlds import images, plant, sql, trail
from worker.settings import Settings

pytestmark = pytest.mark.on_every_engine

BAD = {3: "project.key: no live project 'beta'", 4: "title: Field required", 5: "key: a live task has 't0'"}


@pytest.fixture
async def tasks(sessions: Sessions, tmp_path: Path) -> Path:
    """Return a file with two tasks that fit, in the first line and in the last, and three that do not."""
    await plant(sessions, tasks=1)
    file = tmp_path / "tasks.csv"
    file.write_text("key,title,project.key\na,A,alpha\nb,B,beta\nc,,alpha\nt0,T,alpha\nd,D,alpha\n")
    return file


async def test_abort_writes_nothing_and_keeps_every_bad_row(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis, tasks: Path
) -> None:
    """Beside the dead job; the import ends with exit code 1 and the job's error."""
    before = await images(sessions, "task"), await trail(sessions)
    async with working(settings, database, redis):
        summary = await imported(settings, tasks, "task", "--on-invalid", "abort")
    (job,) = await jobs(sessions)
    assert (job.state, summary["code"], summary["ending"]) == ("dead", 1, "failed")
    assert (await rejected(settings, job.id))[1] == BAD
    assert [line for line, _, _ in refusals(summary)] == list(BAD)
    assert "on_invalid is abort" in summary["failures"][0]
    assert (await images(sessions, "task"), await trail(sessions)) == before
    assert await sql(database, "SELECT 1 FROM job_report") == []


async def test_abort_writes_everything_where_all_rows_fit(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis, tmp_path: Path
) -> None:
    """Nothing is looked for beforehand then; the table itself would say no."""
    await plant(sessions, tasks=0)
    file = tmp_path / "tasks.csv"
    file.write_text("key,title,project.key\na,A,alpha\nb,B,alpha\n")
    async with working(settings, database, redis):
        summary = await imported(settings, file, "task", "--on-invalid", "abort")
    assert (summary["code"], counts(summary)) == (0, (2, 0, 0, 0))


@pytest.mark.parametrize(("most", "state"), [(3, "succeeded"), (2, "dead")])
async def test_more_refused_rows_than_the_job_may_have_are_its_end(  # noqa: PLR0913, PLR0917 - fixtures
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis, tasks: Path, most: int, state: str
) -> None:
    """As many as it may have are not."""
    async with working(settings, database, redis):
        summary = await imported(settings, tasks, "task", "--max-rejects", str(most))
    (job,) = await jobs(sessions)
    assert job.state == state
    assert (await rejected(settings, job.id))[1] == BAD
    assert len(await images(sessions, "task")) == (3 if state == "succeeded" else 1)
    said = [f"more than max_rejects {most} rows were refused" in failure for failure in summary["failures"]]
    assert said == ([True] if state == "dead" else [])


async def test_a_dry_run_tells_everything_and_writes_nothing(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis, tasks: Path
) -> None:
    """Counts and changes are those of the run that follows, and the refused rows are kept."""
    before = await images(sessions, "task"), await trail(sessions)
    async with working(settings, database, redis):
        dry = await imported(settings, tasks, "task", "--dry-run", "--on-conflict", "update")
        assert (await images(sessions, "task"), await trail(sessions)) == before
        real = await imported(settings, tasks, "task", "--on-conflict", "update")
    assert (dry["ending"], dry["code"], counts(dry)) == ("dry run", 1, counts(real))
    assert counts(real) == (2, 1, 0, 2)
    told = [(change["action"], change["after"].get("key"), change["after"]["title"]) for change in dry["changes"]]
    assert told == [("insert", "a", "A"), ("insert", "d", "D"), ("update", None, "T")]
    reasons = {line: reason for line, reason in BAD.items() if line != 5}
    assert [(await rejected(settings, one["jobs"][0]))[1] for one in (dry, real)] == [reasons, reasons]
    assert await sql(database, "SELECT 1 FROM job_upload") == []
