"""Files as they come: changing, cut off, of other encodings, with values that fit nowhere, or named by a URL."""

import gzip
import os
from pathlib import Path

import pytest
from arq.connections import ArqRedis

from persistence.database import Database
from persistence.sessions import Sessions
from tests.imports import counts, imported, refusals, working
from tests.processes import command
from tests.relays import jobs
from tests.worlds import live, plant, sql
from worker.bulk.feed import packed
from worker.importing import upload
from worker.settings import Settings

CUT = "the gzip stream ends early: its last member has no end; copy it again, whole"
MEMBERS = "key,name,email\nada,Ada,\nzoë,Zoë,\n"


async def test_a_file_that_changes_while_it_is_sent_is_not_sent(
    settings: Settings, sessions: Sessions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of the one and half of the other would be nobody's file."""
    file = tmp_path / "members.csv"
    file.write_text(MEMBERS + "".join(f"k{row},Name,\n" for row in range(1_000)))

    def rewritten(data: bytes) -> bytes:
        if data:
            file.write_text(MEMBERS)
        return packed(data)

    monkeypatch.setattr(upload, "packed", rewritten)
    ended = await command(settings, "import", str(file), "--entity", "member")
    assert (ended.code, ended.out) == (2, "")
    assert ended.line.startswith(f"counterfoil: cannot read '{file}': it changed while it was read")
    assert not await jobs(sessions)


async def test_a_file_that_is_cut_off_writes_nothing(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis, tmp_path: Path
) -> None:
    """The rows before the cut are half of a file: it is not sent, or where the worker finds it out, the job is dead."""
    file = tmp_path / "members.csv.gz"
    whole = gzip.compress(("key,name\n" + "".join(f"{os.urandom(8).hex()},x\n" for _ in range(20_000))).encode())
    file.write_bytes(whole[: len(whole) // 2])
    ended = await command(settings, "import", str(file), "--entity", "member")
    assert (ended.code, ended.line) == (2, f"counterfoil: {CUT}")
    assert not await jobs(sessions)
    rooted = settings.model_copy(update={"sources": (tmp_path.as_uri(),)})
    async with working(rooted, database, redis):
        summary = await imported(settings, file.as_uri(), "member")
    assert (summary["code"], summary["ending"], summary["inserted"]) == (1, "failed", 0)
    assert CUT in summary["failures"][0]
    assert [row.state for row in await jobs(sessions)] == ["dead"]
    assert await live(sessions, "member") == {}


@pytest.mark.parametrize(
    ("encoding", "options"),
    [("utf-8-sig", ()), ("latin-1", ("--encoding", "latin-1")), ("cp1252", ("--encoding", "cp1252"))],
)
async def test_text_of_another_encoding_is_read(  # noqa: PLR0913, PLR0917 - fixtures
    settings: Settings,
    database: Database,
    sessions: Sessions,
    redis: ArqRedis,
    tmp_path: Path,
    encoding: str,
    options: tuple[str, ...],
) -> None:
    """A byte order mark is no part of the first column's name."""
    file = tmp_path / "members.csv"
    file.write_bytes(MEMBERS.encode(encoding))
    async with working(settings, database, redis):
        summary = await imported(settings, file, "member", *options)
    assert (counts(summary), summary["notes"]) == ((2, 0, 0, 0), [])
    assert {key: row["name"] for key, row in (await live(sessions, "member")).items()} == {"ada": "Ada", "zoë": "Zoë"}


async def test_numbers_that_no_column_holds_are_refused_line_by_line(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis, tmp_path: Path
) -> None:
    """With the limits that the schema draws."""
    await plant(sessions, tasks=0)
    file = tmp_path / "tasks.ndjson"
    ids = ["1", str(2**63), "1" + "0" * 400, "-1", "1.5", "NaN", "true", '"1"']
    file.write_text("".join(f'{{"key": "k{n}", "title": "t", "project_id": {one}}}\n' for n, one in enumerate(ids)))
    async with working(settings, database, redis):
        summary = await imported(settings, file, "task")
    assert [line for line, _, _ in refusals(summary)] == [2, 3, 4, 5, 6, 7]
    assert set(await live(sessions)) == {"k0", "k7"}


async def test_a_url_outside_the_roots_is_refused_and_one_inside_is_read(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis, tmp_path: Path
) -> None:
    """The worker's own files are nobody's to ask for."""
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    for folder in (inside, outside):
        folder.mkdir()
        (folder / "members.csv").write_text(MEMBERS)
    rooted = settings.model_copy(update={"sources": (inside.as_uri(),)})
    async with working(rooted, database, redis):
        refused = await imported(settings, (outside / "members.csv").as_uri(), "member")
        escaped = await imported(settings, f"{inside.as_uri()}/../outside/members.csv", "member")
        assert await live(sessions, "member") == {}
        summary = await imported(settings, (inside / "members.csv").as_uri(), "member")
    for one in (refused, escaped):
        assert (one["code"], one["ending"]) == (1, "failed")
    assert (summary["code"], counts(summary)) == (0, (2, 0, 0, 0))
    assert await sql(database, "SELECT 1 FROM job_upload") == []
