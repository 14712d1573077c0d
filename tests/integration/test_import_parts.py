"""`counterfoil import --commit-every`: a file in parts, each a job; run again, it goes on where it was."""

import asyncio
import json
import signal
from collections.abc import Sequence
from pathlib import Path

import pytest
from arq.connections import ArqRedis

from persistence.database import Database
from persistence.sessions import Sessions
from tests.imports import counts, imported, refusals, rejected, reported, working
from tests.ledger import assert_balanced
from tests.processes import command, environment, started
from tests.relays import jobs
from tests.waiting import eventually
from tests.worlds import live, plant, sql, trail
from worker.settings import Settings

EACH = ("--commit-every", "10")


def write(file: Path, rows: int, *, missing: int | None = None) -> None:
    """Write tasks, each on two lines, of project `alpha`, from the 30th on of `beta`; one of a missing project."""
    names = ("nowhere" if row == missing else "alpha" if row < 30 else "beta" for row in range(rows))
    body = (f'k{row},"Task\n{row}",{name}\n' for row, name in enumerate(names))
    file.write_text("key,title,project.key\n" + "".join(body))


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
async def test_an_import_that_was_stopped_goes_on_where_it_was(  # noqa: PLR0913, PLR0917 - fixtures
    settings: Settings,
    database: Database,
    sessions: Sessions,
    redis: ArqRedis,
    tmp_path: Path,
    number: signal.Signals,
    code: int,
) -> None:
    """What is done already is not sent again, by Ctrl-C or by a kill: in the end every row is there once."""
    await plant(sessions, tasks=0)
    await plant(sessions, tasks=0, project="beta")
    file = tmp_path / "tasks.csv"
    write(file, 55)

    async def fourth_runs() -> bool:
        return [row.state for row in await jobs(sessions)].count("succeeded") == 3 and len(await jobs(sessions)) == 4

    words = ("import", str(file), "--entity", "task", *EACH)
    async with working(settings, database, redis):
        async with database.engine.begin() as connection:
            await connection.exec_driver_sql("SELECT FROM project WHERE key = 'beta' FOR UPDATE")
            with started(environment(settings), tmp_path / "log", *words) as running:
                await eventually(fourth_runs, "the fourth part waits for its project")
                assert await asyncio.to_thread(running.stop, number) == code
        summary = await imported(settings, file, "task", *EACH)
    assert (counts(summary), len(summary["jobs"]), summary["done_before"] in {3, 4}) == ((55, 0, 0, 0), 6, True)
    assert len(await jobs(sessions)) == 6
    assert len(await live(sessions)) == len(await trail(sessions, "task")) == 55
    await assert_balanced(sessions)


async def test_lines_are_those_of_the_whole_file_and_a_corrected_part_is_a_new_job(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis, tmp_path: Path
) -> None:
    """In rejects, reports and reasons; the other parts are not sent again."""
    await plant(sessions, tasks=0)
    file = tmp_path / "tasks.csv"
    write(file, 25, missing=17)
    async with working(settings, database, redis):
        first = await imported(settings, file, "task", *EACH)
        write(file, 25)
        again = await imported(settings, file, "task", *EACH, "--on-conflict", "error")
    assert (first["code"], counts(first)) == (1, (24, 0, 0, 1))
    assert refusals(first) == [(36, "project.key", "no live project 'nowhere'")]
    assert (await rejected(settings, first["jobs"][1]))[1].keys() == {36}
    assert set(await reported(settings, first["jobs"][1])) == {*range(22, 42, 2)}
    entries = await trail(sessions, "task", first["jobs"][2])
    assert {one.reason for one in entries} == {"import of tasks.csv, lines 42 to 51"}
    assert [one == two for one, two in zip(first["jobs"], again["jobs"], strict=True)] == [True, False, True]
    assert (again["done_before"], len(await live(sessions))) == (2, 25)
    assert {line for line, _, _ in refusals(again)} == {*range(22, 42, 2)} - {36}


async def test_a_file_that_changes_meanwhile_ends_the_import_with_what_was_not_sent(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis, tmp_path: Path
) -> None:
    """The parts before it are told as they are, and the exit code is not that of an import that sent nothing."""
    await plant(sessions, tasks=0)
    await plant(sessions, tasks=0, project="beta")
    file = tmp_path / "tasks.csv"
    write(file, 95)

    async def waits() -> bool:
        return [row.state for row in await jobs(sessions)].count("succeeded") == 3 and len(await jobs(sessions)) == 4

    words = ("import", str(file), "--entity", "task", "--json", *EACH)
    async with working(settings, database, redis), database.engine.begin() as connection:
        await connection.exec_driver_sql("SELECT FROM project WHERE key = 'beta' FOR UPDATE")
        with started(environment(settings), tmp_path / "log", *words) as running:
            await eventually(waits, "the fourth part waits for its project")
            write(file, 90)
            await connection.rollback()
            assert await asyncio.to_thread(running.process.wait, 30) == 1
            assert running.process.stdout
            summary = json.loads(running.process.stdout.read())
    sent = len(summary["jobs"])
    assert (summary["ending"], summary["not_sent_from"]) == ("failed", 2 + 20 * sent)
    assert 4 <= sent < 9
    assert summary["failures"][0].endswith("it changed while it was read; send it again when nobody writes to it")
    assert counts(summary) == (10 * sent, 0, 0, 0)


async def test_a_dry_run_of_parts_says_that_it_was_one(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis, tmp_path: Path
) -> None:
    """With the parts that have refused rows, each of which has a file to correct."""
    await plant(sessions, tasks=0)
    file = tmp_path / "tasks.csv"
    write(file, 25, missing=3)
    async with working(settings, database, redis):
        dry = await command(settings, "import", str(file), "--entity", "task", *EACH, "--dry-run")
    first = (await jobs(sessions))[2]
    assert "dry run: everything was done, and taken back" in dry.out
    assert dry.out.count("to correct them: ") == 1
    assert f"to correct them: counterfoil rejects {first.id} --csv > rejects.csv" in dry.out
    assert await live(sessions) == {}


@pytest.mark.parametrize(
    ("file", "options", "why"),
    [
        ("-", ["--format", "csv"], "standard input cannot be read a second time"),
        ("file:///srv/tasks.csv", [], "a worker reads a URL in one transaction"),
        ("tasks.parquet", [], "Parquet cannot be cut by lines"),
        ("tasks.csv", ["--job-id", "j"], "each part has an id of its own"),
        ("tasks.csv", ["--distinct", "key"], "each part would know its own rows alone"),
    ],
)
async def test_what_cannot_be_cut_is_refused_before_anything_is_sent(
    settings: Settings, sessions: Sessions, file: str, options: Sequence[str], why: str
) -> None:
    """With the way out."""
    ended = await command(settings, "import", file, "--entity", "task", *EACH, *options)
    assert (ended.code, ended.out) == (2, "")
    assert ended.line.startswith(f"counterfoil: --commit-every '10': {why}")
    assert not await jobs(sessions)


async def test_the_parts_of_a_real_file_are_the_file(
    settings: Settings, database: Database, redis: ArqRedis, shared_data: Path
) -> None:
    """Records of many lines, quotes and all, packed or not."""
    options = ("--map", "key=package", "--map", "name=package", "--distinct", "key", "--on-conflict", "skip")
    tasks = ("--map", "key=key", "--map", "title=title", "--map", "description=details", "--set", "title=(untitled)")
    file = shared_data / "advisories.csv"
    async with working(settings, database, redis):
        await imported(settings, file, "project", *options)
        summary = await imported(
            settings, file, "task", *tasks, "--map", "project.key=package", "--commit-every", "500"
        )
    assert (counts(summary), len(summary["jobs"])) == ((2_661, 0, 0, 0), 6)
    assert await sql(database, "SELECT count(*) FROM task") == [(2_661,)]
