"""`counterfoil migrate` and `counterfoil revision`: up, down, up, and what a person wants to know in between."""

from pathlib import Path

import pytest

from persistence.database import open_database
from persistence.revisions import current, heads
from tests.processes import command, environment, run_command
from worker.settings import Settings


async def revisions(settings: Settings) -> set[str]:
    """Return the revisions at which the database is."""
    async with open_database(settings) as database:
        return await current(database.engine)


async def test_up_down_and_up_again(settings: Settings) -> None:
    """The database follows, and each command says from where to where."""
    (newest,) = heads(settings)
    for arguments, told, expected in (
        (["downgrade"], f"{newest} -> 0002", {"0002"}),
        (["downgrade"], "0002 -> 0001", {"0001"}),
        (["downgrade"], "0001 -> not migrated", set()),
        (["upgrade"], f"not migrated -> {newest}", {newest}),
        ([], f"{newest} -> {newest}", {newest}),
        (["downgrade", "base"], f"{newest} -> not migrated", set()),
    ):
        ended = await command(settings, "migrate", *arguments)
        assert (ended.code, ended.out, ended.err) == (0, f"{told}\n", "")
        assert await revisions(settings) == expected


def test_status_and_check_tell_where_the_database_is(settings: Settings) -> None:
    """Status names the revision; check is silent about agreement, and names what differs."""
    given = environment(settings)
    status = run_command(given, "migrate", "status")
    assert (status.code, heads(settings) <= set(status.out.split())) == (0, True)
    agreed = run_command(given, "migrate", "check")
    assert (agreed.code, agreed.err) == (0, "")


async def test_check_names_what_differs_from_the_entities(settings: Settings) -> None:
    """A column that nobody migrated: exit code 1, and the command that writes the migration."""
    async with open_database(settings) as database, database.engine.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE task DROP COLUMN description")
    ended = await command(settings, "migrate", "check")
    assert ended.code == 1
    assert "description" in ended.err
    assert ended.err.splitlines()[-1].endswith("write a migration with `counterfoil revision`")


def test_sql_is_printed_and_not_run(settings: Settings) -> None:
    """For those who may not run migrations themselves: no server is asked, the lock timeout is part of it."""
    nobody = environment(settings, DATABASE_URL="postgresql://me:topsecret@127.0.0.1:1/app")
    ended = run_command(nobody, "migrate", "--sql")
    assert (ended.code, "topsecret" in ended.out + ended.err) == (0, False)
    for sentence in ("SET LOCAL lock_timeout = '5s'", "CREATE TABLE task", "CREATE TABLE audit_log", "COMMIT;"):
        assert sentence in ended.out


WHERE = "`counterfoil migrate status` says where the database is"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["migrate", "upgrade", "9999"], f"Can't locate revision identified by '9999'; {WHERE}"),
        (["revision", "add cities"], "COUNTERFOIL_VERSIONS is not set; name the folder where your migrations are kept"),
    ],
)
async def test_what_cannot_be_migrated_is_one_line(settings: Settings, arguments: list[str], line: str) -> None:
    """A revision that is not there, and a migration of one's own without a folder for it: exit code 2."""
    ended = await command(settings, *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert ended.line == f"counterfoil: {line}"


async def test_a_database_that_does_not_answer_is_one_line(settings: Settings, tmp_path: Path) -> None:
    """Neither command shows a traceback."""
    nobody = {"DATABASE_URL": "postgresql://me:topsecret@127.0.0.1:1/app", "COUNTERFOIL_VERSIONS": str(tmp_path / "v")}
    for arguments in (["migrate"], ["revision", "add cities"]):
        ended = await command(settings, *arguments, **nobody)
        assert (ended.code, ended.out) == (2, "")
        assert "PostgreSQL at postgresql://me:***@127.0.0.1:1/app does not answer" in ended.line
    assert not (tmp_path / "v").exists()
