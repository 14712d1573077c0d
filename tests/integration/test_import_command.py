"""`counterfoil import` as a person meets it: what it says, and the exit code with which it ends."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from arq.connections import ArqRedis

from persistence.transaction import Sessions
from tests.processes import command, environment, run_command
from tests.workers import running_worker
from tests.worlds import live
from worker.composition import Database
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
    async with running_worker(settings, database, redis):
        ended = await asyncio.to_thread(run_command, environment(settings), "import", str(members), *MEMBERS)
    assert (ended.code, ended.err) == (1, "")
    cells = [line.strip("│ ").split("│") for line in ended.out.splitlines() if line.startswith("│")]
    counts = {label.strip(): value.strip() for label, value in cells}
    assert {name: counts[name] for name in ("rows read", "inserted", "refused", "jobs")} == {
        "rows read": "3",
        "inserted": "2",
        "refused": "1",
        "jobs": "1",
    }
    assert ended.out.splitlines()[-1] == "line 3: key: Field required"
    assert set(await live(sessions, "member")) == {"ada", "chen"}


async def test_a_dry_run_needs_no_server_and_sends_nothing(settings: Settings, members: Path) -> None:
    """It refuses what the schema refuses, and says that the database was not asked."""
    nowhere = "redis://127.0.0.1:1/0"
    ended = await command(settings, "import", str(members), *MEMBERS, "--dry-run", REDIS_URL=nowhere)
    assert (ended.code, ended.err) == (1, "")
    assert ended.out.splitlines()[-2:] == [
        "line 3: key: Field required",
        "dry run: nothing was sent, and the rules of the database were not checked",
    ]
    assert "fit, not sent" in ended.out
    ended = await command(settings, "import", str(members), *MEMBERS, REDIS_URL=nowhere)
    assert (ended.code, ended.out) == (2, "")
    assert ended.line.startswith("counterfoil: Redis at redis://127.0.0.1:1/0 does not answer")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--entity", "membr"), "unknown entity 'membr'; did you mean 'member'?"),
        ((*MEMBERS, "--map", "kee=key"), "unknown field 'kee'; did you mean 'key'?"),
        ((*MEMBERS, "--map", "key=kee", "--map", "name=name"), "unknown column 'kee'; did you mean 'key'?"),
        ((*MEMBERS, "--map", "key=key"), "every member needs 'name'; say --map name=COLUMN or --set name=VALUE"),
        ((*MEMBERS, "--distinct", "emial"), "unknown mapped field 'emial'; did you mean 'email'?"),
        ((*MEMBERS, "--encoding", "utf-17"), "--encoding 'utf-17': no encoding that Python knows"),
        ((*MEMBERS, "--actor", ""), "bulk_insert: actor: String should have at least 1 character"),
    ],
)
async def test_a_mistake_in_the_options_is_one_line_and_nothing_is_sent(
    settings: Settings, redis: ArqRedis, members: Path, options: Sequence[str], message: str
) -> None:
    """The nearest valid name is there, and the exit code is that of a wrong call."""
    ended = await command(settings, "import", str(members), *options)
    assert (ended.code, ended.out) == (2, "")
    assert ended.line.startswith(f"counterfoil: {message}")
    assert not await redis.exists(settings.queue)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "wrong header: the first line is empty; the first line names every column once"),
        (b"key,name,key\n", "wrong header: column 'key' stands there 2 times"),
        (b"a,b\n", "no column ('a', 'b') is named as a field of member"),
    ],
)
async def test_a_wrong_header_is_one_line(settings: Settings, tmp_path: Path, content: bytes, message: str) -> None:
    """Before anything is sent."""
    file = tmp_path / "members.csv"
    file.write_bytes(content)
    ended = await command(settings, "import", str(file), *MEMBERS)
    assert (ended.code, ended.out) == (2, "")
    assert ended.line.startswith(f"counterfoil: {message}")


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
    async with running_worker(settings, database, redis):
        ended = await asyncio.to_thread(run_command, environment(settings), *arguments, stdin=rows)
    summary = json.loads(ended.out)
    assert (ended.code, summary["inserted"]) == (0, 2)
    assert summary["notes"] == ["no field took the column 'shoe'"]
    assert set(await live(sessions, "member")) == {"ada", "chen"}
