"""`counterfoil import` as a person meets it: what it says, and the exit code with which it ends."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from arq.connections import ArqRedis

from persistence.database import Database
from persistence.sessions import Sessions
from tests.imports import working
from tests.processes import command, environment, run_command, started
from tests.relays import jobs
from tests.waiting import eventually
from tests.worlds import live
from worker.settings import Settings

HEADER = "key,name,email\n"
MEMBERS = ("--entity", "member")


@pytest.fixture
def members(tmp_path: Path) -> Path:
    """Return a file with two members that fit and one that does not."""
    file = tmp_path / "members.csv"
    file.write_text(f"{HEADER}ada,Ada,\n,Boris,\nchen,Chen,chen@example.org\n")
    return file


async def test_the_summary_is_a_table_and_a_line_for_each_refused_row(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis, members: Path
) -> None:
    """Off a terminal nothing else is printed; the exit code tells that a row was refused."""
    async with working(settings, database, redis):
        ended = await asyncio.to_thread(run_command, environment(settings), "import", str(members), *MEMBERS)
    assert (ended.code, ended.err) == (1, "")
    cells = [line.strip("│ ").split("│") for line in ended.out.splitlines() if line.startswith("│")]
    counts = {label.strip(): value.strip() for label, value in cells}
    assert {name: counts[name] for name in ("rows read", "inserted", "refused")} == {
        "rows read": "3",
        "inserted": "2",
        "refused": "1",
    }
    (job,) = await jobs(sessions)
    assert ended.out.splitlines()[-2:] == [
        "line 3: key: Field required",
        f"to correct them: counterfoil rejects {job.id} --csv > rejects.csv",
    ]
    assert counts["jobs"] == job.id
    assert set(await live(sessions, "member")) == {"ada", "chen"}


async def test_without_redis_the_job_waits_in_postgresql(  # noqa: PLR0913, PLR0917 - fixtures
    settings: Settings, database: Database, redis: ArqRedis, sessions: Sessions, members: Path, tmp_path: Path
) -> None:
    """The person is told; a worker that comes with Redis does it, and the import ends."""
    given = environment(settings, REDIS_URL="redis://127.0.0.1:1/0")
    with started(given, tmp_path / "log", "import", str(members), *MEMBERS) as running:

        async def sent() -> bool:
            return bool(await jobs(sessions))

        await eventually(sent, "the job is there")
        async with working(settings, database, redis):
            assert await asyncio.to_thread(running.process.wait, 30) == 1
    assert running.log.read_text().startswith("the job waits in the database for Redis, which does not answer")
    assert set(await live(sessions, "member")) == {"ada", "chen"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--entity", "membr"), "unknown entity 'membr'; did you mean 'member'?"),
        ((*MEMBERS, "--map", "kee=key"), "unknown field 'kee'; did you mean 'key'?"),
        ((*MEMBERS, "--map", "key=kee", "--map", "name=name"), "unknown column 'kee'; did you mean 'key'?"),
        ((*MEMBERS, "--map", "key=key"), "every member needs 'name'; say --map name=COLUMN or --set name=VALUE"),
        ((*MEMBERS, "--distinct", "emial"), "unknown field 'emial'; did you mean 'email'?"),
        ((*MEMBERS, "--map", "key"), "--map 'key': expected field=column"),
        ((*MEMBERS, "--delimiter", ";;"), "--delimiter ';;': expected one character"),
        ((*MEMBERS, "--create-missing", "team"), "unknown reference with a natural key 'team'"),
        ((*MEMBERS, "--conflict-on", "name"), "member: conflict_on: name is not unique"),
        ((*MEMBERS, "--update", "--match-on", "name"), "member: match_on: 'name' does not name one row"),
        ((*MEMBERS, "--update", "--map", "name=name"), "every member needs 'key'; say --map key=COLUMN"),
        ((*MEMBERS, "--match-on", "key"), "--match-on 'key': goes with --update"),
        ((*MEMBERS, "--update", "--on-conflict", "skip"), "--on-conflict 'skip': means nothing with --update"),
        ((*MEMBERS, "--encoding", "utf-17"), "encoding 'utf-17': Python knows no such encoding"),
        ((*MEMBERS, "--actor", ""), "--actor '': String should have at least 1 character"),
    ],
)
async def test_a_mistake_in_the_options_is_one_line_and_nothing_is_sent(
    settings: Settings, sessions: Sessions, members: Path, options: Sequence[str], message: str
) -> None:
    """The nearest valid name is there, and the exit code is that of a wrong call."""
    ended = await command(settings, "import", str(members), *options)
    assert (ended.code, ended.out) == (2, "")
    assert ended.line.startswith(f"counterfoil: {message}")
    assert not await jobs(sessions)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "wrong header: the first line is empty; the first line names every column once"),
        (b"key,name,key\n", "wrong header: column 'key' stands there 2 times"),
        (b"a,b\n", "no column ('a', 'b') is named as a field of member"),
    ],
)
async def test_a_wrong_header_is_one_line(
    settings: Settings, sessions: Sessions, tmp_path: Path, content: bytes, message: str
) -> None:
    """Before anything is sent."""
    file = tmp_path / "members.csv"
    file.write_bytes(content)
    ended = await command(settings, "import", str(file), *MEMBERS)
    assert (ended.code, ended.out) == (2, "")
    assert ended.line.startswith(f"counterfoil: {message}")
    assert not await jobs(sessions)


async def test_a_file_that_cannot_be_read_is_one_line(settings: Settings, tmp_path: Path) -> None:
    """With what the operating system says of it."""
    missing = tmp_path / "members.csv"
    ended = await command(settings, "import", str(missing), *MEMBERS)
    assert (ended.code, ended.line) == (2, f"counterfoil: cannot read '{missing}': No such file or directory")


async def test_standard_input_is_read(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis
) -> None:
    """As `-`, where the format has to be said; columns that no field took are noted."""
    rows = '{"key": "ada", "name": "Ada", "shoe": 38}\n{"key": "chen", "name": "Chen"}\n'
    arguments = ("import", "-", *MEMBERS, "--format", "ndjson", "--json")
    async with working(settings, database, redis):
        ended = await asyncio.to_thread(run_command, environment(settings), *arguments, stdin=rows)
    summary = json.loads(ended.out)
    assert (ended.code, summary["inserted"]) == (0, 2)
    assert summary["notes"] == ["no field took the column 'shoe'"]
    assert set(await live(sessions, "member")) == {"ada", "chen"}
